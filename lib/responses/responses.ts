import type { Owner } from "@/lib/auth/api-caller";
import { type Controller, controller } from "@/lib/controller/controller";
import { type Database, database } from "@/lib/db/client";
import { AppError, toAppError } from "@/lib/errors";
import {
  ANSWER_FLUSH_INTERVAL_MS,
  RESPONSES_BACKGROUND_MAX,
  RESPONSES_BACKGROUND_OWNER_MAX,
  RESPONSES_BACKGROUND_RETRY_AFTER_SECONDS,
} from "@/lib/limits";
import type { ResponseEvent } from "@/lib/openai/responses/event";
import type { Item } from "@/lib/openai/responses/item";
import { isResponseId } from "@/lib/openai/responses/item";
import type { ResponseObject } from "@/lib/openai/responses/response-object";
import { processSingleton } from "@/lib/util/process-singleton";
import { wait } from "@/lib/util/wait";
import type { BackgroundRun } from "./background-run";
import { replay } from "./event-log";
import { OpenResponses } from "./open-responses";
import {
  deleteResponse,
  findChain,
  findResponse,
  markCancelled,
  type StoredResponse,
} from "./store";
import { sweepResponses } from "./sweep";
import { outputOf, viewResponse } from "./view-response";

/** The stored responses, and those that this process is making. */
export class Responses {
  readonly db: Database;
  readonly controller: Controller;
  readonly open: OpenResponses;
  readonly #runs = new Map<string, BackgroundRun>();
  readonly #places = new Set<{ owner: Owner }>();

  constructor(options: { db: Database; controller: Controller }) {
    this.db = options.db;
    this.controller = options.controller;
    this.open = new OpenResponses(options.db);
  }

  /** @throws AppError `not-found`: it is not there, or another's. */
  async find(owner: Owner, id: string): Promise<StoredResponse> {
    const stored = isResponseId(id) ? await findResponse(this.db, owner, id) : undefined;
    if (stored) return stored;
    throw notFound(id);
  }

  async view(owner: Owner, id: string): Promise<ResponseObject> {
    return viewResponse(await this.find(owner, id));
  }

  /**
   * The events of a background response, those to come included, wherever it is made.
   *
   * @param startingAfter the number of the last event that the reader has; absent for all of them
   * @throws AppError `not-found`, or `invalid-request` for one that was not made in the background
   */
  async follow(
    owner: Owner,
    id: string,
    { signal, startingAfter = -1 }: { signal: AbortSignal; startingAfter?: number | undefined },
  ): Promise<AsyncIterable<ResponseEvent>> {
    const stored = await this.find(owner, id);
    if (!stored.isBackground) {
      throw new AppError("invalid-request", {
        message:
          "Only responses made with `background: true` can be streamed again. Get it without `stream`.",
        param: "stream",
      });
    }
    const events = this.#runs.get(id)?.read(signal) ?? this.#watch(owner, stored, signal);
    return after(events, startingAfter);
  }

  /** One that another process makes is read from its row, as often as that is written. */
  async *#watch(
    owner: Owner,
    first: StoredResponse,
    signal: AbortSignal,
  ): AsyncGenerator<ResponseEvent, undefined> {
    let next = 0;
    let stored: StoredResponse | undefined = first;
    // One that is deleted in the meantime just ends.
    while (stored !== undefined) {
      const { events, isEnded } = replay(stored);
      for (const event of events.slice(next)) yield event;
      next = events.length;
      if (isEnded) return undefined;
      try {
        await wait(ANSWER_FLUSH_INTERVAL_MS, signal);
        stored = await findResponse(this.db, owner, stored.id);
      } catch (error) {
        const { message } = toAppError(error);
        yield {
          ...{ type: "error", code: "server_error", message, param: null },
          sequence_number: next,
        };
        return undefined;
      }
    }
    return undefined;
  }

  /**
   * Ends a background response; one that has ended stays as it is.
   *
   * @throws AppError `not-found`, or `invalid-request` for one that was not made in the background
   */
  async cancel(owner: Owner, id: string): Promise<ResponseObject> {
    const stored = await this.find(owner, id);
    if (!stored.isBackground) {
      throw new AppError("invalid-request", {
        message:
          "Only responses made with `background: true` can be cancelled. Close the connection of any other.",
        param: "response_id",
      });
    }
    const run = this.#runs.get(id);
    if (run) {
      run.cancel();
      await run.ended;
    } else await markCancelled(this.db, owner, id);
    return this.view(owner, id);
  }

  /** Deletes it, and ends it if it is being made in the background. @throws AppError `not-found` */
  async delete(owner: Owner, id: string): Promise<void> {
    if (!isResponseId(id) || !(await deleteResponse(this.db, owner, id))) throw notFound(id);
    this.#runs.get(id)?.cancel();
  }

  /** All that a response was made from: the conversation before it and the items of its own request. */
  async readInput(owner: Owner, id: string): Promise<Item[]> {
    const { input, previousId } = await this.find(owner, id);
    if (previousId === null) return input;
    // Of a conversation with a gap what is left is told.
    const { chain } = await findChain(this.db, owner, previousId);
    return [...chain.flatMap((it) => [...it.input, ...outputOf(it)]), ...input];
  }

  /**
   * Takes a place for a response in the background, until the returned function is called.
   *
   * @throws AppError `rate-limited` or `overloaded`: too many are being made.
   */
  takePlace(owner: Owner): () => void {
    const own = [...this.#places].filter((it) => it.owner === owner).length;
    if (own >= RESPONSES_BACKGROUND_OWNER_MAX) {
      throw new AppError("rate-limited", {
        message: `${own} background responses of yours are under way, and ${RESPONSES_BACKGROUND_OWNER_MAX} are allowed. Wait for one to end, or cancel one.`,
        param: "background",
        retryAfterSeconds: RESPONSES_BACKGROUND_RETRY_AFTER_SECONDS,
      });
    }
    if (this.#places.size >= RESPONSES_BACKGROUND_MAX) {
      throw new AppError("overloaded", {
        message: `${this.#places.size} background responses are under way on this server. Try again in a moment, or without \`background\`.`,
        retryAfterSeconds: RESPONSES_BACKGROUND_RETRY_AFTER_SECONDS,
      });
    }
    const place = { owner };
    this.#places.add(place);
    return () => this.#places.delete(place);
  }

  /** Knows a run until it has ended. */
  keep(run: BackgroundRun): void {
    this.#runs.set(run.id, run);
    void run.ended.finally(() => this.#runs.delete(run.id));
  }

  /** Ends what is being made in the background, with the reason, because this process ends. */
  async stop(): Promise<void> {
    const runs = [...this.#runs.values()];
    for (const run of runs) run.stop();
    await Promise.all(runs.map((run) => run.ended));
  }

  /** Ends responses whose process died and deletes old ones, until the returned function is called. */
  startSweeper(): () => void {
    const stopping = new AbortController();
    void sweepResponses(this.db, stopping.signal);
    return () => stopping.abort();
  }
}

function notFound(id: string): AppError {
  return new AppError("not-found", {
    message: `There is no response ${JSON.stringify(id.slice(0, 80))}. Responses made with \`store: false\`, by another key, deleted or older than 30 days are not there.`,
    param: "response_id",
  });
}

async function* after(
  events: AsyncIterable<ResponseEvent>,
  number: number,
): AsyncGenerator<ResponseEvent, undefined> {
  for await (const event of events) if (event.sequence_number > number) yield event;
  return undefined;
}

/** The responses of this process. */
export function responses(): Responses {
  return processSingleton(
    "responses",
    () => new Responses({ db: database(), controller: controller() }),
  );
}
