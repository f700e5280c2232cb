import { type EventLoopUtilization, performance } from "node:perf_hooks";
import type { Engine, EngineRequest } from "@/lib/engine/engine";
import { countCpu, toCores } from "../cpu-share";
import { orderSchema } from "../engine-breadth/schema";
import { decodeRate } from "./decode-rate";
import { promptIds } from "./prompt-ids";
import type { Answer, SamplingKind } from "./question";
import { SAMPLINGS } from "./samplings";

export type DecodeLoadOptions = {
  batch: number;
  stepCount: number;
  contextLength: number;
  sampling: SamplingKind;
  isConstrained: boolean;
};

/** Lines of an order that outlast a measurement. */
const LINE_COUNT_MIN = 500;

type Begun = {
  cpu: ReturnType<typeof countCpu>;
  utilization: EventLoopUtilization;
  passMs: number;
  atMs: number;
};

/**
 * Sequences that decode side by side in our engine. What is measured begins when the last of them has
 * its first token and ends some steps later for all at once, so that every step counted is a full one.
 */
export class DecodeLoad {
  readonly #engine: Engine;
  readonly #passes: PassClock;
  readonly #options: DecodeLoadOptions;
  readonly #stampsMs: number[][];
  readonly #stop = new AbortController();
  #begun: Begun | undefined;
  #measured: Answer = {};

  constructor(engine: Engine, passes: PassClock, options: DecodeLoadOptions) {
    this.#engine = engine;
    this.#passes = passes;
    this.#options = options;
    this.#stampsMs = Array.from({ length: options.batch }, () => []);
  }

  async run(): Promise<Answer> {
    await Promise.all(this.#stampsMs.map((stamps, index) => this.#read(index, stamps)));
    return { ...decodeRate(this.#stampsMs), ...this.#measured };
  }

  async #read(index: number, stamps: number[]): Promise<void> {
    const { contextLength, sampling, isConstrained } = this.#options;
    const schema = orderSchema(0, LINE_COUNT_MIN);
    const request: EngineRequest = {
      promptIds: promptIds(contextLength, index),
      ...SAMPLINGS[sampling],
      grammar: isConstrained ? { type: "json-schema", schema } : undefined,
      ...{ stop: [], ignoreEos: true },
    };
    for await (const event of this.#engine.generate(request, this.#stop.signal)) {
      if (event.type !== "text-delta") continue;
      const now = performance.now();
      for (let count = 0; count < event.tokenCount; count++) stamps.push(now);
      this.#note();
    }
  }

  #note(): void {
    if (this.#stop.signal.aborted) return;
    if (!this.#begun) {
      if (this.#stampsMs.every((stamps) => stamps.length > 0)) this.#begun = this.#begin();
      return;
    }
    const { atMs } = this.#begun;
    const counts = this.#stampsMs.map((stamps) => stamps.filter((stamp) => stamp > atMs).length);
    if (Math.min(...counts) < this.#options.stepCount) return;
    this.#measured = this.#end(this.#begun);
    this.#stop.abort();
  }

  #begin(): Begun {
    return {
      cpu: countCpu(),
      utilization: performance.eventLoopUtilization(),
      passMs: this.#passes.ms,
      atMs: performance.now(),
    };
  }

  #end({ cpu, utilization, passMs }: Begun): Answer {
    const share = cpu();
    const { active } = performance.eventLoopUtilization(utilization);
    return {
      ...toCores(share),
      // The graph runs on another thread, so what keeps this one busy is our JavaScript and nothing else.
      scriptShare: active / share.wallMs,
      outsidePassShare: 1 - (this.#passes.ms - passMs) / share.wallMs,
    };
  }
}

/** Wall time that decoding passes have taken, from the filling of their inputs to their results. */
export class PassClock {
  ms = 0;

  constructor({ model: { runner } }: Engine) {
    const decode = runner.decode.bind(runner);
    runner.decode = async (options) => {
      const startedAtMs = performance.now();
      try {
        return await decode(options);
      } finally {
        this.ms += performance.now() - startedAtMs;
      }
    };
  }
}
