import {
  READER_SIGN_INTERVAL_MS,
  REPLACEMENTS_A_SIDE_MAX,
  UNREAD_TURN_MS_MAX,
} from "@/lib/arena-limits";
import type { ErrorCode } from "@/lib/errors";
import type { PaceRules } from "@/lib/protocol/arena-settings";
import type { AnswerWaiting, ConversationEvent } from "@/lib/protocol/conversation-view";
import { log } from "@/lib/telemetry/log";
import { assert } from "@/lib/util/assert";
import { AsyncQueue } from "@/lib/util/async-queue";
import type { Arena } from "./arena";
import { LiveAnswer, type StopCause } from "./live-answer";
import type { PlannedTurn } from "./plan-turn";
import { PacedRelease, type Release, releaseAtOnce } from "./release";
import { replaceModel } from "./replace-model";
import { runAnswer } from "./run-answer";
import { type AnswerEnd, readTouchedAt } from "./store";
import type { Sight } from "./views";

/** A turn that was written down and is now to be run. */
export type Turn = PlannedTurn & {
  conversationId: string;
  visitorId: string;
  network: string | undefined;
  requestId: string;
  pace: PaceRules;
};

/**
 * A turn while its answers are written. It runs by itself, whoever reads it: readers come, hear what was
 * said so far, and leave; `stop` ends it, and so does a long while without any. The end of each answer is
 * in the database before its `answer-end` is told.
 */
export class TurnRun {
  readonly conversationId: string;
  /** When all that will ever be told is told, and written; it never rejects. */
  readonly ended: Promise<void>;
  readonly #arena: Arena;
  readonly #turn: Turn;
  readonly #answers: LiveAnswer[];
  readonly #release: Release;
  readonly #readers = new Set<AsyncQueue<ConversationEvent>>();
  readonly #left = new Set<LiveAnswer>();
  #sight: Sight;
  #hasEnded = false;
  #unread: NodeJS.Timeout | undefined;
  #settle: () => void = () => {};

