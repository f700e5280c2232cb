import * as z from "zod";

/** What we read of tokenizer.json ourselves; the tokenizing library reads the rest. */

export const addedTokenSchema = z.looseObject({
  id: z.number().int().min(0),
  content: z.string().min(1),
  special: z.boolean().default(false),
});

const decoderStepSchema = z.looseObject({ type: z.string() });

export const tokenizerJsonSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema).default([]),
  decoder: z
    .looseObject({ type: z.string(), decoders: z.array(decoderStepSchema).optional() })
    .nullish(),
  model: z.looseObject({ type: z.string() }),
});

/** A token is written either as its text or as an object around it. */
const tokenTextSchema = z
  .union([z.string(), z.looseObject({ content: z.string() })])
  .transform((it) => (typeof it === "string" ? it : it.content))
  .nullish();

export const tokenizerConfigSchema = z.looseObject({
  bos_token: tokenTextSchema,
  eos_token: tokenTextSchema,
  pad_token: tokenTextSchema,
  unk_token: tokenTextSchema,
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
});

export type AddedToken = z.infer<typeof addedTokenSchema>;
export type TokenizerJson = z.infer<typeof tokenizerJsonSchema>;
export type TokenizerConfig = z.infer<typeof tokenizerConfigSchema>;
