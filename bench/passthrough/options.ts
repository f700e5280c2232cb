import { pickOne, toCount } from "../flag-values";
import { WAY_NAMES, type WayName } from "./ways";

export const PASSTHROUGH_OPTIONS = {
  json: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  rounds: { type: "string", default: "3" },
  minutes: { type: "string", default: "5" },
  only: { type: "string" },
  gateway: { type: "boolean", default: false },
  profile: { type: "string" },
} as const;

export type PassthroughOptions = {
  roundCount: number;
  /** No round begins that would not end by then. */
  minutes: number;
  ways: readonly WayName[];
  hasGateway: boolean;
  /** Where each worker writes a profile of its processor's time. */
  profileFolder: string | undefined;
};

type Values = {
  rounds: string;
  minutes: string;
  only?: string | undefined;
  gateway: boolean;
  profile?: string | undefined;
};

/** @throws Error that names the flag and what it takes. */
export function parsePassthroughOptions(values: Values): PassthroughOptions {
  return {
    roundCount: toCount("rounds", values.rounds, 100),
    minutes: toCount("minutes", values.minutes, 55),
    ways: values.only?.split(",").map((it) => pickOne("only", it, WAY_NAMES)) ?? WAY_NAMES,
    hasGateway: values.gateway,
    profileFolder: values.profile,
  };
}
