import { setTimeout as wait } from "node:timers/promises";
import { type Answered, Connection } from "./connection";
import { RELEASE_PATH } from "./light-server";
import type { Hold, Rate, Target, Turns } from "./question";

/** Streams that are opened at once, and the pause after them: nobody accepts thousands in one moment. */
const OPENED_AT_ONCE = 64;
const OPENING_PAUSE_MS = 20;
/** How long streams that are to be held have to open. */
const OPENING_MS_MAX = 60_000;
/** Requests at the beginning of a row that wake who is asked. */
const ROW_WARM_UP = 5;

/** The request as bytes, made once: what is measured is the answer. */
export function toBytes({ port, path, headers, body }: Target): Buffer {
  const fields = {
    ...{ host: `127.0.0.1:${port}`, "content-type": "application/json" },
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

/** How whole and broken answers are told apart, and counted. */
class Tally {
  whole = 0;
  broken = 0;
  fault: string | undefined;
  readonly #wanted: number | undefined;
  readonly #step: number | undefined;
  readonly #bodyBytes: number | undefined;

  constructor({ lineFeeds, lineFeedStep, bodyBytes }: Target) {
    this.#wanted = lineFeeds;
    this.#step = lineFeedStep;
    this.#bodyBytes = bodyBytes;
  }

  /** @returns whether the answer is whole. */
  count({ status, lineFeeds, bodyBytes }: Answered): boolean {
    const isWhole = status === 200 && this.#isWhole(lineFeeds, bodyBytes);
    if (isWhole) this.whole += 1;
    else if (this.#bodyBytes === undefined) {
      this.lose(`status ${status}, ${lineFeeds} line feeds of ${this.#wanted}`);
    } else this.lose(`status ${status}, ${bodyBytes} bytes of ${this.#bodyBytes}`);
    return isWhole;
  }

  #isWhole(lineFeeds: number, bodyBytes: number): boolean {
    if (this.#bodyBytes !== undefined && bodyBytes !== this.#bodyBytes) return false;
    if (this.#wanted === undefined) return true;
    const more = lineFeeds - this.#wanted;
    return this.#step === undefined ? more === 0 : more > 0 && more % this.#step === 0;
  }

  lose(fault: string): void {
    this.broken += 1;
    this.fault ??= fault;
  }

  get told() {
    const { whole, broken, fault } = this;
    return { whole, broken, ...(fault !== undefined && { fault }) };
  }
}

export async function makeTurns(
  targets: readonly Target[],
  { rows, row }: { rows: number; row: number },
): Promise<Turns> {
  const lanes = targets.map((target) => ({
    ...{
      connection: new Connection(target.port),
      bytes: toBytes(target),
      tally: new Tally(target),
    },
    ...{ name: target.name, wholeMs: [] as number[], firstMs: [] as number[] },
    firstAfter: target.firstAfter,
  }));
  for (let count = 0; count < rows; count++) {
    for (const { connection, bytes, tally, wholeMs, firstMs, firstAfter } of lanes) {
      for (let turn = -ROW_WARM_UP; turn < row; turn++) {
        try {
          const answered = await connection.ask({ bytes, firstAfter });
          if (!tally.count(answered) || turn < 0) continue;
          wholeMs.push(answered.wholeMs);
          firstMs.push(answered.firstMs);
        } catch (error) {
          tally.lose(String(error));
        }
      }
    }
  }
  for (const { connection } of lanes) connection.close();
  return lanes.map(({ name, wholeMs, firstMs, tally }) => {
    return { name, wholeMs, firstMs, broken: tally.broken };
  });
}

export async function makeRate(
  target: Target,
  { clients, durationMs }: { clients: number; durationMs: number },
): Promise<Rate> {
  const bytes = toBytes(target);
  const tally = new Tally(target);
  const startedMs = performance.now();
  const endMs = startedMs + durationMs;
  const { tokens, lineFeeds: lineFeedsOfWhole, bodyBytes: bytesOfWhole } = target;
  let requests = 0;
  let wholes = 0;
  const onProgress = (lineFeeds: number, bodyBytes: number) => {
    if (performance.now() >= endMs) return;
    if (bytesOfWhole !== undefined) wholes += bodyBytes / bytesOfWhole;
    else wholes += lineFeeds / (lineFeedsOfWhole ?? Number.NaN);
  };
  const client = async () => {
    const connection = new Connection(target.port);
    while (performance.now() < endMs) {
      try {
        const isWhole = tally.count(await connection.ask({ bytes, onProgress }));
        if (isWhole && performance.now() < endMs) requests += 1;
      } catch (error) {
        tally.lose(String(error));
      }
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = durationMs / 1_000;
  return {
    requestsPerSecond: requests / seconds,
    tokensPerSecond: wholes * (tokens / seconds) || 0,
    ...tally.told,
  };
}

export async function makeHold(
  target: Target,
  { clients, releasePort, holdMs }: { clients: number; releasePort: number; holdMs: number },
): Promise<Hold> {
  const bytes = toBytes(target);
  const tally = new Tally(target);
  let held = 0;
  let heldMax = 0;
  let ended = 0;
  const stream = async () => {
    const connection = new Connection(target.port);
    let isHeld = false;
    const hold = (lineFeeds: number) => {
      if (!isHeld && lineFeeds > 0) {
        heldMax = Math.max(heldMax, ++held);
        isHeld = true;
      }
    };
    try {
      tally.count(await connection.ask({ bytes, onProgress: hold }));
    } catch (error) {
      tally.lose(String(error));
    }
    if (isHeld) held -= 1;
    ended += 1;
    connection.close();
  };
  const endMs = performance.now() + OPENING_MS_MAX;
  const streams: Promise<void>[] = [];
  while (streams.length < clients) {
    const room = Math.min(OPENED_AT_ONCE, clients - streams.length);
    streams.push(...Array.from({ length: room }, stream));
    await wait(OPENING_PAUSE_MS);
  }
  while (held + ended < clients && performance.now() < endMs) await wait(OPENING_PAUSE_MS);
  await wait(holdMs);
  await fetch(`http://127.0.0.1:${releasePort}${RELEASE_PATH}`, { method: "POST" });
  await Promise.all(streams);
  return { heldMax, ...tally.told };
}
