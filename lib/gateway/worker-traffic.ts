import { processSingleton } from "@/lib/util/process-singleton";

/** What the numbers of the last minute are summed in. */
const BUCKET_MS = 5_000;
const BUCKETS = 12;

type Bucket = {
  index: number;
  answers: number;
  latencyMs: number;
  decodeMs: number;
  decodedTokens: number;
  tokens: number;
};

/** What this process had of one worker in the last minute, and has now. */
export type Traffic = {
  /** Answers that it writes now, their first token sent. */
  decoding: number;
  answersPerSecond: number;
  /** Of an answer on average: until its end, between two tokens, its length. 0 where there was none. */
  latencySeconds: number;
  tokenSeconds: number;
  tokens: number;
};

export type AnswerEnd = { latencyMs: number; decodeMs: number; tokens: number };

/** Sums of the answers from each worker, for `/metrics`; workers that are gone are forgotten. */
export class WorkerTraffic {
  readonly #now: () => number;
  readonly #workers = new Map<string, { decoding: number; buckets: Bucket[] }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** An answer has its first token; the returned function is called once, when the worker is done with it. */
  begin(workerId: string): (end: AnswerEnd) => void {
    const known = this.#workers.get(workerId) ?? { decoding: 0, buckets: [] };
    this.#workers.set(workerId, known);
    known.decoding += 1;
    return ({ latencyMs, decodeMs, tokens }) => {
      known.decoding -= 1;
      const bucket = currentBucket(known.buckets, this.#now());
      bucket.answers += 1;
      bucket.latencyMs += latencyMs;
      bucket.tokens += tokens;
      if (tokens < 2) return;
      bucket.decodeMs += decodeMs;
      bucket.decodedTokens += tokens - 1;
    };
  }

  read(workerId: string): Traffic {
    const known = this.#workers.get(workerId);
    const oldest = Math.floor(this.#now() / BUCKET_MS) - BUCKETS;
    const sum = { answers: 0, latencyMs: 0, decodeMs: 0, decodedTokens: 0, tokens: 0 };
    for (const bucket of known?.buckets ?? []) {
      if (bucket.index <= oldest) continue;
      sum.answers += bucket.answers;
      sum.latencyMs += bucket.latencyMs;
      sum.decodeMs += bucket.decodeMs;
      sum.decodedTokens += bucket.decodedTokens;
      sum.tokens += bucket.tokens;
    }
    return {
      decoding: known?.decoding ?? 0,
      answersPerSecond: sum.answers / ((BUCKETS * BUCKET_MS) / 1_000),
      latencySeconds: ratio(sum.latencyMs, sum.answers) / 1_000,
      tokenSeconds: ratio(sum.decodeMs, sum.decodedTokens) / 1_000,
      tokens: ratio(sum.tokens, sum.answers),
    };
  }

  /** Forgets everybody else who writes nothing for us now. */
  keep(workerIds: ReadonlySet<string>): void {
    for (const [id, { decoding }] of this.#workers) {
      if (decoding === 0 && !workerIds.has(id)) this.#workers.delete(id);
    }
  }
}

function currentBucket(buckets: Bucket[], nowMs: number): Bucket {
  const index = Math.floor(nowMs / BUCKET_MS);
  const last = buckets.at(-1);
  if (last?.index === index) return last;
  const bucket = { index, answers: 0, latencyMs: 0, decodeMs: 0, decodedTokens: 0, tokens: 0 };
  buckets.push(bucket);
  if (buckets.length > BUCKETS) buckets.shift();
  return bucket;
}

const ratio = (sum: number, count: number) => (count === 0 ? 0 : sum / count);

/** That of this process. */
export function workerTraffic(): WorkerTraffic {
  return processSingleton("worker-traffic", () => new WorkerTraffic());
}
