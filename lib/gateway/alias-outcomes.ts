import type { AliasEntry } from "@/lib/catalog/catalog";
import type { ErrorCode } from "@/lib/errors";
import { OUTCOME_BUCKETS } from "@/lib/limits";
import { assert } from "@/lib/util/assert";
import type { AliasTarget } from "./candidate";

/**
 * How the targets of each alias have fared at this process of late. Several processes count each for
 * itself: each sees its share of the requests, and the first to see enough of them acts for all.
 */

/** Failures of the model, its workers or us. What a caller did or a limit forbade says nothing of a target. */
const FAILURES: ReadonlySet<string> = new Set<ErrorCode>([
  ...(["worker-lost", "timeout", "upstream-invalid", "internal", "no-worker"] as const),
  "model-not-found",
]);
const SUCCESSES: ReadonlySet<string> = new Set(["complete", "stop", "length", "tool-calls"]);

type Tally = { requests: number; failures: number };
type AliasTally = { version: number; targets: Map<string, Window> };

export class AliasOutcomes {
  readonly #aliases = new Map<string, AliasTally>();

  /**
   * Counts how a request at a target of `alias` ended: a reason to finish, or an error code.
   *
   * @returns why the target should be taken out, when that is so now.
   */
  record(
    alias: AliasEntry,
    target: AliasTarget,
    { outcome, nowMs }: { outcome: string; nowMs: number },
  ): string | undefined {
    assert(alias.name === target.alias, "an outcome is counted for its own alias");
    const { rollbackOn: rule, version } = alias;
    const isFailure = FAILURES.has(outcome);
    if (rule === undefined || (!isFailure && !SUCCESSES.has(outcome))) return undefined;
    // Begun under another version, it tells of a choice that is no more.
    if (target.version !== version) return undefined;
    let tally = this.#aliases.get(alias.name);
    if (tally?.version !== version) {
      tally = { version, targets: new Map() };
      this.#aliases.set(alias.name, tally);
    }
    const bucketMs = (rule.windowSeconds * 1_000) / OUTCOME_BUCKETS;
    const window = tally.targets.get(target.model) ?? new Window(bucketMs);
    tally.targets.set(target.model, window);
    window.add(isFailure, nowMs);
    return isFailure ? judge(alias, { target, tally, nowMs }) : undefined;
  }

  /** Aliases that are no more are forgotten. */
  keep(names: ReadonlyMap<string, unknown>): void {
    for (const name of this.#aliases.keys()) {
      if (!names.has(name)) this.#aliases.delete(name);
    }
  }
}

function judge(
  { rollbackOn: rule, rollback, targets }: AliasEntry,
  { target, tally, nowMs }: { target: AliasTarget; tally: AliasTally; nowMs: number },
): string | undefined {
  // One is out already, or nobody would be left.
  if (rule === undefined || rollback !== undefined || targets.length < 2) return undefined;
  const own = tally.targets.get(target.model)?.sum(nowMs);
  if (own === undefined || own.requests < rule.requestsMin) return undefined;
  const others = targets.flatMap(({ model }) => {
    const sum = model === target.model ? undefined : tally.targets.get(model)?.sum(nowMs);
    return sum ? [sum] : [];
  });
  const rest = others.reduce(add, { requests: 0, failures: 0 });
  const share = own.failures / own.requests;
  // Others that were asked nothing have failed nobody.
  const restShare = rest.requests === 0 ? 0 : rest.failures / rest.requests;
  if (share - restShare < rule.errorShareRise) return undefined;
  const isSure =
    rest.requests === 0 ? isAbove(own, rule.errorShareRise) : isBeyondChance(own, rest);
  if (!isSure) return undefined;
  const percent = (it: number) => `${Math.round(it * 100)} %`;
  return (
    `${own.failures} of ${own.requests} requests failed within ${rule.windowSeconds} s (${percent(share)}), ` +
    `${rest.failures} of ${rest.requests} at the other targets (${percent(restShare)}).`
  );
}

/** Standard errors between two shares, from which on they are held for different. */
const DEVIATIONS_MIN = 2;

/**
 * Whether `own` fails more than `rest` by more than chance. Else a target with 1,000 requests, of which one
 * in eight fails, would be taken out for another that has answered ten. Agresti and Caffo (2000): one
 * success and one failure are added to each side, so that the error of a share of 0 or 1 is not 0.
 */
function isBeyondChance(own: Tally, rest: Tally): boolean {
  const error = Math.sqrt(toVariance(own) + toVariance(rest));
  return toShare(own) - toShare(rest) >= DEVIATIONS_MIN * error;
}

/** Nobody to compare with, as where the others have one part in a thousand: then `share` itself is the measure. */
function isAbove(own: Tally, share: number): boolean {
  return toShare(own) - share >= DEVIATIONS_MIN * Math.sqrt(toVariance(own));
}

const toShare = ({ requests, failures }: Tally) => (failures + 1) / (requests + 2);
const toVariance = (tally: Tally) => (toShare(tally) * (1 - toShare(tally))) / (tally.requests + 2);

const add = (left: Tally, right: Tally): Tally => ({
  requests: left.requests + right.requests,
  failures: left.failures + right.failures,
});

/** A sliding window as a ring of buckets. */
class Window {
  readonly #bucketMs: number;
  readonly #buckets: (Tally & { slot: number })[] = [];

  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs;
  }

  add(isFailure: boolean, nowMs: number): void {
    const slot = Math.floor(nowMs / this.#bucketMs);
    const index = slot % OUTCOME_BUCKETS;
    let bucket = this.#buckets[index];
    if (bucket?.slot !== slot) {
      bucket = { slot, requests: 0, failures: 0 };
      this.#buckets[index] = bucket;
    }
    bucket.requests += 1;
    if (isFailure) bucket.failures += 1;
  }

  sum(nowMs: number): Tally {
    const oldest = Math.floor(nowMs / this.#bucketMs) - OUTCOME_BUCKETS;
    const recent = this.#buckets.filter((bucket) => bucket !== undefined && bucket.slot > oldest);
    return recent.reduce<Tally>(add, { requests: 0, failures: 0 });
  }
}
