import { checkIsRelay } from "@/lib/http/authenticate";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { readRelayHealth } from "@/lib/relay/serve-relayed";

/** For whoever asks, as at every worker: it tells of no model. */
export const GET = route({ shape: "worker", caller: "anyone", isRoutine: true }, () => {
  checkIsRelay();
  const health = readRelayHealth();
  return jsonReply(health, { status: health.state === "ready" ? 200 : 503 });
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
