import * as fastchatRest from "@/app/api/v1/[[...rest]]/route";
import * as fastchatChatCompletions from "@/app/api/v1/chat/completions/route";
import * as tokenCheck from "@/app/api/v1/token_check/route";
import * as workerHeartbeat from "@/app/api/workers/[id]/heartbeat/route";
import * as worker from "@/app/api/workers/[id]/route";
import * as workers from "@/app/api/workers/route";
import * as detokenizeRest from "@/app/detokenize/[...rest]/route";
import * as detokenize from "@/app/detokenize/route";
import * as healthz from "@/app/healthz/route";
import * as metrics from "@/app/metrics/route";
import * as readyz from "@/app/readyz/route";
import * as tokenizeRest from "@/app/tokenize/[...rest]/route";
import * as tokenize from "@/app/tokenize/route";
import * as tokenizerInfoRest from "@/app/tokenizer_info/[...rest]/route";
import * as tokenizerInfo from "@/app/tokenizer_info/route";
import * as v1Rest from "@/app/v1/[[...rest]]/route";
import * as chatCompletions from "@/app/v1/chat/completions/route";
import * as classify from "@/app/v1/classify/route";
import * as completions from "@/app/v1/completions/route";
import * as embeddings from "@/app/v1/embeddings/route";
import * as feedback from "@/app/v1/feedback/route";
import * as countTokens from "@/app/v1/messages/count_tokens/route";
import * as messages from "@/app/v1/messages/route";
import * as v1Model from "@/app/v1/models/[...id]/route";
import * as v1Models from "@/app/v1/models/route";
import * as moderations from "@/app/v1/moderations/route";
import * as openapi from "@/app/v1/openapi.json/route";
import * as rerank from "@/app/v1/rerank/route";
import * as responseCancel from "@/app/v1/responses/[id]/cancel/route";
import * as responseInputItems from "@/app/v1/responses/[id]/input_items/route";
import * as response from "@/app/v1/responses/[id]/route";
import * as responseInputTokens from "@/app/v1/responses/input_tokens/route";
import * as responses from "@/app/v1/responses/route";
import type { RouteModule } from "@/lib/http/front";

/**
 * What programs call, answered by the very handlers Next has, without Next (lib/http/front.ts). The
 * first path that fits is taken; scripts/server-routes.test.ts holds the list to what stands in app/.
 */
export const HOT_ROUTES: Record<string, RouteModule> = {
  "/v1/chat/completions": chatCompletions,
  "/v1/classify": classify,
  "/v1/completions": completions,
  "/v1/embeddings": embeddings,
  "/v1/feedback": feedback,
  "/v1/messages": messages,
  "/v1/messages/count_tokens": countTokens,
  "/v1/models": v1Models,
  "/v1/models/[...id]": v1Model,
  "/v1/moderations": moderations,
  "/v1/openapi.json": openapi,
  "/v1/rerank": rerank,
  "/v1/responses": responses,
  "/v1/responses/input_tokens": responseInputTokens,
  "/v1/responses/[id]": response,
  "/v1/responses/[id]/cancel": responseCancel,
  "/v1/responses/[id]/input_items": responseInputItems,
  "/v1/[[...rest]]": v1Rest,
  "/tokenize": tokenize,
  "/detokenize": detokenize,
  "/tokenizer_info": tokenizerInfo,
  "/tokenize/[...rest]": tokenizeRest,
  "/detokenize/[...rest]": detokenizeRest,
  "/tokenizer_info/[...rest]": tokenizerInfoRest,
  "/api/v1/chat/completions": fastchatChatCompletions,
  "/api/v1/token_check": tokenCheck,
  "/api/v1/[[...rest]]": fastchatRest,
  "/api/workers": workers,
  "/api/workers/[id]/heartbeat": workerHeartbeat,
  "/api/workers/[id]": worker,
  "/healthz": healthz,
  "/readyz": readyz,
  "/metrics": metrics,
};
