import { canChat } from "@/components/can-chat";
import type { ModelView, Side } from "@/lib/protocol/arena-view";
import { whyNot } from "../../chat/_components/choose-model";

export type Pair = Record<Side, string>;
export type PairChoice = {
  /** Empty where none is awake. */
  models: Pair;
  /** Why a side is not the one that was wanted, as sentences. */
  remarks: string[];
};

/**
 * Which two models are compared: those that were wanted, where they write answers, even asleep; else the
 * first ones that are awake and not on the other side, and why. `models` is undefined until the list is known.
 */
export function choosePair(
  models: readonly ModelView[] | undefined,
  wanted: Record<Side, string | null>,
): PairChoice {
  if (models === undefined) {
    return { models: { a: wanted.a ?? "", b: wanted.b ?? "" }, remarks: [] };
  }
  const writers = models.filter((it) => it.features.includes("chat") && it.isDirect !== false);
  const isWriter = (name: string | null) => writers.some((it) => it.name === name);
  const kept = { a: isWriter(wanted.a) ? wanted.a : null, b: isWriter(wanted.b) ? wanted.b : null };
  const remarks: string[] = [];
  const pick = (side: Side, taken: string | null): string => {
    const own = kept[side];
    if (own !== null) return own;
    const awake = writers.filter(canChat).map(({ name }) => name);
    const chosen = awake.find((name) => name !== taken) ?? awake[0] ?? "";
    const name = wanted[side];
    if (name !== null && name !== "") {
      const why = whyNot(models, name);
      remarks.push(chosen === "" ? why : `${why} ${chosen} was chosen instead.`);
    }
    return chosen;
  };
  const a = pick("a", kept.b);
  return { models: { a, b: pick("b", a) }, remarks };
}

/** Why nothing can be asked now, as a sentence; null: it can. */
export function pairBlock(models: readonly ModelView[] | undefined, pair: Pair): string | null {
  if (models === undefined) return null;
  if (pair.a === "" || pair.b === "") return "No model is awake yet.";
  const asleep = [...new Set([pair.a, pair.b])].filter((name) => {
    const view = models.find((it) => it.name === name);
    return !view || !canChat(view);
  });
  if (asleep.length === 0) return null;
  const closed = asleep.find((name) => models.find((it) => it.name === name)?.isDirect === false);
  if (closed !== undefined) return `${whyNot(models, closed)} Choose another.`;
  const verb = asleep.length === 1 ? "is" : "are";
  return `${asleep.join(" and ")} ${verb} asleep. Choose another, or wait for a worker to bring it.`;
}
