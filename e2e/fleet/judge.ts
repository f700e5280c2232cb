import type { Asked } from "./ask";
import type { Case } from "./crowd";
import type { Outage } from "./storm";

/** What has to be true of a fleet after a storm, told as sentences about what is not. */

export type Rules = {
  /** Another worker goes on with the answer of one that is lost, so that no client hears of it. */
  resumes: boolean;
};

export type Try = Asked & { web: string; requestId: string };

/** A try that began within this of an outage's end may have met its last moments: a port not closed yet. */
const MARGIN_MS = 1_000;

/** A web process that listens has read keys and workers by then, on a machine that is very busy. */
const BOOT_MS_MAX = 8_000;

/** Each answer is whole, or was ended by something that the rules allow. */
export function judgeCases(
  cases: readonly Case[],
  outages: readonly Outage[],
  rules: Rules,
): string[] {
  return cases.flatMap((one) => {
    const faults = one.tries.flatMap((it) => judgeTry(it, outages, rules) ?? []);
    const last = one.tries.at(-1)?.ending.kind;
    // Who was refused or cut off everywhere, as often as he asked.
    const isLost = last === "reset" || last === "refused";
    return isLost
      ? [...faults, `${one.requestId} found nobody in ${one.tries.length} tries`]
      : faults;
  });
}

function judgeTry(one: Try, outages: readonly Outage[], { resumes }: Rules): string | undefined {
  const { ending, requestId, web, tokenCount } = one;
  const at = `${requestId} at ${web} after ${tokenCount} tokens`;
  switch (ending.kind) {
    case "complete":
      return undefined;
    case "reset":
      return isHit(one, outages, (it) => it.target === web && it.kind !== "freeze")
        ? undefined
        : `${at}: the connection broke, and nobody had ended its web process`;
    case "error-event": {
      const isWorkers = isHit(one, outages, (it) => it.target.startsWith("worker"));
      return isWorkers && !resumes ? undefined : `${at}: ended with ${ending.code}`;
    }
    case "refused":
      // A web process that starts while the database is away knows neither keys nor workers yet.
      return ending.status === 503 && isBootedAlone(one, outages)
        ? undefined
        : `${at}: refused with ${ending.status} ${ending.code}`;
    case "late":
      return `${at}: no end within its deadline`;
    case "wrong":
      return `${at}: ${ending.what}`;
  }
}

function isHit(
  { startedMs, endedMs }: Try,
  outages: readonly Outage[],
  matches: (outage: Outage) => boolean,
): boolean {
  return outages.some(
    (it) => matches(it) && it.fromMs <= endedMs && it.untilMs + MARGIN_MS >= startedMs,
  );
}

function isBootedAlone(one: Try, outages: readonly Outage[]): boolean {
  return outages.some(
    (it) =>
      it.target === one.web &&
      it.untilMs <= one.endedMs &&
      outages.some(
        (other) =>
          other.target === "database" &&
          other.fromMs <= it.untilMs + BOOT_MS_MAX &&
          other.untilMs + 2 * MARGIN_MS >= one.startedMs,
      ),
  );
}
