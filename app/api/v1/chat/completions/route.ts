import { answerChat } from "@/app/v1/chat/completions/answer-chat";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import {
  fastchatRequestSchema,
  toFastchatGenerateRequest,
} from "@/lib/openai/chat/fastchat-request";

export const POST = route(
  { shape: "openai", caller: "api", body: fastchatRequestSchema },
  ({ body, requestId, signal, meter }) =>
    answerChat(toFastchatGenerateRequest(body, requestId), { body, signal, meter }),
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
