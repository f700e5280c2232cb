import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { responses } from "@/lib/responses/responses";

export const POST = route(
  { shape: "openai", caller: "api" },
  async ({ params: { id = "" }, api: { owner } }) => jsonReply(await responses().cancel(owner, id)),
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
