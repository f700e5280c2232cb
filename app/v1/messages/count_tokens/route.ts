import {
  countTokensSchema,
  toCountedMessages,
  toTokenizeRequest,
} from "@/lib/anthropic/messages/count-tokens";
import { inWireWords } from "@/lib/anthropic/wire-param";
import { controller } from "@/lib/controller/controller";
import { tokenize } from "@/lib/gateway/tokenize";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { bringImages } from "@/lib/images/bring-images";
import { IMAGES_BODY_BYTES_MAX } from "@/lib/upstream-limits";

export const POST = route(
  {
    shape: "anthropic",
    caller: "api",
    scope: "read",
    body: countTokensSchema,
    bodyBytesMax: IMAGES_BODY_BYTES_MAX,
  },
  async ({ body, signal, meter }) => {
    const messages = await bringImages(toCountedMessages(body), { signal });
    const request = toTokenizeRequest(body, messages);
    const { ids } = await tokenize({ controller: controller(), request, signal, meter }).catch(
      (error: unknown) => {
        throw inWireWords(error, {});
      },
    );
    return jsonReply({ input_tokens: ids.length });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
