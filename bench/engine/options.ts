import { availableParallelism } from "node:os";
import type { Preset } from "@/lib/engine/synthetic/dimensions";
import type { WeightForm } from "@/lib/engine/synthetic/weight-form";
import { pickOne, toCount } from "../flag-values";

/** Dimensions of published models; `tiny` is too small to say anything about speed. */
const MODELS = ["qwen2.5-0.5b", "smollm2-135m"] as const satisfies Preset[];
export type BenchModel = (typeof MODELS)[number];

export const PEERS = ["llama-q4_0", "llama-q8_0", "transformers"] as const;
export type PeerName = (typeof PEERS)[number];

/** The parts of the table; each can be run alone. */
export const PARTS = ["decode", "prefill", "prefix", "overhead", "latency", "v1"] as const;
export type Part = (typeof PARTS)[number];

/** The form whose numbers depend on who else is in the batch: never compared with the others' goals. */
export const BATCH_DEPENDENT_FORM: WeightForm = "int8-dynamic";

const FORM = /^(fp32|fp16|int8-rows|int8-dynamic|int[48]-block(16|32|64|128|256))$/;

export const ENGINE_OPTIONS = {
  json: { type: "boolean", default: false },
  model: { type: "string", default: "qwen2.5-0.5b" },
  forms: { type: "string", default: "int4-block128,int8-block128,int8-dynamic" },
  batches: { type: "string", default: "1,4,8,16" },
  rounds: { type: "string", default: "5" },
  minutes: { type: "string", default: "15" },
  peers: { type: "string", default: PEERS.join(",") },
  parts: { type: "string", default: PARTS.join(",") },
  threads: { type: "string", default: String(availableParallelism()) },
  folder: { type: "string", default: ".parley/bench" },
} as const;

export type EngineBenchOptions = {
  model: BenchModel;
  forms: WeightForm[];
  /** Sequences that decode side by side, a row each. */
  batches: number[];
  roundCount: number;
  /** No round begins after that, however few there were. */
  minutes: number;
  peers: PeerName[];
  parts: Part[];
  threadCount: number;
  /** Holds the models and the peers from one run to the next. */
  folder: string;
  json: boolean;
};

type Values = { [K in Exclude<keyof typeof ENGINE_OPTIONS, "json">]: string } & { json: boolean };

/** @throws Error that names the flag and what it takes. */
export function parseEngineOptions(values: Values): EngineBenchOptions {
  const forms = list(values.forms);
  const wrong = forms.find((form) => !FORM.test(form));
  if (wrong !== undefined || forms.length === 0) {
    throw new Error(
      `--forms takes fp32, fp16, int8-rows, int8-dynamic, int4-block<n> and int8-block<n> (16, 32, 64, 128, 256); got "${wrong ?? ""}".`,
    );
  }
  return {
    model: pickOne("model", values.model, MODELS),
    // Each has just matched the pattern that spells the type out.
    forms: forms as WeightForm[],
    batches: list(values.batches).map((it) => toCount("batches", it, 64)),
    roundCount: toCount("rounds", values.rounds, 100),
    minutes: toCount("minutes", values.minutes, 55),
    peers: values.peers === "none" ? [] : pick("peers", list(values.peers), PEERS),
    parts: pick("parts", list(values.parts), PARTS),
    threadCount: toCount("threads", values.threads, 1_024),
    folder: values.folder,
    json: values.json,
  };
}

function list(value: string): string[] {
  return value
    .split(",")
    .map((it) => it.trim())
    .filter((it) => it !== "");
}

function pick<T extends string>(flag: string, names: string[], known: readonly T[]): T[] {
  return names.map((name) => pickOne(flag, name, known));
}
