import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { type WorkerOrdered, workerCommandBodySchema } from "@/lib/protocol/arena-view";

export const PATCH = route(
  { shape: "parley", caller: "admin", body: workerCommandBodySchema },
  async ({ params, body }) => {
    const { outcome } = await controller().order(params.id ?? "", body.command);
    return jsonReply({ outcome } satisfies WorkerOrdered);
  },
);

export const GET = methodNotAllowed("PATCH");
export const POST = GET;
export const PUT = GET;
export const DELETE = GET;
