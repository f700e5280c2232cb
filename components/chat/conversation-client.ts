import { PAGE_REJOIN_MS_MAX, PAGE_REJOIN_MS_MIN } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type {
  AnswerAgainBody,
  ConversationEvent,
  ConversationKind,
  ConversationSettings,
  ConversationView,
  StartBody,
  TurnAnswer,
  TurnBody,
} from "@/lib/protocol/conversation-view";
import { loadConversationViews } from "../load-conversation-views";
import { RequestError, requestChecked, send, toRequestError } from "../request-json";
import { FrameQueue } from "./frame-queue";
import { pause } from "./pause";
import { readEvents } from "./read-events";
import { Thread, type Turn } from "./thread";

/** What is known of a conversation beside its messages. */
export type Standing = Omit<ConversationView, "messages" | "createdAt">;

/** idle → asking (no byte yet) → streaming, through any number of broken connections → idle. */
export type ConversationPhase = "idle" | "asking" | "streaming";

/** A request for answers, as it is sent; `prompt` is what the reader wrote for it. */
export type Ask = { path: string; body: StartBody | TurnBody | AnswerAgainBody; prompt?: string };

export type ConversationState = {
  standing: Standing | null;
  /** The path that is shown; turns that did not change are the same objects as before. */
  turns: readonly Turn[];
  phase: ConversationPhase;
  /** False while a running turn is cut off; it is joined again by itself. */
  isReachable: boolean;
  /** A stored conversation is being read for the first time. */
  isLoading: boolean;
  /** Older messages of a long conversation are on their way. */
  isReadingEarlier: boolean;
  /** Why the conversation cannot be shown at all. */
  problem: string | null;
  /** A prompt that was sent and is not part of the conversation yet. */
  pending: string | null;
  /** The last request for answers failed before anything was written. */
  failure: { error: RequestError; ask: Ask } | null;
  /** Answers whose stop was asked for. */
  stopping: readonly string[];
  /** Why a stop was not heard. */
  stopProblem: string | null;
};

export type ConversationClientOptions = {
  kind: ConversationKind;
  /** The page will open a stored one first, so that its place is held from the first paint. */
  isStored: boolean;
  /** A conversation has come into being, or was opened. */
  onOpened: (id: string) => void;
  /** Answers that this page saw being written have ended; together, where they ended together. */
  onEnded: (answers: readonly TurnAnswer[]) => void;
};

const EMPTY: ConversationState = {
  ...{ standing: null, turns: [], phase: "idle", isReachable: true, isLoading: false },
  isReadingEarlier: false,
  ...{ problem: null, pending: null, failure: null, stopping: [], stopProblem: null },
};

const readView = (id: string, signal: AbortSignal, before?: string) =>
  requestChecked(
    paths.api.conversation(id, before),
    loadConversationViews().then((views) => views.conversationViewSchema),
    { signal },
  );

/**
 * One conversation in the browser: asks, reads the answers as they are written, joins a running turn
 * again after a refresh or a broken connection, stops, and holds what the page shows. A turn runs on the
 * server whether or not anybody reads it, so nothing here ends one but `stop`.
 */
export class ConversationClient {
  readonly #options: ConversationClientOptions;
  readonly #listeners = new Set<() => void>();
  #state: ConversationState;
  #thread: Thread;
  /** Ends what is read for the conversation that is shown now. */
  #shown = new AbortController();
  #isStopWanted = false;
  #held: TurnAnswer[] = [];
  /** Of the conversation that is shown; undefined before it has one. */
  #id: string | undefined;

  constructor(options: ConversationClientOptions) {
    this.#options = options;
    this.#state = { ...EMPTY, isLoading: options.isStored };
    this.#thread = new Thread(options.kind);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): ConversationState => this.#state;

  /** Shows a stored conversation and, where a turn of it runs, goes on with it. */
  async open(id: string): Promise<void> {
    const signal = this.#begin({ isLoading: true });
    this.#id = id;
    try {
      this.show(await readView(id, signal));
      this.#set({ isLoading: false });
      this.#options.onOpened(id);
    } catch (error) {
      if (signal.aborted) return;
      return this.#set({ isLoading: false, problem: toRequestError(error).message });
    }
    if (this.#thread.isStreaming) await this.#join(id, signal, 0);
  }

  /** Leaves the conversation, which runs on, and stands at the beginning of a new one. */
  readonly clear = (): void => {
    this.#begin({});
  };

  /** Stops reading, for a page that goes away. */
  readonly dispose = (): void => this.#shown.abort();

  readonly start = (body: StartBody): Promise<void> => {
    this.#begin({});
    return this.#ask({ path: paths.api.conversations, body, prompt: body.prompt });
  };

  /**
   * The next prompt. Without `parentId` it follows the turn that is shown last; with the parent of an
   * earlier prompt it becomes a branch beside that one.
   */
  readonly ask = (body: TurnBody): Promise<void> => {
    const id = this.#state.standing?.id;
    if (id === undefined) return Promise.resolve();
    const follows = body.parentId === undefined ? this.#end() : {};
    return this.#ask({
      path: paths.api.conversationTurns(id),
      body: { ...body, ...follows },
      prompt: body.prompt,
    });
  };

