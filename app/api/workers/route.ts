import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { registerBodySchema } from "@/lib/protocol/registration";

export const POST = route(
  { shape: "parley", caller: "worker", body: registerBodySchema },
  async ({ body, worker }) => jsonReply(await controller().register(body, worker)),
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
