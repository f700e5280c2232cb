import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

export const DELETE = route({ shape: "parley", caller: "worker" }, async ({ params }) => {
  await controller().leave(params.id ?? "");
  return emptyReply();
});

export const GET = methodNotAllowed("DELETE");
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
