import { type Random, seededRandom } from "@/lib/util/random";
import { wait } from "@/lib/util/wait";
import { type Asked, ask, toQuestion } from "./ask";
import type { WebMember } from "./fleet";

/** One question as it went, by all its tries: after a reset or a refusal it is put to the next web process. */
export type Case = {
  requestId: string;
  tokenCount: number;
  tries: (Asked & { web: string; requestId: string })[];
};

export type CrowdOptions = {
  webs: readonly WebMember[];
  clientCount: number;
  seed: number;
  /** Of the first question; further ones count up. */
  firstNumber?: number;
  tokenCount: { low: number; high: number };
  /** How long one try may take. */
  deadlineMs: number;
};

/** Who finds nobody anywhere tries again for this long; drills that leave nobody last half as long. */
const PATIENCE_MS = 60_000;
const RETRY_PAUSE_MS = 200;

/** Clients that ask one question after another. */
export class Crowd {
  readonly cases: Case[] = [];
  readonly #options: CrowdOptions;
  readonly #clients: Promise<void>[];
  #isOver = false;
  #asked: number;

  constructor(options: CrowdOptions) {
    this.#options = options;
    const { clientCount, seed, firstNumber = 0 } = options;
    this.#asked = firstNumber;
    this.#clients = Array.from({ length: clientCount }, (_, index) =>
      this.#ask(seededRandom(seed + index)),
    );
  }

  /** No further question; resolves when those under way have ended. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
  }

  async #ask(random: Random): Promise<void> {
    const { low, high } = this.#options.tokenCount;
    while (!this.#isOver) {
      const number = this.#asked++;
      const tokenCount = low + Math.floor(random() * (high - low));
      const one: Case = { requestId: `fleet-${number}`, tokenCount, tries: [] };
      this.cases.push(one);
      await this.#try(one, number, Math.floor(random() * this.#options.webs.length));
    }
  }

  async #try(one: Case, number: number, firstWeb: number): Promise<void> {
    const { webs, deadlineMs } = this.#options;
    const giveUpMs = performance.now() + PATIENCE_MS;
    for (let attempt = 0; performance.now() < giveUpMs; attempt++) {
      const web = webs[(firstWeb + attempt) % webs.length];
      if (!web) return;
      const requestId = `${one.requestId}-${attempt}`;
      const question = { ...toQuestion(number, one.tokenCount), requestId };
      const asked = await ask(web.url, question, deadlineMs);
      one.tries.push({ ...asked, web: web.process.name, requestId });
      const { kind } = asked.ending;
      if (kind !== "reset" && kind !== "refused") return;
      // Whoever finds nobody at one address goes to the next, and not at once to the same again.
      if (attempt % webs.length === webs.length - 1) await wait(RETRY_PAUSE_MS);
    }
  }
}
