import * as z from "zod";
import { StartError } from "@/lib/util/start-error";

/**
 * Where a tokenizer's post-processor puts control tokens around one text or two. It works on ids, so
 * that a text can be cut before they are put in: what is cut are words, never the end token that a model
 * was trained to see.
 */
export type TemplatePart =
  | { kind: "special"; id: number; type: number }
  | { kind: "text"; which: 0 | 1; type: number };

export type SpecialTokens = { single: readonly TemplatePart[]; pair: readonly TemplatePart[] };

/** Ids ready for a graph; without `types` all of them are of type 0. */
export type EncodedText = { ids: number[]; types?: number[] };

const endSchema = z.tuple([z.string(), z.number().int().min(0)]);
const partSchema = z.union([
  z.object({ SpecialToken: z.object({ id: z.string(), type_id: z.number().int().min(0) }) }),
  z.object({ Sequence: z.object({ id: z.enum(["A", "B"]), type_id: z.number().int().min(0) }) }),
]);
const templateSchema = z.object({
  single: z.array(partSchema),
  pair: z.array(partSchema),
  special_tokens: z.record(z.string(), z.object({ ids: z.array(z.number().int().min(0)) })),
});
const processorSchema = z.looseObject({
  type: z.string(),
  processors: z.array(z.looseObject({ type: z.string() })).optional(),
});

const TEXT: TemplatePart = { kind: "text", which: 0, type: 0 };
/** No control tokens at all. */
export const BARE: SpecialTokens = { single: [TEXT], pair: [TEXT, { ...TEXT, which: 1 }] };

/**
 * Reads `post_processor` of tokenizer.json.
 *
 * @throws StartError when it is of a kind that is not known here.
 */
export function readSpecialTokens(json: unknown): SpecialTokens {
  if (json == null) return BARE;
  const processor = processorSchema.safeParse(json);
  if (!processor.success) throw unknown("is not an object with a type");
  const { type, processors = [] } = processor.data;
  switch (type) {
    case "TemplateProcessing":
      return fromTemplate(json);
    case "BertProcessing":
      return fromEnds(json, { middle: 1, secondType: 1 });
    case "RobertaProcessing":
      // Two separators in the middle, and one type for both texts: its models know no other.
      return fromEnds(json, { middle: 2, secondType: 0 });
    case "ByteLevel":
      // It corrects places in the text, which nobody asks for here.
      return BARE;
    case "Sequence": {
      const parts = processors.map(readSpecialTokens).filter((it) => it !== BARE);
      if (parts.length > 1) throw unknown("has several steps that add control tokens");
      return parts[0] ?? BARE;
    }
    default:
      throw unknown(`(${type}) is not supported`);
  }
}

function fromTemplate(json: unknown): SpecialTokens {
  const template = templateSchema.safeParse(json);
  if (!template.success) throw unknown("has a template that cannot be read");
  const { single, pair, special_tokens } = template.data;
  const toParts = (part: z.infer<typeof partSchema>): TemplatePart[] => {
    if ("Sequence" in part) {
      const { id, type_id: type } = part.Sequence;
      return [{ kind: "text", which: id === "A" ? 0 : 1, type }];
    }
    const { id, type_id: type } = part.SpecialToken;
    const ids = special_tokens[id]?.ids;
    if (!ids) throw unknown(`names ${id} and does not say which token that is`);
    return ids.map((it) => ({ kind: "special", id: it, type }));
  };
  return { single: single.flatMap(toParts), pair: pair.flatMap(toParts) };
}

function fromEnds(json: unknown, rules: { middle: number; secondType: number }): SpecialTokens {
  const ends = z.object({ cls: endSchema, sep: endSchema }).safeParse(json);
  if (!ends.success) throw unknown("names no cls and sep");
  const { cls, sep } = ends.data;
  const special = (id: number, type = 0): TemplatePart => ({ kind: "special", id, type });
  const single = [special(cls[1]), TEXT, special(sep[1])];
  const more = Array.from({ length: rules.middle - 1 }, () => special(sep[1], rules.secondType));
  const second: TemplatePart = { kind: "text", which: 1, type: rules.secondType };
  return { single, pair: [...single, ...more, second, special(sep[1], rules.secondType)] };
}

/** Control tokens around a text, or around a pair. */
export function countSpecial(parts: readonly TemplatePart[]): number {
  return parts.filter((it) => it.kind === "special").length;
}

/** The texts with the control tokens around them. */
export function joinTexts(
  parts: readonly TemplatePart[],
  texts: readonly (readonly number[])[],
): EncodedText {
  const ids: number[] = [];
  const types: number[] = [];
  for (const part of parts) {
    const added = part.kind === "special" ? [part.id] : (texts[part.which] ?? []);
    for (const id of added) {
      ids.push(id);
      types.push(part.type);
    }
  }
  return types.some((it) => it !== 0) ? { ids, types } : { ids };
}

function unknown(what: string): StartError {
  return new StartError({
    message: `tokenizer.json: its post_processor ${what}.`,
    remedy:
      "Use a model whose tokenizer adds its control tokens by a template, or in BERT's or RoBERTa's way.",
  });
}
