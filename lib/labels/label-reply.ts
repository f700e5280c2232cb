import * as z from "zod";
import { HARD_SIGNALS, type HardSignal, type LABELLED_CATEGORIES } from "@/lib/vote-categories";

/** What the model is asked to answer, as its grammar and as it is read. */
const labelReplySchema = z.object({
  ...(Object.fromEntries(HARD_SIGNALS.map((it) => [it, z.boolean()])) as Record<
    // Each key of the list, and no other.
    HardSignal,
    z.ZodBoolean
  >),
  coding: z.boolean(),
  math: z.boolean(),
  creativeWriting: z.boolean(),
  /** How much the answer must hold to: 0 to 5. */
  constraints: z.number().int().min(0).max(5),
});

/** Of seven criteria, as the public arenas ask for. */
const CRITERIA_MIN = 6;
/** Of five. */
const CONSTRAINTS_MIN = 4;

/** JSON schema of the reply. */
export const LABEL_REPLY: Record<string, unknown> = z.toJSONSchema(labelReplySchema);

/** @returns the categories of a reply; undefined where it is none. */
export function toLabels(reply: string): (typeof LABELLED_CATEGORIES)[number][] | undefined {
  const said = labelReplySchema.safeParse(parseJson(reply)).data;
  if (said === undefined) return undefined;
  const criteria = HARD_SIGNALS.filter((it) => said[it]).length;
  return [
    ...(criteria >= CRITERIA_MIN ? (["hard"] as const) : []),
    ...(said.coding ? (["coding"] as const) : []),
    ...(said.math ? (["math"] as const) : []),
    ...(said.creativeWriting ? (["creative"] as const) : []),
    ...(said.constraints >= CONSTRAINTS_MIN ? (["instruction-following"] as const) : []),
  ];
}

/** Models that are held to no grammar like to set JSON in a fence, or in a sentence. */
function parseJson(reply: string): unknown {
  const from = reply.indexOf("{");
  const to = reply.lastIndexOf("}");
  if (from < 0 || to < from) return undefined;
  try {
    return JSON.parse(reply.slice(from, to + 1));
  } catch {
    return undefined;
  }
}
