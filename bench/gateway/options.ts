import { toCount } from "../flag-values";

export const GATEWAY_OPTIONS = {
  json: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  rounds: { type: "string", default: "5" },
  minutes: { type: "string", default: "7" },
  peer: { type: "string", default: "portkey" },
  streams: { type: "string", default: "2000" },
  folder: { type: "string", default: ".parley/bench" },
} as const;

export type GatewayBenchOptions = {
  roundCount: number;
  /** No round begins after that, however few there were. */
  minutes: number;
  hasPeer: boolean;
  /** Slow streams that are held at once. */
  streams: number;
  folder: string;
};

type Values = { [K in Exclude<keyof typeof GATEWAY_OPTIONS, "json" | "check">]: string };

/** @throws Error that names the flag and what it takes. */
export function parseGatewayOptions(values: Values): GatewayBenchOptions {
  if (values.peer !== "portkey" && values.peer !== "none") {
    throw new Error(`--peer takes portkey or none; got "${values.peer}".`);
  }
  return {
    roundCount: toCount("rounds", values.rounds, 100),
    minutes: toCount("minutes", values.minutes, 55),
    hasPeer: values.peer === "portkey",
    streams: toCount("streams", values.streams, 4_000),
    folder: values.folder,
  };
}
