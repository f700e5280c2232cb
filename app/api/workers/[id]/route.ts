import { controller } from "@/lib/controller/controller";
import { AppError } from "@/lib/errors";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

// The query says whose life ends: by then another one may have the address, and the row with it.
export const DELETE = route(
  { shape: "parley", caller: "worker" },
  async ({ request, params, worker }) => {
    const instanceId = new URL(request.url).searchParams.get("instanceId");
    if (instanceId === null) {
      throw new AppError("invalid-request", {
        message: "Name the instance that leaves, as in `?instanceId=<uuid>`.",
        param: "instanceId",
      });
    }
    await controller().leave(params.id ?? "", { instanceId, ...worker });
    return emptyReply();
  },
);

export const GET = methodNotAllowed("DELETE");
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
