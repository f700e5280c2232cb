import { controller } from "@/lib/controller/controller";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { toModelObject } from "@/lib/openai/models";

// Names may hold slashes, so the path is taken whole; the label keeps names out of the metrics.
export const GET = route(
  { shape: "openai", caller: "api", scope: "read", name: "/v1/models/:id" },
  async ({ params }) => jsonReply(toModelObject(await controller().getModel(params.id ?? ""))),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
