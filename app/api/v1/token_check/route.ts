import { controller } from "@/lib/controller/controller";
import { tokenize } from "@/lib/gateway/tokenize";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { TOKEN_CHECKS_AT_ONCE_MAX } from "@/lib/limits";
import {
  tokenCheckBodySchema,
  toTokenCheck,
  toTokenizeRequest,
} from "@/lib/openai/tokens/token-check";
import { inWireWords } from "@/lib/openai/wire-param";
import { mapInLanes } from "@/lib/util/map-in-lanes";

export const POST = route(
  { shape: "openai", caller: "api", scope: "read", body: tokenCheckBodySchema },
  async ({ body, signal, meter }) => {
    const check = async (prompt: (typeof body.prompts)[number]) => {
      const request = toTokenizeRequest(prompt);
      const reply = await tokenize({ controller: controller(), request, signal, meter });
      return toTokenCheck(reply, prompt);
    };
    const prompts = await mapInLanes(body.prompts, TOKEN_CHECKS_AT_ONCE_MAX, check).catch(
      (error: unknown) => {
        throw inWireWords(error);
      },
    );
    return jsonReply({ prompts });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
