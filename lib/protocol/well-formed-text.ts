import * as z from "zod";

/** What is wrong with text that JSON can spell and no tokenizer has tokens for, nor UTF-8 bytes. */
export const ILL_FORMED = "holds half of a surrogate pair; send well-formed Unicode.";

/** Text that every tokenizer has tokens for. */
export const textSchema = z.string().refine((text) => text.isWellFormed(), ILL_FORMED);
