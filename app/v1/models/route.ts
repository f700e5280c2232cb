import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { toModelList } from "@/lib/openai/models";

export const GET = route({ shape: "openai", caller: "api", scope: "read" }, async () =>
  jsonReply(toModelList(await controller().listModels())),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
