import { toAnswerHeaders } from "@/lib/http/answer-headers";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { typedEventsReply } from "@/lib/http/stream-reply";
import { responseRequestSchema } from "@/lib/openai/responses/request";
import { createBackgroundResponse, createResponse } from "@/lib/responses/create-response";
import { responses } from "@/lib/responses/responses";
import { IMAGES_BODY_BYTES_MAX } from "@/lib/upstream-limits";

export const POST = route(
  {
    ...{ shape: "openai", caller: "api", body: responseRequestSchema },
    bodyBytesMax: IMAGES_BODY_BYTES_MAX,
  },
  async ({ body: request, requestId, signal, api, meter }) => {
    const options = { responses: responses(), request, api, meter, requestId, signal };
    if (request.background) {
      const run = await createBackgroundResponse(options);
      return request.stream ? typedEventsReply(run.read(signal)) : jsonReply(run.response);
    }
    const run = await createResponse(options);
    if (request.stream) {
      return typedEventsReply(run.events(), { headers: toAnswerHeaders(run.generation) });
    }
    const response = await run.read();
    return jsonReply(response, { headers: toAnswerHeaders(run.generation) });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
