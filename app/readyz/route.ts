import { findMissing } from "@/lib/controller/readiness";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

export const GET = route(
  { shape: "parley", caller: "anyone", isRoutine: true },
  async ({ log }) => {
    const missing = await findMissing();
    if (missing === undefined) return jsonReply({ status: "ready" });
    log.warn({ missing: missing.what, err: missing.cause }, "not ready");
    return jsonReply({ status: "not-ready", missing: missing.what }, { status: 503 });
  },
);
