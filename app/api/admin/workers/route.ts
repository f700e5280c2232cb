import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import type { AdminWorkers } from "@/lib/protocol/arena-view";

export const GET = route({ shape: "parley", caller: "admin" }, async () => {
  const workers = await controller().listWorkers();
  const { heartbeatIntervalMs, staleAfterMs } = controller().config;
  return jsonReply({ workers, heartbeatIntervalMs, staleAfterMs } satisfies AdminWorkers);
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
