import * as apiAdminAliases from "@/app/api/admin/aliases/route";
import * as apiAdminArenaHistory from "@/app/api/admin/arena/history/route";
import * as apiAdminArena from "@/app/api/admin/arena/route";
import * as apiAdminBoardsId from "@/app/api/admin/boards/[id]/route";
import * as apiAdminBoards from "@/app/api/admin/boards/route";
import * as apiAdminFeedback from "@/app/api/admin/feedback/route";
import * as apiAdminKeysId from "@/app/api/admin/keys/[id]/route";
import * as apiAdminKeys from "@/app/api/admin/keys/route";
import * as apiAdminModels from "@/app/api/admin/models/route";
import * as apiAdminProvidersKeysId from "@/app/api/admin/providers/keys/[id]/route";
import * as apiAdminProvidersKeys from "@/app/api/admin/providers/keys/route";
import * as apiAdminProvidersModelsId from "@/app/api/admin/providers/models/[id]/route";
import * as apiAdminProvidersModelsIdTry from "@/app/api/admin/providers/models/[id]/try/route";
import * as apiAdminProvidersModels from "@/app/api/admin/providers/models/route";
import * as apiAdminProviders from "@/app/api/admin/providers/route";
import * as apiAdminRetirements from "@/app/api/admin/retirements/route";
import * as apiAdminReviewsId from "@/app/api/admin/reviews/[id]/route";
import * as apiAdminReviews from "@/app/api/admin/reviews/route";
import * as apiAdminUsage from "@/app/api/admin/usage/route";
import * as apiAdminVisitorsVoter from "@/app/api/admin/visitors/[voter]/route";
import * as apiAdminWithdrawals from "@/app/api/admin/withdrawals/route";
import * as apiAdminWorkersId from "@/app/api/admin/workers/[id]/route";
import * as apiAdminWorkers from "@/app/api/admin/workers/route";
import * as apiArena from "@/app/api/arena/route";
import * as apiConversationsIdAnswers from "@/app/api/conversations/[id]/answers/route";
import * as apiConversationsIdExport from "@/app/api/conversations/[id]/export/route";
import * as apiConversationsIdMarks from "@/app/api/conversations/[id]/marks/route";
import * as apiConversationsId from "@/app/api/conversations/[id]/route";
import * as apiConversationsIdShares from "@/app/api/conversations/[id]/shares/route";
import * as apiConversationsIdStop from "@/app/api/conversations/[id]/stop/route";
import * as apiConversationsIdStream from "@/app/api/conversations/[id]/stream/route";
import * as apiConversationsIdTurns from "@/app/api/conversations/[id]/turns/route";
import * as apiConversationsIdVote from "@/app/api/conversations/[id]/vote/route";
import * as apiConversations from "@/app/api/conversations/route";
import * as apiExplore from "@/app/api/explore/route";
import * as apiHumanity from "@/app/api/humanity/route";
import * as apiLeaderboardChoices from "@/app/api/leaderboard/choices/route";
import * as apiLeaderboardFile from "@/app/api/leaderboard/file/route";
import * as apiLeaderboardHistory from "@/app/api/leaderboard/history/route";
import * as apiLeaderboardLog from "@/app/api/leaderboard/log/route";
import * as apiLeaderboardMine from "@/app/api/leaderboard/mine/route";
import * as apiLeaderboardOverview from "@/app/api/leaderboard/overview/route";
import * as apiLeaderboardPairs from "@/app/api/leaderboard/pairs/route";
import * as apiLeaderboardPublishedIdBoard from "@/app/api/leaderboard/published/[id]/board/route";
import * as apiLeaderboardPublishedId from "@/app/api/leaderboard/published/[id]/route";
import * as apiLeaderboardPublishedIdVotes from "@/app/api/leaderboard/published/[id]/votes/route";
import * as apiLeaderboardPublished from "@/app/api/leaderboard/published/route";
import * as apiLeaderboard from "@/app/api/leaderboard/route";
import * as apiLeaderboardVotes from "@/app/api/leaderboard/votes/route";
import * as apiModelsSlug from "@/app/api/models/[slug]/route";
import * as apiModels from "@/app/api/models/route";
import * as apiRelayCard from "@/app/api/relay/card/route";
import * as apiRelayClassify from "@/app/api/relay/classify/route";
import * as apiRelayDetokenize from "@/app/api/relay/detokenize/route";
import * as apiRelayEmbed from "@/app/api/relay/embed/route";
import * as apiRelayGenerate from "@/app/api/relay/generate/route";
import * as apiRelayHealth from "@/app/api/relay/health/route";
import * as apiRelayRerank from "@/app/api/relay/rerank/route";
import * as apiRelayTokenize from "@/app/api/relay/tokenize/route";
import * as apiRelayTokenizerInfo from "@/app/api/relay/tokenizer-info/route";
import * as apiSession from "@/app/api/session/route";
import * as apiSharesId from "@/app/api/shares/[id]/route";
import * as apiStats from "@/app/api/stats/route";
import * as apiTerms from "@/app/api/terms/route";
import * as apiTokenCount from "@/app/api/token-count/route";
import * as apiV1Rest from "@/app/api/v1/[[...rest]]/route";
import * as apiV1ChatCompletions from "@/app/api/v1/chat/completions/route";
import * as apiV1TokenCheck from "@/app/api/v1/token_check/route";
import * as apiVisitor from "@/app/api/visitor/route";
import * as apiWorkersIdHeartbeat from "@/app/api/workers/[id]/heartbeat/route";
import * as apiWorkersId from "@/app/api/workers/[id]/route";
import * as apiWorkersExternalModels from "@/app/api/workers/external-models/route";
import * as apiWorkers from "@/app/api/workers/route";
import * as controllerCall from "@/app/controller/[...call]/route";
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
import * as v1ChatCompletions from "@/app/v1/chat/completions/route";
import * as v1Classify from "@/app/v1/classify/route";
import * as v1Completions from "@/app/v1/completions/route";
import * as v1Embeddings from "@/app/v1/embeddings/route";
import * as v1Feedback from "@/app/v1/feedback/route";
import * as v1MessagesCountTokens from "@/app/v1/messages/count_tokens/route";
import * as v1Messages from "@/app/v1/messages/route";
import * as v1ModelsId from "@/app/v1/models/[...id]/route";
import * as v1Models from "@/app/v1/models/route";
import * as v1Moderations from "@/app/v1/moderations/route";
import * as v1OpenapiJson from "@/app/v1/openapi.json/route";
import * as v1Rerank from "@/app/v1/rerank/route";
import * as v1ResponsesIdCancel from "@/app/v1/responses/[id]/cancel/route";
import * as v1ResponsesIdInputItems from "@/app/v1/responses/[id]/input_items/route";
import * as v1ResponsesId from "@/app/v1/responses/[id]/route";
import * as v1ResponsesInputTokens from "@/app/v1/responses/input_tokens/route";
import * as v1Responses from "@/app/v1/responses/route";
import type { RouteModule } from "@/lib/http/front";

