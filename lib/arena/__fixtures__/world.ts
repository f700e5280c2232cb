import { readCatalog } from "@/lib/catalog/catalog";
import { visitors } from "@/lib/db/schema/conversations";
import { createTestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import { WAITING_MAX } from "@/lib/limits";
import type { ConversationEvent, StartBody, TurnAnswer } from "@/lib/protocol/conversation-view";
import { arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { changeRules, readRules } from "@/lib/rules/rules";
import { log } from "@/lib/telemetry/log";
import { createId } from "@/lib/util/id";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, TEST_SECRET } from "@/worker/server-testing";
import { Controller } from "../../controller/controller";
import { Arena } from "../arena";
import { startConversation } from "../take-turn";

/** A database, a controller and worker servers with the mock behind them: all real, on this machine. */
export type World = Awaited<ReturnType<typeof createWorld>>;

type WorldWorker = {
  models: string[];
  tokenMs: number;
  /** It says before each answer that its host loads the model first. */
  isLoading?: boolean;
};

/** Each list of sentinel models becomes a worker of its own, with its pause before each token. */
export async function createWorld(...workers: (string[] | WorldWorker)[]) {
  const database = await createTestDatabase();
  // The parsed environment is one object a process; routes and gateway read it from there.
  Object.assign(env(), {
    DATABASE_URL: database.url,
    PARLEY_SECRET: "signs the cookies of tests",
    PARLEY_WORKER_SECRET: TEST_SECRET,
  });
  log.level = "silent";
  const hidden = async () => toHiddenModels(await readRules(database.db));
  const controller = new Controller({
    db: database.db,
    hidden: { get: hidden, peek: () => undefined, last: new Set() },
    catalog: { get: () => readCatalog(database.db), last: undefined },
  });
  const started: Awaited<ReturnType<typeof startWorker>>[] = [];
  for (const worker of workers) {
    const paced = Array.isArray(worker) ? { models: worker, tokenMs: 1 } : worker;
    started.push(await startWorker(controller, paced));
  }
  const beating = setInterval(() => {
    for (const worker of started) void worker.beat().catch(() => undefined);
  }, 2_000);
  // A test's visitor reads in no time at all, and was asked for nothing beforehand.
  const pace = { charactersPerSecondMin: 10_000 };
  const terms = { version: "" };
  const integrity = { readSecondsMin: 0, readSecondsPerThousandCharacters: 0 };
  await changeRules(database.db, arenaSettingsSchema.parse({ integrity, pace, terms }));
  const arena = new Arena({
    ...{ db: database.db, controller },
    // Read again each time, so that a test that changes them need not wait.
    rules: { get: () => readRules(database.db) },
  });

  return {
    ...{ arena, controller, db: database.db, url: database.url, workers: started },
    async visitor() {
      const id = createId();
      await database.db.insert(visitors).values({ id });
      return id;
    },
    async close() {
      await arena.runs.stop();
      clearInterval(beating);
      for (const worker of started) await worker.close();
      await database.drop();
    },
  };
}

async function startWorker(controller: Controller, kind: WorldWorker) {
  let die = () => {};
  const mock = createMockBackend({ ...kind, slots: 16, die: () => die() });
  /** Those of the requests so far, in their order. */
  const cacheSalts: (string | undefined)[] = [];
  const backend: Backend = {
    ...mock,
    generate(request, signal, onWaiting) {
      cacheSalts.push(request.cacheSalt);
      const waiting = { type: "generation-waiting", reason: "loading", estimateSeconds: 20 } as const;
      if (kind.isLoading) onWaiting?.(waiting);
      return mock.generate(request, signal);
    },
  };
  const worker = await startTestWorker({ backend });
  die = () => void worker.close();
  const { instanceId } = worker.server;
  const name = `pool-${instanceId.slice(0, 8)}`;
  const load = {
    state: "ready" as const,
    ...{ running: 0, waiting: 0 },
    counters: { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 },
  };
  const { workerId } = await controller.register({
    ...{ instanceId, address: worker.address, load },
    card: { ...backend.card(), name, version: "0.0.0", waitingMax: WAITING_MAX },
  });
  return {
    ...{ workerId, name, instanceId, address: worker.address, models: backend.card().models },
    cacheSalts,
    beat: () => controller.heartbeat(workerId, { instanceId, load }),
    close: () => worker.close(),
  };
}

export type Asking = { visitorId: string; requestId: string; signal: AbortSignal };

export const asking = (visitorId: string, signal = new AbortController().signal): Asking => ({
  ...{ visitorId, requestId: createId(), signal },
});

/** A conversation of a visitor, a new one unless named. */
export async function begin(
  world: World,
  start: StartBody,
  options: { visitorId?: string; random?: () => number } = {},
) {
  const { visitorId = await world.visitor(), random } = options;
  const asked = { ...asking(visitorId), start, ...(random && { random }) };
  return { visitorId, events: await startConversation(world.arena, asked) };
}

export const battle = (prompt: string): StartBody => ({ kind: "battle", prompt });
export const chat = (prompt: string, model = "mock/echo"): StartBody => ({
  ...{ kind: "chat", prompt, model },
});

export async function readAll(events: AsyncIterable<ConversationEvent>): Promise<ConversationEvent[]> {
  const all: ConversationEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** What a whole turn came to. */
export async function readTurn(events: AsyncIterable<ConversationEvent>) {
  return toOutcome(await readAll(events));
}

export function toOutcome(all: ConversationEvent[]) {
  const [start] = all;
  if (start?.type !== "turn-start") throw new Error("a turn begins with its start");
  const answers = all.flatMap((event) => (event.type === "answer-end" ? [event.answer] : []));
  const texts = new Map<string, string>();
  for (const event of all) {
    if (event.type !== "text-delta") continue;
    texts.set(event.answerId, (texts.get(event.answerId) ?? "") + event.text);
  }
  const side = (name: "a" | "b" | null): TurnAnswer => {
    const found = answers.find((answer) => answer.side === name);
    if (!found) throw new Error(`no answer of side ${name}`);
    return found;
  };
  return { start, answers, texts, side, all, isWhole: all.at(-1)?.type === "turn-end" };
}
