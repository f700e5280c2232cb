import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { responseRequestSchema } from "@/lib/openai/responses/request";
import { countInput } from "@/lib/responses/count-input";
import { responses } from "@/lib/responses/responses";
import { IMAGES_BODY_BYTES_MAX } from "@/lib/upstream-limits";

export const POST = route(
  {
    ...{ shape: "openai", caller: "api", scope: "read", body: responseRequestSchema },
    bodyBytesMax: IMAGES_BODY_BYTES_MAX,
  },
  async ({ body: request, requestId, signal, api, meter }) => {
    const options = { responses: responses(), request, api, meter, requestId, signal };
    const count = await countInput(options);
    return jsonReply({ object: "response.input_tokens", input_tokens: count });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
