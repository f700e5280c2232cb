import * as z from "zod";
import { textSchema } from "./well-formed-text";

/** The terms on which conversations are held, as the visitor who asks stands to them. */
export const termsViewSchema = z.object({
  /** Empty: there are none, and nobody is asked. */
  version: z.string(),
  /** Markdown. */
  text: z.string(),
  isAgreed: z.boolean(),
});
/** Agrees to the version that was read. */
export const termsBodySchema = z.strictObject({ version: textSchema.min(1).max(64) });

export type TermsView = z.infer<typeof termsViewSchema>;
