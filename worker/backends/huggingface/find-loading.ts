import * as z from "zod";
import { UPSTREAM_RETRY_AFTER_SECONDS_MAX } from "@/lib/upstream-limits";
import { readRetryAfter, type UpstreamRefusal } from "../upstream-error";

/** A host that is about to answer, and says or shows that the model has to be loaded first. */
export type Loading = {
  /** By its own guess; undefined: it tells none. */
  estimateSeconds: number | undefined;
};

/** As the inference API has it (`estimated_time`), and what servers and proxies say in a sentence. */
const bodySchema = z.looseObject({
  error: z.unknown(),
  estimated_time: z.number().min(0).optional().catch(undefined),
});
const SENTENCE =
  /\b(?:is|being|currently|still) (?:re)?(?:load|start|initiali[sz])(?:ing|ed)\b|scal(?:ed|ing) (?:up|to (?:0|zero))|not (?:yet )?(?:ready|initiali[sz]ed)/i;
/** Of a server that is there and has enough to do. */
const BUSY = /overload|too many|capacity|busy/i;

/**
 * Whether a refusal is that of a model on its way.
 *
 * @param mayWake the host is known to be taken away while nobody asks: its proxy then answers with a status and
 *   says nothing more (Inference Endpoints, "Scale to Zero")
 */
export function findLoading(
  { status, retryAfter, body }: UpstreamRefusal & { body: string },
  mayWake: boolean,
): Loading | undefined {
  if (status !== 502 && status !== 503 && status !== 504) return undefined;
  const parsed = bodySchema.safeParse(parseJson(body));
  const told = parsed.success ? parsed.data.estimated_time : undefined;
  const estimateSeconds = bound(told ?? readRetryAfter(retryAfter));
  if (told !== undefined || SENTENCE.test(body)) return { estimateSeconds };
  const isSilent = retryAfter == null && !BUSY.test(body) && status !== 504;
  return mayWake && isSilent ? { estimateSeconds } : undefined;
}

function bound(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.min(seconds, UPSTREAM_RETRY_AFTER_SECONDS_MAX);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // A proxy's page, or its words.
    return undefined;
  }
}
