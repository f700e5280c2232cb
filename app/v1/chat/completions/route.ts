import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { chatRequestSchema, toGenerateRequest } from "@/lib/openai/chat/request";
import { answerChat } from "./answer-chat";

export const POST = route(
  { shape: "openai", caller: "api", body: chatRequestSchema },
  ({ body, requestId, signal, meter }) =>
    answerChat(toGenerateRequest(body, requestId), { body, signal, meter }),
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