// biome-ignore lint/performance/noBarrelFile: a bundle's door, and the server calls both from it.
export { boot } from "./instrumentation-node";

/**
 * Written by scripts/route-table.mjs from the route files in app/; do not edit it, every build writes it
 * anew. What they export is answered without Next (lib/http/front.ts), the first path that fits first.
 */
export const HOT_ROUTES: Record<string, RouteModule> = {
  "/api/admin/aliases": apiAdminAliases,
  "/api/admin/arena": apiAdminArena,
  "/api/admin/arena/history": apiAdminArenaHistory,
  "/api/admin/boards": apiAdminBoards,
  "/api/admin/boards/[id]": apiAdminBoardsId,
  "/api/admin/feedback": apiAdminFeedback,
  "/api/admin/keys": apiAdminKeys,
  "/api/admin/keys/[id]": apiAdminKeysId,
  "/api/admin/models": apiAdminModels,
  "/api/admin/providers": apiAdminProviders,
  "/api/admin/providers/keys": apiAdminProvidersKeys,
  "/api/admin/providers/keys/[id]": apiAdminProvidersKeysId,
  "/api/admin/providers/models": apiAdminProvidersModels,
  "/api/admin/providers/models/[id]": apiAdminProvidersModelsId,
  "/api/admin/providers/models/[id]/try": apiAdminProvidersModelsIdTry,
  "/api/admin/retirements": apiAdminRetirements,
  "/api/admin/reviews": apiAdminReviews,
  "/api/admin/reviews/[id]": apiAdminReviewsId,
  "/api/admin/usage": apiAdminUsage,
  "/api/admin/visitors/[voter]": apiAdminVisitorsVoter,
  "/api/admin/withdrawals": apiAdminWithdrawals,
  "/api/admin/workers": apiAdminWorkers,
  "/api/admin/workers/[id]": apiAdminWorkersId,
  "/api/arena": apiArena,
  "/api/conversations": apiConversations,
  "/api/conversations/[id]": apiConversationsId,
  "/api/conversations/[id]/answers": apiConversationsIdAnswers,
  "/api/conversations/[id]/export": apiConversationsIdExport,
  "/api/conversations/[id]/marks": apiConversationsIdMarks,
  "/api/conversations/[id]/shares": apiConversationsIdShares,
  "/api/conversations/[id]/stop": apiConversationsIdStop,
  "/api/conversations/[id]/stream": apiConversationsIdStream,
  "/api/conversations/[id]/turns": apiConversationsIdTurns,
  "/api/conversations/[id]/vote": apiConversationsIdVote,
  "/api/explore": apiExplore,
  "/api/humanity": apiHumanity,
  "/api/leaderboard": apiLeaderboard,
  "/api/leaderboard/choices": apiLeaderboardChoices,
  "/api/leaderboard/file": apiLeaderboardFile,
  "/api/leaderboard/history": apiLeaderboardHistory,
  "/api/leaderboard/log": apiLeaderboardLog,
  "/api/leaderboard/mine": apiLeaderboardMine,
  "/api/leaderboard/overview": apiLeaderboardOverview,
  "/api/leaderboard/pairs": apiLeaderboardPairs,
  "/api/leaderboard/published": apiLeaderboardPublished,
  "/api/leaderboard/published/[id]": apiLeaderboardPublishedId,
  "/api/leaderboard/published/[id]/board": apiLeaderboardPublishedIdBoard,
  "/api/leaderboard/published/[id]/votes": apiLeaderboardPublishedIdVotes,
  "/api/leaderboard/votes": apiLeaderboardVotes,
  "/api/models": apiModels,
  "/api/models/[slug]": apiModelsSlug,
  "/api/relay/card": apiRelayCard,
  "/api/relay/classify": apiRelayClassify,
  "/api/relay/detokenize": apiRelayDetokenize,
  "/api/relay/embed": apiRelayEmbed,
  "/api/relay/generate": apiRelayGenerate,
  "/api/relay/health": apiRelayHealth,
  "/api/relay/rerank": apiRelayRerank,
  "/api/relay/tokenize": apiRelayTokenize,
  "/api/relay/tokenizer-info": apiRelayTokenizerInfo,
  "/api/session": apiSession,
  "/api/shares/[id]": apiSharesId,
  "/api/stats": apiStats,
  "/api/terms": apiTerms,
  "/api/token-count": apiTokenCount,
  "/api/v1/chat/completions": apiV1ChatCompletions,
  "/api/v1/token_check": apiV1TokenCheck,
  "/api/v1/[[...rest]]": apiV1Rest,
  "/api/visitor": apiVisitor,
  "/api/workers": apiWorkers,
  "/api/workers/external-models": apiWorkersExternalModels,
  "/api/workers/[id]": apiWorkersId,
  "/api/workers/[id]/heartbeat": apiWorkersIdHeartbeat,
  "/controller/[...call]": controllerCall,
  "/detokenize": detokenize,
  "/detokenize/[...rest]": detokenizeRest,
  "/healthz": healthz,
  "/metrics": metrics,
  "/readyz": readyz,
  "/tokenize": tokenize,
  "/tokenize/[...rest]": tokenizeRest,
  "/tokenizer_info": tokenizerInfo,
  "/tokenizer_info/[...rest]": tokenizerInfoRest,
  "/v1/chat/completions": v1ChatCompletions,
  "/v1/classify": v1Classify,
  "/v1/completions": v1Completions,
  "/v1/embeddings": v1Embeddings,
  "/v1/feedback": v1Feedback,
  "/v1/messages": v1Messages,
  "/v1/messages/count_tokens": v1MessagesCountTokens,
  "/v1/models": v1Models,
  "/v1/models/[...id]": v1ModelsId,
  "/v1/moderations": v1Moderations,
  "/v1/openapi.json": v1OpenapiJson,
  "/v1/rerank": v1Rerank,
  "/v1/responses": v1Responses,
  "/v1/responses/input_tokens": v1ResponsesInputTokens,
  "/v1/responses/[id]": v1ResponsesId,
  "/v1/responses/[id]/cancel": v1ResponsesIdCancel,
  "/v1/responses/[id]/input_items": v1ResponsesIdInputItems,
  "/v1/[[...rest]]": v1Rest,
};
