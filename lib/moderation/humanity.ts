import { eq } from "drizzle-orm";
import * as z from "zod";
import { HUMANITY_CALL_MS_MAX, HUMANITY_REPLY_BYTES_MAX } from "@/lib/arena-limits";
import { ensureVisitor } from "@/lib/auth/visitor-store";
import type { Database } from "@/lib/db/client";
import { visitors } from "@/lib/db/schema/conversations";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import type { HumanityRules } from "@/lib/protocol/arena-settings";
import { log } from "@/lib/telemetry/log";
import { readLimited } from "./read-limited";

/**
 * A check that a person is there, in the form that Cloudflare's Turnstile, hCaptcha and reCAPTCHA share: a
 * script of theirs gives the page a token, and a server of theirs says whether it is good.
 */

const replySchema = z.object({ success: z.boolean() });

/** Whether the visitor has to show it now. */
export async function isHumanityDue(
  db: Database,
  rules: HumanityRules,
  visitorId: string,
): Promise<boolean> {
  if (!rules.isOn) return false;
  const [row] = await db
    .select({ humanAt: visitors.humanAt })
    .from(visitors)
    .where(eq(visitors.id, visitorId));
  const atMs = row?.humanAt?.getTime();
  return atMs === undefined || Date.now() - atMs > rules.hours * 3_600_000;
}

/** @throws AppError `forbidden` with the parameter `humanity`, by which a page knows what to show. */
export async function assertHuman(
  db: Database,
  rules: HumanityRules,
  visitorId: string,
): Promise<void> {
  if (!(await isHumanityDue(db, rules, visitorId))) return;
  throw new AppError("forbidden", {
    message: "Show first that a person is asking: complete the check below. Your question is kept.",
    param: "humanity",
  });
}

/**
 * Has a token of the page's checked, and remembers a good one.
 *
 * @throws AppError `forbidden` of a token that is not good, `unavailable` where nobody can tell,
 * `not-found` where no check is asked for.
 */
export async function proveHuman(
  db: Database,
  rules: HumanityRules,
  asked: { visitorId: string; token: string; signal: AbortSignal },
): Promise<void> {
  const secret = env().PARLEY_HUMANITY_SECRET;
  if (!rules.isOn || rules.verifyUrl === undefined || secret === undefined) {
    throw new AppError("not-found", { message: "This site asks for no such check." });
  }
  const { visitorId, token } = asked;
  const form = new URLSearchParams({ secret, response: token });
  if (!(await verify(rules.verifyUrl, form, asked.signal))) {
    throw new AppError("forbidden", {
      message: "The check was not passed. Try it again.",
      param: "token",
    });
  }
  await ensureVisitor(db, visitorId);
  await db.update(visitors).set({ humanAt: new Date() }).where(eq(visitors.id, visitorId));
}

async function verify(url: string, form: URLSearchParams, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "error",
      body: form,
      signal: AbortSignal.any([signal, AbortSignal.timeout(HUMANITY_CALL_MS_MAX)]),
    });
    const text = await readLimited(response, HUMANITY_REPLY_BYTES_MAX);
    return replySchema.parse(JSON.parse(text)).success;
  } catch (cause) {
    signal.throwIfAborted();
    log.warn({ err: cause }, "check of humanity not answered");
    throw new AppError("unavailable", {
      message: "The check does not answer at the moment. Try again in a few seconds.",
      retryAfterSeconds: 5,
      cause,
    });
  }
}
