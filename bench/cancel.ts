import { Agent, request } from "node:http";
import { SLOTS_DEFAULT } from "@/lib/limits";
import { paths } from "@/lib/paths";
import { toCount } from "./flag-values";
import { percentile } from "./load";
import { describeMachine, type Machine, machineLines } from "./machine";
import { openServed } from "./served";
import type { WorkerAccess } from "./targets";
import { formatTable } from "./text-table";

export const CANCEL_OPTIONS = {
  json: { type: "boolean", default: false },
  model: { type: "string", default: "pico-l" },
  rounds: { type: "string", default: "100" },
  threads: { type: "string", default: "1" },
  "base-url": { type: "string" },
} as const;

export type CancelOptions = {
  json: boolean;
  model: string;
  rounds: string;
  threads: string;
  "base-url"?: string | undefined;
};

const ROUNDS_MAX = 10_000;
/** The whole run, whatever hangs. */
const RUN_MS_MAX = 1_200_000;
/** A count that has not fallen by then never will. */
const STATE_MS_MAX = 20_000;
/** A request that is not where it is to be left by then has ended, and the round is begun anew. */
const PREPARE_MS_MAX = 3_000;
const GOAL_MS = 100;
/** Words that fill most of the context of a bundled model. */
const LONG = Array.from({ length: 420 }, (_, index) => `word${index % 10}`).join(" ");
/** One short of the slots of a worker, which then runs one request less than it can. */
const BUSY = SLOTS_DEFAULT - 1;

type Row = { left: string; rounds: number; p50Ms: number; p99Ms: number; mostMs: number };

export type CancelReport = { bench: "cancel"; model: string; machine: Machine; rows: Row[] };

/** What a worker says of itself; a request is at rest when all are what they were before it. */
type Counts = { running: number; waiting: number; underWay: number };

type Case = {
  left: string;
  path: string;
  body: object;
  /** Other requests that run meanwhile, until the row is done. */
  companions: number;
  /** Whether the request is where it is to be left. */
  isThere(counts: Counts, before: Counts): boolean;
  /** It is left only after its first bytes came. */
  waitsForText?: boolean;
};

/**
 * Milliseconds from the moment in which a client breaks its connection off until the worker's counts have
 * fallen: the slot is free, and the engine's thread has done with the call.
 */
export async function runCancel(options: CancelOptions): Promise<CancelReport> {
  const rounds = toCount("rounds", options.rounds, ROUNDS_MAX);
  toCount("threads", options.threads, ROUNDS_MAX);
  const machine = describeMachine();
  const signal = AbortSignal.timeout(RUN_MS_MAX);
  const served = await openServed(options);
  try {
    const { url, apiKey, worker } = served;
    if (!worker) throw new Error("The worker's counts need its secret: set PARLEY_WORKER_SECRET.");
    const clients = new Clients(url, apiKey);
    const counts = new CountReader(worker);
    const rows: Row[] = [];
    const companion = chatBody(options.model);
    for (const it of createCases(options.model)) {
      rows.push(await measureCase(it, { clients, counts, rounds, signal, companion }));
    }
    const report: CancelReport = { bench: "cancel", model: options.model, machine, rows };
    print(report);
    return report;
  } finally {
    await served.close();
  }
}

function chatBody(model: string): object {
  const messages = [{ role: "user", content: "Tell me a story about a lantern." }];
  return { model, messages, ignore_eos: true, max_tokens: 900, stream: true };
}

function createCases(model: string): Case[] {
  const path = paths.v1.chatCompletions;
  const chat = (more: object = {}) => ({ ...chatBody(model), ...more });
  const runs = (counts: Counts, before: Counts) => counts.underWay > before.underWay;
  const prompt = { messages: [{ role: "user", content: LONG }], max_tokens: 8 };
  return [
    {
      ...{ left: "a stream", path, body: chat(), companions: 0 },
      ...{ isThere: runs, waitsForText: true },
    },
    { left: "a whole reply", path, body: chat({ stream: false }), companions: 0, isThere: runs },
    {
      ...{ left: "a stream among seven", path, body: chat(), companions: BUSY },
      ...{ isThere: runs, waitsForText: true },
    },
    {
      ...{ left: "four answers (n)", path, body: chat({ n: 4 }), companions: 0 },
      isThere: (counts, before) => counts.underWay >= before.underWay + 4,
    },
    { left: "a prompt being read", path, body: chat(prompt), companions: 0, isThere: runs },
    {
      ...{ left: "a prompt among seven", path, body: chat(prompt), companions: BUSY },
      isThere: runs,
    },
    {
      ...{ left: "vectors", path: paths.v1.embeddings, companions: 0, isThere: runs },
      body: { model, input: Array.from({ length: 64 }, () => LONG) },
    },
    {
      ...{ left: "waiting at the worker", path, body: chat(), companions: SLOTS_DEFAULT },
      isThere: (counts, before) => counts.waiting > before.waiting,
    },
  ];
}

type Bench = {
  clients: Clients;
  counts: CountReader;
  rounds: number;
  signal: AbortSignal;
  /** What the others ask who run meanwhile. */
  companion: object;
};