  constructor(arena: Arena, turn: Turn) {
    this.#arena = arena;
    this.#turn = turn;
    this.conversationId = turn.conversationId;
    this.#sight = turn.sight;
    this.#answers = turn.answers.map((planned) => new LiveAnswer(planned, turn.sight));
    for (const answer of this.#answers) this.#left.add(answer);
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#release = this.#createRelease();
    for (const answer of this.#answers) void this.#write(answer);
    this.#watchReaders();
  }

  /** From what was said so far to the end of the turn. Who stops reading stops nothing. */
  read(): AsyncIterable<ConversationEvent> {
    const queue = new AsyncQueue<ConversationEvent>();
    const { conversationId } = this;
    const { kind, prompt } = this.#turn;
    const { isNew: _, ...asked } = prompt;
    const answers = this.#answers.map((answer) => answer.view(this.#sight));
    const start = { conversationId, kind, prompt: { ...asked, role: "user" as const }, answers };
    queue.push({ type: "turn-start", ...start });
    if (this.#hasEnded) {
      queue.push({ type: "turn-end" });
      queue.end();
    } else this.#readers.add(queue);
    this.#watchReaders();
    const events = queue[Symbol.asyncIterator]();
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => events.next(),
        return: async () => {
          this.#readers.delete(queue);
          queue.discard();
          this.#watchReaders();
          return { done: true, value: undefined };
        },
      }),
    };
  }

  /** Ends one answer, or all that are not at their end; each keeps what its readers were told. */
  stop(cause: StopCause, answerId?: string): void {
    for (const answer of [...this.#left]) {
      if (answerId !== undefined && answer.id !== answerId) continue;
      if (!answer.stop(cause)) continue;
      this.#release.cut(answer);
    }
  }

  /** The names may be told from now on. */
  open(): void {
    this.#sight = "open";
  }

  #createRelease(): Release {
    const readers = {
      tell: (answer: LiveAnswer, text: string) => this.#tell(answer, answer.tell(text)),
      finish: (answers: readonly LiveAnswer[]) => void this.#finish(answers),
    };
    const { sight, pace } = this.#turn;
    if (sight === "open" || !pace.isFair) return releaseAtOnce(readers);
    const { charactersPerSecondMin } = pace;
    return new PacedRelease(this.#answers, { ...readers, charactersPerSecondMin });
  }

  async #write(answer: LiveAnswer): Promise<void> {
    this.#arena.openAnswers.add({
      id: answer.id,
      progress: () => ({ content: answer.content, reasoning: answer.reasoning }),
      stopRequested: () => this.stop("visitor", answer.id),
      drop: () => this.stop("gone", answer.id),
    });
    let end = await this.#generate(answer);
    const failed: string[] = [];
    while (end.status === "failed" && this.#mayReplace(answer, failed)) {
      failed.push(answer.modelName);
      const reserve = await this.#findReserve(answer, end.errorCode, failed);
      if (reserve === undefined) break;
      answer.modelName = reserve;
      end = await this.#generate(answer);
    }
    answer.end = end;
    answer.generated();
    if (answer.stopCause === undefined) this.#release.end(answer);
  }

  #generate(answer: LiveAnswer): Promise<AnswerEnd> {
    const { visitorId, conversationId, requestId, settings, system, pace } = this.#turn;
    const { side, history } = answer.planned;
    // Its reader cannot tell whom they wait for, and another model could take its place.
    const beginMsMax = this.#sight === "blind" ? pace.firstTokenSecondsMax * 1_000 : undefined;
    return runAnswer(this.#arena, {
      ...{ visitorId, conversationId, settings, system, history },
      requestId: side === null ? requestId : `${requestId}-${side}`,
      modelName: answer.modelName,
      signal: answer.signal,
      beginMsMax,
      onText: (text) => {
        if (answer.stopCause !== undefined || text === "") return;
        answer.hasBegun = true;
        answer.writtenCharacters += text.length;
        this.#release.add(answer, text);
      },
      onReasoning: (text) => this.#think(answer, text),
      onWaiting: ({ type: _, ...waiting }) => this.#wait(answer, waiting),
    });
  }

  /** Only of a battle's first turn: later ones are between models that were voted on, or will be. */
  #mayReplace(answer: LiveAnswer, failed: readonly string[]): boolean {
    const { kind, prompt } = this.#turn;
    const isFirst = kind === "battle" && prompt.isNew && prompt.parentId === null;
    return (
      isFirst &&
      this.#sight === "blind" &&
      !answer.hasBegun &&
      answer.stopCause === undefined &&
      failed.length < REPLACEMENTS_A_SIDE_MAX
    );
  }

  async #findReserve(
    answer: LiveAnswer,
    errorCode: ErrorCode,
    failed: readonly string[],
  ): Promise<string | undefined> {
    const { conversationId, visitorId, network, requestId } = this.#turn;
    const { side, history } = answer.planned;
    const { id: answerId, modelName, signal } = answer;
    assert(side !== null, "a battle has sides");
    const others = this.#answers.flatMap((it) => [...it.failed]);
    answer.failed = failed;
    try {
      const reserve = await replaceModel(
        this.#arena,
        {
          ...{ conversationId, visitorId, network, answerId, side },
          ...{ modelName, errorCode, history, signal },
        },
        [...new Set([...others, ...failed])],
      );
      log.info({ requestId, code: errorCode, isReplaced: !!reserve }, "side of a battle failed");
      return reserve?.name;
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error, requestId }, "no reserve model drawn");
      return undefined;
    }
  }

  #tell(answer: LiveAnswer, texts: readonly string[]): void {
    for (const text of texts) this.#push({ type: "text-delta", answerId: answer.id, text });
  }

  #think(answer: LiveAnswer, text: string): void {
    if (answer.stopCause !== undefined || text === "") return;
    answer.hasBegun = true;
    answer.reasoning += text;
    if (this.#sight === "blind") return;
    this.#push({ type: "reasoning-delta", answerId: answer.id, text });
  }

  /** Which of two hidden models is loaded first would tell them apart. */
  #wait(answer: LiveAnswer, waiting: AnswerWaiting): void {
    if (this.#sight === "blind" || answer.stopCause !== undefined) return;
    this.#push({ type: "answer-waiting", answerId: answer.id, waiting });
  }

  /** Ends that belong to one moment are told in one, however long each took to be written. */
  async #finish(answers: readonly LiveAnswer[]): Promise<void> {
    for (const answer of answers) answer.isEnding = true;
    try {
      const rows = await Promise.all(
        answers.map(async (answer) => {
          await answer.whenGenerated;
          this.#tell(answer, answer.tellRest());
          return this.#arena.openAnswers.end(answer.id, answer.toEnd());
        }),
      );
      for (const [index, answer] of answers.entries()) {
        const row = rows[index];
        if (row === undefined) continue;
        answer.ended(row);
        this.#push({ type: "answer-end", answer: answer.view(this.#sight) });
      }
    } catch (error) {
      const { requestId } = this.#turn;
      log.error({ err: error, requestId }, "end of an answer not written; the sweep ends it");
    }
    for (const answer of answers) this.#left.delete(answer);
    if (this.#left.size === 0) this.#end();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#release.close();
    clearTimeout(this.#unread);
    this.#push({ type: "turn-end" });
    for (const queue of this.#readers) queue.end();
    this.#readers.clear();
    this.#settle();
  }

  #push(event: ConversationEvent): void {
    for (const queue of this.#readers) queue.push(event);
  }

  #watchReaders(): void {
    clearTimeout(this.#unread);
    if (this.#readers.size > 0 || this.#hasEnded) return;
    this.#unread = setTimeout(() => void this.#stopUnread(), UNREAD_TURN_MS_MAX);
    this.#unread.unref();
  }

  /** Unless somebody reads it by way of another process, which writes that it does. */
  async #stopUnread(): Promise<void> {
    const touchedAt = await readTouchedAt(this.#arena.db, this.conversationId).catch(
      () => undefined,
    );
    if (this.#readers.size > 0 || this.#hasEnded) return;
    const isRead =
      touchedAt !== undefined && Date.now() - touchedAt.getTime() < 3 * READER_SIGN_INTERVAL_MS;
    if (isRead) this.#watchReaders();
    else this.stop("unread");
  }
}
