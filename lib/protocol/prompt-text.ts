import * as z from "zod";

/** What neither the database nor a tokenizer can hold; JSON can spell both, a browser's text field neither. */
export const wellFormedPrompt = z
  .string()
  .refine((text) => !text.includes("\0"), "holds a NUL character; remove it.")
  .refine(
    (text) => text.isWellFormed(),
    "holds half of a surrogate pair; send well-formed Unicode.",
  );
