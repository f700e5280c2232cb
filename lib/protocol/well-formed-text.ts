import * as z from "zod";

/** What is wrong with text that JSON can spell and no tokenizer has tokens for, nor UTF-8 bytes. */
export const ILL_FORMED = "holds half of a surrogate pair; send well-formed Unicode.";

/** Text that every tokenizer has tokens for. */
export const textSchema = z.string().refine((text) => text.isWellFormed(), ILL_FORMED);

const CONTROLS = "holds a control character or half of a surrogate pair; send plain text.";

/** What turns the writing round, or ends the line, counts as a control: names stand in lists and on terminals. */
export const lineSchema = z
  .string()
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, CONTROLS);

/** Lines of text that a database keeps, which holds no NUL. */
export const proseSchema = z
  .string()
  .refine((text) => !/[\p{Cc}\p{Cs}]/u.test(text.replace(/[\t\n\r]/g, "")), CONTROLS);
