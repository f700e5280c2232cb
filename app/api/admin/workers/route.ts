import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { HEARTBEAT_INTERVAL_MS, WORKER_STALE_AFTER_MS } from "@/lib/limits";
import type { AdminWorkers } from "@/lib/protocol/arena-view";

export const GET = route({ shape: "parley", caller: "admin" }, async () => {
  const workers = await controller().listWorkers();
  const heartbeatIntervalMs = HEARTBEAT_INTERVAL_MS;
  const staleAfterMs = WORKER_STALE_AFTER_MS;
  return jsonReply({ workers, heartbeatIntervalMs, staleAfterMs } satisfies AdminWorkers);
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
