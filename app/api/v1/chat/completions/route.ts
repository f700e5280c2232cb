import { answerChat } from "@/app/v1/chat/completions/answer-chat";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { bringImages } from "@/lib/images/bring-images";
import {
  fastchatRequestSchema,
  toFastchatGenerateRequest,
} from "@/lib/openai/chat/fastchat-request";
import { IMAGES_BODY_BYTES_MAX } from "@/lib/upstream-limits";

export const POST = route(
  {
    ...{ shape: "openai", caller: "api", body: fastchatRequestSchema },
    bodyBytesMax: IMAGES_BODY_BYTES_MAX,
  },
  async ({ body, requestId, signal, meter }) => {
    const messages = await bringImages(body.messages, { signal });
    const request = toFastchatGenerateRequest(body, { messages, requestId });
    return answerChat(request, { body, signal, meter });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