async function measureCase(
  it: Case,
  { clients, counts, rounds, signal, companion }: Bench,
): Promise<Row> {
  const elapsed: number[] = [];
  let missed = 0;
  while (elapsed.length < rounds) {
    signal.throwIfAborted();
    // New ones each round: theirs end too.
    const companions = Array.from({ length: it.companions }, () =>
      clients.ask(paths.v1.chatCompletions, companion),
    );
    const client = await prepare(it, clients, counts);
    if (client) {
      const leftMs = performance.now();
      client.leave();
      // A companion that ends meanwhile makes a count fall too: they are far from their end.
      const hasFallen = await counts.become((now) => isNoMore(now, client.before), STATE_MS_MAX);
      if (!hasFallen) throw new Error(`The worker went on for ${it.left}.`);
      elapsed.push(performance.now() - leftMs);
    } else missed += 1;
    for (const other of companions) other.leave();
    const isIdle = await counts.become(isAtRest, STATE_MS_MAX);
    if (!isIdle) throw new Error("The worker went on for nobody.");
    if (missed > rounds) throw new Error(`No request came to be ${it.left}.`);
  }
  return {
    ...{ left: it.left, rounds, p50Ms: percentile(elapsed, 0.5), p99Ms: percentile(elapsed, 0.99) },
    mostMs: Math.max(...elapsed),
  };
}

/** A request where it is to be left; undefined when it or its companions ended before, on a busy machine. */
async function prepare(it: Case, clients: Clients, counts: CountReader) {
  const { companions: count } = it;
  const areThere = (now: Counts) => now.running === count && now.underWay === count;
  if (!(await counts.become(areThere, PREPARE_MS_MAX))) return undefined;
  const before = await counts.read();
  const { leave, text } = clients.ask(it.path, it.body);
  const isThere = await counts.become((now) => it.isThere(now, before), PREPARE_MS_MAX);
  if (isThere && it.waitsForText) await text;
  if (isThere) return { leave, before };
  leave();
  return undefined;
}

const isAtRest = (now: Counts) => now.running + now.waiting + now.underWay === 0;

function isNoMore(now: Counts, before: Counts): boolean {
  return (
    now.running <= before.running &&
    now.waiting <= before.waiting &&
    now.underWay <= before.underWay
  );
}

type Client = { leave(): void; text: Promise<void> };

/** Clients that break off: each has a connection of its own. */
class Clients {
  readonly #url: string;
  readonly #headers: Record<string, string>;

  constructor(url: string, apiKey: string | undefined) {
    this.#url = url;
    this.#headers = {
      "content-type": "application/json",
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    };
  }

  ask(path: string, body: object): Client {
    const asked = request(new URL(path, this.#url), {
      ...{ method: "POST", headers: this.#headers, agent: false },
    });
    const text = new Promise<void>((resolve, reject) => {
      asked.on("response", (response) => {
        const isRefused = response.statusCode !== 200;
        if (isRefused) reject(new Error(`${path} answered ${response.statusCode}.`));
        response.once("data", () => resolve()).on("error", () => undefined);
      });
    });
    text.catch(() => undefined);
    // Breaking off is an error to the one who does it.
    asked.on("error", () => undefined).end(JSON.stringify(body));
    return { text, leave: () => asked.destroy() };
  }
}

/** The worker's own counts, read over one connection as fast as they come. */
class CountReader {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: URL;
  readonly #headers: Record<string, string>;

  constructor({ address, secret }: WorkerAccess) {
    this.#url = new URL(paths.worker.metrics, address);
    this.#headers = { authorization: `Bearer ${secret}` };
  }

  /** Whether they came to be so within `msMax`. */
  async become(isSo: (counts: Counts) => boolean, msMax: number): Promise<boolean> {
    const sinceMs = performance.now();
    while (!isSo(await this.read())) {
      if (performance.now() - sinceMs > msMax) return false;
    }
    return true;
  }

  async read(): Promise<Counts> {
    const text = await new Promise<string>((resolve, reject) => {
      const options = { agent: this.#agent, headers: this.#headers };
      const asked = request(this.#url, options, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          body += part;
        });
        response.on("end", () => resolve(body)).on("error", reject);
      });
      asked.on("error", reject).end();
    });
    const numberOf = (name: string) => {
      const value = new RegExp(`^parley_worker_${name} (\\d+)$`, "m").exec(text)?.[1];
      if (value === undefined) throw new Error(`The worker tells no ${name}.`);
      return Number(value);
    };
    const [running, waiting, underWay] = ["running", "waiting", "under_way"].map(numberOf);
    return { running: running ?? 0, waiting: waiting ?? 0, underWay: underWay ?? 0 };
  }
}

function print({ model, machine, rows }: CancelReport): void {
  console.log(`cancel: ${model}; from a client's leaving to the fall of the worker's counts`);
  for (const line of machineLines(machine)) console.log(line);
  console.log("");
  const head = ["what is left", "rounds", "ms p50", "p99", "most"];
  const lines = rows.map(({ left, rounds, p50Ms, p99Ms, mostMs }) => [
    ...[left, String(rounds), p50Ms.toFixed(1), p99Ms.toFixed(1), mostMs.toFixed(1)],
  ]);
  for (const line of formatTable(head, lines)) console.log(line);
  const late = rows.filter((row) => row.p99Ms > GOAL_MS).map((row) => row.left);
  console.log("");
  console.log(
    late.length === 0
      ? `99 of 100 within the goal of ${GOAL_MS} ms everywhere.`
      : `Above the goal of ${GOAL_MS} ms at the 99th percentile: ${late.join(", ")}.`,
  );
}
