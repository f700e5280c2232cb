/** Every URL of ours as a value or a function. */
export const paths = {
  battle: "/",
  battleById: (id: string) => `/battle/${id}`,
  compare: "/compare",
  compareById: (id: string) => `/compare/${id}`,
  chat: "/chat",
  chatById: (id: string) => `/chat/${id}`,
  history: "/history",
  share: (id: string) => `/share/${id}`,
  /** What was done to boards, and to whom it applies. */
  publicLog: "/leaderboard/log",
  leaderboard: "/leaderboard",
  /** `category`: protocol/board-key.ts. */
  leaderboardOf: (category: string) => `/leaderboard/${category}`,
  leaderboardOverview: "/leaderboard/overview",
  /** What battles are about. */
  explore: "/explore",
  stats: "/stats",
  models: "/models",
  /** `slug`: protocol/model-slug.ts. */
  model: (slug: string) => `/models/${slug}`,
  /** A board that does not change any more. */
  publishedBoard: (id: string) => `/leaderboard/published/${id}`,
  adminBoards: "/admin/boards",
  admin: "/admin",
  adminLogin: "/admin/login",
  adminWorkers: "/admin/workers",
  adminKeys: "/admin/keys",
  adminUsage: "/admin/usage",
  adminModels: "/admin/models",
  adminProviders: "/admin/providers",
  adminArena: "/admin/arena",
  adminReviews: "/admin/reviews",
  developers: "/developers",
  /** What this is, how votes become ratings, what is kept. */
  about: "/about",
  api: {
    // What pages call.
    conversations: "/api/conversations",
    /** `before`: the messages before that one, in place of the newest. */
    conversation: (id: string, before?: string) =>
      `/api/conversations/${id}${before === undefined ? "" : `?before=${before}`}`,
    conversationTurns: (id: string) => `/api/conversations/${id}/turns`,
    /** A prompt answered anew. */
    conversationAnswers: (id: string) => `/api/conversations/${id}/answers`,
    conversationStream: (id: string) => `/api/conversations/${id}/stream`,
    conversationStop: (id: string) => `/api/conversations/${id}/stop`,
    conversationVote: (id: string) => `/api/conversations/${id}/vote`,
    conversationMarks: (id: string) => `/api/conversations/${id}/marks`,
    conversationExport: (id: string, format: "md" | "json") =>
      `/api/conversations/${id}/export?format=${format}`,
    conversationShares: (id: string) => `/api/conversations/${id}/shares`,
    share: (id: string) => `/api/shares/${id}`,
    /** All that is kept of the visitor who asks: to take along, and to delete. */
    visitor: "/api/visitor",
    terms: "/api/terms",
    humanity: "/api/humanity",
    arena: "/api/arena",
    models: "/api/models",
    leaderboard: "/api/leaderboard",
    leaderboardChoices: "/api/leaderboard/choices",
    leaderboardOverview: "/api/leaderboard/overview",
    leaderboardPairs: "/api/leaderboard/pairs",
    leaderboardHistory: "/api/leaderboard/history",
    /** From the visitor's own votes. */
    personalBoard: "/api/leaderboard/mine",
    /** The board as a file, `csv` or `json`. */
    leaderboardFile: "/api/leaderboard/file",
    /** Every counted vote without identity, `jsonl` or `parquet`. */
    votesFile: "/api/leaderboard/votes",
    publishedBoards: "/api/leaderboard/published",
    publishedBoard: (id: string) => `/api/leaderboard/published/${id}`,
    /** The frozen board as a file: `json`, byte for byte what computing it again gives, or `csv`. */
    publishedFile: (id: string) => `/api/leaderboard/published/${id}/board`,
    publishedVotes: (id: string) => `/api/leaderboard/published/${id}/votes`,
    model: (slug: string) => `/api/models/${slug}`,
    stats: "/api/stats",
    explore: "/api/explore",
    adminBoards: "/api/admin/boards",
    adminBoard: (id: string) => `/api/admin/boards/${id}`,
    /** `before`: the lines before that one, in place of the newest. */
    publicLog: (before?: string) =>
      `/api/leaderboard/log${before === undefined ? "" : `?before=${before}`}`,
    tokenCount: "/api/token-count",
    session: "/api/session",
    adminWorkers: "/api/admin/workers",
    adminWorker: (id: string) => `/api/admin/workers/${id}`,
    adminKeys: "/api/admin/keys",
    adminKey: (id: string) => `/api/admin/keys/${id}`,
    adminUsage: "/api/admin/usage",
    adminModels: "/api/admin/models",
    adminAliases: "/api/admin/aliases",
    adminProviders: "/api/admin/providers",
    adminProviderKeys: "/api/admin/providers/keys",
    adminProviderKey: (id: string) => `/api/admin/providers/keys/${id}`,
    adminExternalModels: "/api/admin/providers/models",
    adminExternalModel: (id: string) => `/api/admin/providers/models/${id}`,
    /** One short answer of it. */
    adminExternalTry: (id: string) => `/api/admin/providers/models/${id}/try`,
    adminFeedback: "/api/admin/feedback",
    adminArena: "/api/admin/arena",
    adminArenaHistory: "/api/admin/arena/history",
    adminReviews: "/api/admin/reviews",
    adminReview: (id: string) => `/api/admin/reviews/${id}`,
    adminVisitor: (voter: string) => `/api/admin/visitors/${voter}`,
    adminWithdrawals: "/api/admin/withdrawals",
    adminRetirements: "/api/admin/retirements",
    // What workers call.
    workers: "/api/workers",
    /** `instanceId`: whose life ends. */
    worker: (id: string, instanceId: string) => `/api/workers/${id}?instanceId=${instanceId}`,
    /** Models of external providers that the platform keeps, with their keys. */
    workerExternalModels: "/api/workers/external-models",
    workerHeartbeat: (id: string) => `/api/workers/${id}/heartbeat`,
    /** Beneath it stand the paths of a worker: this Parley as the worker of another one. */
    relay: "/api/relay",
  },
  // What a worker answers.
  worker: {
    generate: "/generate",
    embed: "/embed",
    rerank: "/rerank",
    classify: "/classify",
    tokenize: "/tokenize",
    detokenize: "/detokenize",
    tokenizerInfo: "/tokenizer-info",
    card: "/card",
    health: "/health",
    healthz: "/healthz",
    readyz: "/readyz",
    metrics: "/metrics",
  },
  v1: {
    models: "/v1/models",
    chatCompletions: "/v1/chat/completions",
    completions: "/v1/completions",
    embeddings: "/v1/embeddings",
    messages: "/v1/messages",
    countTokens: "/v1/messages/count_tokens",
    rerank: "/v1/rerank",
    responses: "/v1/responses",
    responseInputTokens: "/v1/responses/input_tokens",
    response: (id: string) => `/v1/responses/${id}`,
    moderations: "/v1/moderations",
    classify: "/v1/classify",
    feedback: "/v1/feedback",
    openapi: "/v1/openapi.json",
  },
  tokenize: "/tokenize",
  detokenize: "/detokenize",
  tokenizerInfo: "/tokenizer_info",
  /** FastChat's own. */
  fastchat: { tokenCheck: "/api/v1/token_check", chatCompletions: "/api/v1/chat/completions" },
  healthz: "/healthz",
  readyz: "/readyz",
  metrics: "/metrics",
} as const;
