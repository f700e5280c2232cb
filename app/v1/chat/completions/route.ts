import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { bringImages } from "@/lib/images/bring-images";
import { chatRequestSchema, toGenerateRequest } from "@/lib/openai/chat/request";
import { IMAGES_BODY_BYTES_MAX } from "@/lib/upstream-limits";
import { answerChat } from "./answer-chat";

export const POST = route(
  {
    ...{ shape: "openai", caller: "api", body: chatRequestSchema },
    bodyBytesMax: IMAGES_BODY_BYTES_MAX,
  },
  async (input) => {
    const { body, requestId, stop: signal, meter } = input;
    // Whole, since a real signal is made when it is asked for: where an image is fetched.
    const brought = bringImages(body.messages, input);
    const messages = brought instanceof Promise ? await brought : brought;
    return answerChat(toGenerateRequest(body, { messages, requestId }), { body, signal, meter });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
