import { availableParallelism } from "node:os";
import { pickOne, toCount } from "../flag-values";

/** The parts of the table; each can be run alone. */
export const PARTS = ["grammar", "steps", "embeddings", "forms"] as const;
export type Part = (typeof PARTS)[number];

/** Dimensions of published models; their tokenizers are not theirs, which matters to no step. */
const MODELS = ["qwen2.5-0.5b", "smollm2-135m"] as const;
export type BreadthModel = (typeof MODELS)[number];

export const BREADTH_OPTIONS = {
  json: { type: "boolean", default: false },
  parts: { type: "string", default: PARTS.join(",") },
  model: { type: "string", default: "qwen2.5-0.5b" },
  texts: { type: "string", default: "1000" },
  rounds: { type: "string", default: "5" },
  minutes: { type: "string", default: "20" },
  threads: { type: "string", default: String(availableParallelism()) },
  peers: { type: "string", default: "transformers" },
  folder: { type: "string", default: ".parley/bench" },
} as const;

export type BreadthOptions = {
  parts: Part[];
  model: BreadthModel;
  textCount: number;
  roundCount: number;
  /** No round begins after that, however few there were. */
  minutes: number;
  threadCount: number;
  hasPeers: boolean;
  /** Holds the models and the peers from one run to the next. */
  folder: string;
};

type Values = { [K in Exclude<keyof typeof BREADTH_OPTIONS, "json">]: string };

/** @throws Error that names the flag and what it takes. */
export function parseBreadthOptions(values: Values): BreadthOptions {
  const parts = values.parts.split(",").map((it) => it.trim());
  return {
    parts: parts.map((it) => pickOne("parts", it, PARTS)),
    model: pickOne("model", values.model, MODELS),
    textCount: toCount("texts", values.texts, 100_000),
    roundCount: toCount("rounds", values.rounds, 100),
    minutes: toCount("minutes", values.minutes, 55),
    threadCount: toCount("threads", values.threads, 1_024),
    hasPeers: pickOne("peers", values.peers, ["transformers", "none"]) === "transformers",
    folder: values.folder,
  };
}