  /** New answers to a prompt; with `answerId` that failed side alone. */
  readonly answerAgain = (body: AnswerAgainBody): Promise<void> => {
    const id = this.#state.standing?.id;
    if (id === undefined) return Promise.resolve();
    return this.#ask({ path: paths.api.conversationAnswers(id), body });
  };

  /** Sends the request that failed once more, unless it had reached the server though no reply came. */
  readonly retry = async (): Promise<void> => {
    const { failure, standing, phase } = this.#state;
    if (!failure || phase !== "idle") return;
    const size = this.#thread.size;
    this.#set({ failure: null, phase: "asking", pending: failure.ask.prompt ?? null });
    if (standing && failure.error.code === "unreachable") await this.refresh();
    if (this.#state.phase !== "asking") return;
    this.#set({ phase: "idle", pending: null });
    if (this.#thread.size === size) await this.#ask(failure.ask);
  };

  /** Stops one answer, or all that are being written. Their ends come as events, as any others do. */
  readonly stop = async (answerId?: string): Promise<void> => {
    const { phase, standing, turns } = this.#state;
    if (phase === "idle") return;
    if (phase === "asking" || !standing) {
      // Nothing has a name yet that could be stopped: as soon as it has, it is.
      this.#isStopWanted = true;
      return;
    }
    const running = turns
      .flatMap((turn) => turn.attempt?.answers ?? [])
      .filter((it) => it.status === "streaming" && (answerId ?? it.id) === it.id);
    this.#set({ stopping: running.map((it) => it.id), stopProblem: null });
    try {
      await send(paths.api.conversationStop(standing.id), {
        body: answerId === undefined ? {} : { answerId },
        signal: this.#shown.signal,
      });
    } catch (error) {
      if (this.#shown.signal.aborted) return;
      this.#set({ stopping: [], stopProblem: toRequestError(error).message });
    }
  };

  /** What the server holds now; a turn that runs is joined. A server that is away changes nothing. */
  readonly refresh = async (): Promise<void> => {
    const id = this.#id;
    const { signal } = this.#shown;
    if (id === undefined) return;
    const view = await readView(id, signal).catch(() => null);
    if (view === null || signal.aborted) return;
    this.show(view);
    const isRead = this.#state.phase === "streaming";
    if (this.#thread.isStreaming && !isRead) await this.#join(id, signal, 0);
  };

  /** Takes what the server replied, to a vote say, for what stands. */
  readonly show = (view: ConversationView): void => {
    const { messages, earlier, createdAt: _, ...standing } = view;
    // A reply may come after the reader has gone on to another conversation.
    if (this.#id !== standing.id) return;
    const isGap = earlier !== undefined && !this.#thread.has(earlier);
    if (earlier === undefined) this.#thread.replace(messages);
    else this.#thread.merge(messages);
    this.#set({ standing, turns: this.#thread.turns() });
    this.#tellEnded();
    if (isGap) void this.#readEarlier(standing.id, earlier, this.#shown.signal);
  };

  /** The rest of a long conversation, a part at a time, the newest first; the reader need not wait for it. */
  async #readEarlier(id: string, from: string, signal: AbortSignal): Promise<void> {
    this.#set({ isReadingEarlier: true });
    for (let before: string | undefined = from, missed = 0; before !== undefined; ) {
      try {
        const { messages, earlier }: ConversationView = await readView(id, signal, before);
        if (signal.aborted) return;
        const isKnown = earlier !== undefined && this.#thread.has(earlier);
        this.#thread.prepend(messages);
        this.#set({ turns: this.#thread.turns() });
        before = isKnown ? undefined : earlier;
        missed = 0;
      } catch (error) {
        if (signal.aborted || toRequestError(error).code === "not-found") return;
        missed++;
        const wait = Math.min(PAGE_REJOIN_MS_MAX, PAGE_REJOIN_MS_MIN * 2 ** (missed - 1));
        await pause(wait, signal);
      }
    }
    this.#set({ isReadingEarlier: false });
  }

  readonly patchStanding = (change: Partial<Standing>): void => {
    const { standing } = this.#state;
    if (standing) this.#set({ standing: { ...standing, ...change } });
  };

  readonly patchAnswer = (answerId: string, change: (it: TurnAnswer) => TurnAnswer): void => {
    this.#thread.patch(answerId, change);
    this.#set({ turns: this.#thread.turns() });
  };

  readonly showPrompt = (promptId: string): void => {
    this.#thread.showPrompt(promptId);
    this.#set({ turns: this.#thread.turns() });
  };

  readonly showAttempt = (promptId: string, number: number): void => {
    this.#thread.showAttempt(promptId, number);
    this.#set({ turns: this.#thread.turns() });
  };

  /** Shows the path that leads to this message; false where it is not here. */
  readonly showPath = (messageId: string): boolean => {
    const isHere = this.#thread.showPath(messageId);
    if (isHere) this.#set({ turns: this.#thread.turns() });
    return isHere;
  };

  #set(change: Partial<ConversationState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  /** A page without a conversation, in the place of the one that was shown. */
  #begin(change: Partial<ConversationState>): AbortSignal {
    this.#shown.abort();
    this.#shown = new AbortController();
    this.#thread = new Thread(this.#options.kind);
    this.#isStopWanted = false;
    this.#held = [];
    this.#id = undefined;
    this.#set({ ...EMPTY, ...change });
    return this.#shown.signal;
  }

  /** What the next prompt follows: in a chat the shown answer, in a comparison the shown prompt. */
  #end(): { parentId?: string } {
    const last = this.#state.turns.at(-1);
    if (!last || this.#options.kind === "battle") return {};
    if (this.#options.kind === "chat") {
      const answer = last.attempt?.answers[0];
      return answer ? { parentId: answer.id } : {};
    }
    // The models are told the newest answers, so these are the ones to look at from now on.
    this.#thread.showAttempt(last.prompt.id, undefined);
    return { parentId: last.prompt.id };
  }

  async #ask(ask: Ask): Promise<void> {
    if (this.#state.phase !== "idle") return;
    const { signal } = this.#shown;
    this.#isStopWanted = false;
    this.#set({ phase: "asking", pending: ask.prompt ?? null, failure: null, stopProblem: null });
    let id: string | undefined;
    try {
      const response = await send(ask.path, { body: ask.body, signal });
      await this.#follow(response, signal, (start) => {
        id = start;
        this.#begun(start, ask);
      });
      if (!signal.aborted) this.#set({ phase: "idle", stopping: [] });
    } catch (error) {
      if (signal.aborted) return;
      if (id !== undefined) return this.#join(id, signal, 0);
      const failure = { error: toRequestError(error), ask };
      this.#set({ phase: "idle", pending: null, failure });
      // Another tab has gone on with this conversation.
      if (failure.error.code === "conflict") await this.refresh();
    }
  }

  /** A turn has begun that this page asked for. */
  #begun(id: string, ask: Ask): void {
    const settings: ConversationSettings | undefined =
      "settings" in ask.body ? ask.body.settings : undefined;
    const { standing } = this.#state;
    this.#id = id;
    if (!standing) {
      const { kind } = this.#options;
      const started = { title: null, settings: settings ?? {}, votes: [], reveal: null };
      this.#set({ standing: { id, kind, ...started, models: toModels(ask.body) } });
      this.#options.onOpened(id);
    } else if (settings) this.#set({ standing: { ...standing, settings } });
    if (this.#isStopWanted) void this.stop();
  }

  /** Reads a stream of events to its end. */
  async #follow(
    response: Response,
    signal: AbortSignal,
    onStart: (id: string) => void,
  ): Promise<void> {
    if (!response.body) throw new RequestError("unreachable", "The server sent no answer.");
    const queue = new FrameQueue((events) => signal.aborted || this.#apply(events));
    try {
      for await (const event of readEvents(response.body)) {
        if (signal.aborted) return;
        queue.push(event);
        if (event.type === "turn-start") onStart(event.conversationId);
      }
    } finally {
      queue.flush();
    }
  }

  #apply(events: readonly ConversationEvent[]): void {
    for (const event of events) this.#thread.apply(event);
    const hasBegun = events.some((it) => it.type === "turn-start");
    this.#set({
      turns: this.#thread.turns(),
      isReachable: true,
      ...(hasBegun && { phase: "streaming" as const, pending: null }),
    });
    this.#tellEnded();
  }

  /** Of a blind pair nothing is told before both have ended: the order would tell which one is fast. */
  #tellEnded(): void {
    this.#held.push(...this.#thread.takeEnded());
    const { standing } = this.#state;
    const isBlind = this.#options.kind === "battle" && !standing?.reveal;
    if (this.#held.length === 0 || (isBlind && this.#thread.isStreaming)) return;
    const ended = this.#held;
    this.#held = [];
    this.#options.onEnded(ended);
  }

  /**
   * Follows a running turn until it has ended, however often the connection breaks: what the server holds
   * is read, then its stream is joined. The waits grow while the server is away.
   */
  async #join(id: string, signal: AbortSignal, misses: number): Promise<void> {
    this.#set({ phase: "streaming", pending: null });
    for (let missed = misses; !signal.aborted; ) {
      try {
        const response = await send(paths.api.conversationStream(id), { signal });
        if (response.status !== 204) await this.#follow(response, signal, () => undefined);
        const view = await readView(id, signal);
        this.#set({ isReachable: true });
        this.show(view);
        if (!this.#thread.isStreaming) {
          return this.#set({ phase: "idle", stopping: [] });
        }
        missed = 1;
      } catch (error) {
        if (signal.aborted) return;
        const { code, message } = toRequestError(error);
        if (code === "not-found") return this.#set({ phase: "idle", problem: message });
        this.#set({ isReachable: false });
        missed++;
      }
      await pause(Math.min(PAGE_REJOIN_MS_MAX, PAGE_REJOIN_MS_MIN * 2 ** (missed - 1)), signal);
    }
  }
}

function toModels(body: Ask["body"]): Standing["models"] {
  if ("models" in body) return body.models;
  return "model" in body ? { model: body.model } : null;
}
