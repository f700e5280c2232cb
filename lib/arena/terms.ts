import { ensureVisitor } from "@/lib/auth/visitor-store";
import { AppError } from "@/lib/errors";
import type { TermsView } from "@/lib/protocol/terms";
import type { Arena } from "./arena";
import { findAgreedTerms, saveAgreedTerms } from "./terms-store";

/** Consent to the terms, asked for once and again for each new version: protocol/arena-settings.ts, terms. */

type By = { visitorId: string };

/** The terms of now and whether this visitor has agreed to them. */
export async function readTerms(
  { db, rules }: Pick<Arena, "db" | "rules">,
  { visitorId }: By,
): Promise<TermsView> {
  const { version, text } = (await rules.get()).terms;
  const agreed = version === "" ? "" : await findAgreedTerms(db, visitorId);
  return { version, text, isAgreed: agreed === version };
}

/**
 * Writes down that the visitor agrees, with the version and the moment.
 *
 * @throws AppError `conflict` when the version is not the one of now: what was read is not what holds.
 */
export async function agreeToTerms(
  { db, rules }: Pick<Arena, "db" | "rules">,
  { visitorId, version }: By & { version: string },
): Promise<TermsView> {
  const terms = (await rules.get()).terms;
  if (terms.version !== version) {
    const message = "The terms have changed. Read them again with GET /api/terms, then agree.";
    throw new AppError("conflict", { message, param: "version" });
  }
  await ensureVisitor(db, visitorId);
  await saveAgreedTerms(db, { visitorId, version });
  return { version, text: terms.text, isAgreed: true };
}

/**
 * @throws AppError `forbidden` for a visitor who has not agreed to the terms of now. Its `param` is `terms`,
 * by which pages know it.
 */
export async function requireTerms(
  { db, rules }: Pick<Arena, "db" | "rules">,
  visitorId: string,
): Promise<void> {
  const { version } = (await rules.get()).terms;
  if (version === "" || (await findAgreedTerms(db, visitorId)) === version) return;
  throw new AppError("forbidden", {
    message:
      "Agree to the terms before you ask. They are at GET /api/terms; send their version with POST /api/terms.",
    param: "terms",
  });
}
