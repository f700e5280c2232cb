/**
 * Which folder may import which. This table is the architecture: read it top to bottom to learn the
 * system; to change it, change it here, in its own commit, with the reason. `layers.test.ts` holds
 * every file to it.
 */

/** Open to everyone: the root files of lib/ and three folders that speak no domain word. */
export const FOUNDATION: readonly string[] = ["lib", "lib/config", "lib/util", "lib/telemetry"];

export const LAYERS: Record<string, readonly string[]> = {
  // Contracts and pure logic: no database, no framework.
  "lib/protocol": [],
  "lib/anthropic": ["lib/protocol"],
  "lib/openai": ["lib/protocol"],
  // How families of models want a conversation written.
  "lib/adapters": [],
  // The workers of another platform, spoken to in their own protocol.
  "lib/fastchat": ["lib/adapters", "lib/protocol"],
  // Images that requests name by an address: fetched, and from nowhere that the public cannot reach.
  "lib/images": ["lib/protocol"],
  // Models as hubs keep them, and as they lie on this machine.
  "lib/hub": [],
  // Files in which operators name models of external providers, ours and FastChat's.
  "lib/models-file": ["lib/protocol"],
  // What the API is, told to programs and people from the schemas that it parses with.
  "lib/openapi": ["lib/anthropic", "lib/openai", "lib/protocol"],
  "lib/engine": ["lib/adapters"],
  // Models nobody trained: for tests and measurements, out of reach of what serves people.
  "lib/engine/synthetic": ["lib/engine"],
  // Servers that speak what providers' speak, for tests and measurements: out of reach of what serves people.
  "lib/stand-ins": [],
  "lib/rating": [],

  // Domains with state.
  "lib/db": [],
  "lib/auth": ["lib/db", "lib/protocol"],
  "lib/catalog": ["lib/db", "lib/protocol"],
  // What became of each model, written down by whoever lets it happen.
  "lib/ledger": ["lib/db"],
  "lib/usage": ["lib/auth", "lib/catalog", "lib/db", "lib/protocol"],
  // The catalog: by which rule a model's worker is chosen is part of what keepers say of it.
  // The rules of the arena: some models are asked for by battles alone, and nobody is told their names.
  // The ledger: a model that is offered again is back.
  "lib/controller": [
    ...["lib/catalog", "lib/db", "lib/fastchat", "lib/ledger", "lib/protocol", "lib/rules"],
  ],
  // Work that outlives a request, one process at a time.
  "lib/jobs": ["lib/db"],
  // Votes as files: what others publish is read, and what is published here is written.
  "lib/vote-files": ["lib/protocol", "lib/rating"],
  // The catalog: prices stand beside scores.
  // The ledger: a model that is imported has had its first battle.
  "lib/leaderboard": [
    ...["lib/catalog", "lib/db", "lib/jobs", "lib/ledger", "lib/protocol", "lib/rating"],
    ...["lib/rules", "lib/vote-files"],
  ],
  // The leaderboard: `auto` is the best-rated model.
  "lib/gateway": [
    ...["lib/auth", "lib/catalog", "lib/controller", "lib/db", "lib/fastchat"],
    ...["lib/leaderboard", "lib/protocol", "lib/usage"],
  ],
  // Models of external providers that the platform keeps, and their keys, sealed. The gateway: keepers try them.
  "lib/providers": [
    ...["lib/auth", "lib/controller", "lib/db", "lib/gateway", "lib/protocol", "lib/usage"],
  ],
  // This Parley as the worker of another one.
  "lib/relay": [
    ...["lib/auth", "lib/controller", "lib/db", "lib/gateway", "lib/protocol", "lib/usage"],
  ],
  // The rules of the arena, as operators set them.
  "lib/rules": ["lib/db", "lib/ledger", "lib/protocol"],
  // What a visitor may be asked and asked about: held-back prompts, votes that do not count, who is excluded.
  "lib/integrity": [
    ...["lib/auth", "lib/catalog", "lib/db", "lib/leaderboard", "lib/ledger", "lib/protocol"],
    ...["lib/rating", "lib/rules", "lib/usage"],
  ],
  "lib/moderation": [
    ...[
      "lib/auth",
      "lib/controller",
      "lib/db",
      "lib/gateway",
      "lib/openai",
      "lib/protocol",
      "lib/rules",
    ],
    "lib/usage",
  ],
  // The catalog: a reveal tells prices. The leaderboard and ratings: pairs are drawn by what is known of them.
  "lib/arena": [
    ...["lib/auth", "lib/catalog", "lib/controller", "lib/db", "lib/gateway", "lib/integrity"],
    ...["lib/leaderboard", "lib/ledger", "lib/moderation", "lib/protocol", "lib/rating"],
    ...["lib/rules", "lib/usage"],
  ],
  // What visitors keep of their conversations, and what they make public of them.
  "lib/history": ["lib/arena", "lib/auth", "lib/db", "lib/protocol", "lib/rules"],
  // What is told of each model, and what became of it.
  "lib/models": [
    ...["lib/catalog", "lib/controller", "lib/db", "lib/jobs", "lib/leaderboard", "lib/ledger"],
    ...["lib/protocol", "lib/rating", "lib/rules"],
  ],
  // Days of the site, in sums that tell of nobody.
  "lib/stats": ["lib/db", "lib/jobs", "lib/protocol"],
  // Categories that a model reads from prompts, where operators want that.
  "lib/labels": [
    ...["lib/auth", "lib/controller", "lib/db", "lib/gateway", "lib/jobs", "lib/protocol"],
    ...["lib/rating", "lib/rules", "lib/usage"],
  ],
  // What battles are about. The history: personal data is taken out of what is shown.
  "lib/topics": [
    ...["lib/db", "lib/history", "lib/jobs", "lib/leaderboard", "lib/protocol", "lib/rating"],
    "lib/rules",
  ],
  // The one domain that keeps what a wire says: its rows are responses as clients read them.
  "lib/responses": [
    ...["lib/auth", "lib/controller", "lib/db", "lib/gateway", "lib/images", "lib/openai"],
    ...["lib/protocol", "lib/usage"],
  ],
  // The integrity of the arena: callers of the API without a key are limited as visitors of the pages are.
  "lib/http": [
    ...["lib/anthropic", "lib/auth", "lib/fastchat", "lib/integrity", "lib/openai"],
    ...["lib/protocol", "lib/usage"],
  ],

  // Doors: thin, and imported by nothing.
  components: ["lib/protocol"],
  app: [
    "components",
    ...["lib/anthropic", "lib/arena", "lib/auth", "lib/catalog", "lib/controller", "lib/fastchat"],
    ...["lib/gateway", "lib/history", "lib/http", "lib/images", "lib/integrity", "lib/jobs"],
    "lib/labels",
    ...["lib/leaderboard", "lib/models", "lib/moderation", "lib/openai", "lib/openapi"],
    ...[
      "lib/protocol",
      "lib/providers",
      "lib/relay",
      "lib/responses",
      "lib/rules",
      "lib/stats",
      "lib/topics",
    ],
    ...["lib/usage", "lib/vote-files"],
  ],
  worker: [
    ...["lib/adapters", "lib/engine", "lib/hub", "lib/models-file", "lib/protocol"],
    "lib/stand-ins",
  ],
  scripts: ["lib/db", "lib/protocol"],
  // Benchmarks start the same platform as the end-to-end tests.
  // The fleet that tests end and freeze has a database of its own, which is asked what is left.
  e2e: ["lib/db", "lib/protocol", "lib/stand-ins"],
  // The controller: its policies choose workers on paper. So are pairs of models drawn and votes judged.
  bench: [
    ...["e2e", "lib/arena", "lib/controller", "lib/engine", "lib/engine/synthetic"],
    ...["lib/db", "lib/integrity", "lib/leaderboard", "lib/protocol", "lib/rating"],
    ...["lib/stand-ins", "lib/usage", "lib/vote-files"],
  ],
  // The engine: `parley chat --local` runs a model in its own process.
  cli: [
    ...["lib/adapters", "lib/auth", "lib/catalog", "lib/controller", "lib/db", "lib/integrity"],
    // Files of models: what stands in them is taken over by the platform.
    ...["lib/engine", "lib/hub", "lib/models-file"],
    // Moderation: its patterns are checked wherever they are written.
    ...["lib/jobs", "lib/labels", "lib/leaderboard", "lib/models", "lib/moderation"],
    ...["lib/protocol", "lib/providers", "lib/rating", "lib/rules", "lib/stats", "lib/topics"],
    ...["lib/stand-ins", "lib/usage", "lib/vote-files"],
  ],
};

/** What a "use client" file may import from lib/: whatever it names is shipped to the browser. */
export const CLIENT_SAFE: readonly string[] = ["lib", "lib/util", "lib/protocol"];

/** The only folders in which a heavy dependency may be named. */
export const HOMES: Record<string, readonly string[]> = {
  next: ["app", "components"],
  react: ["app", "components"],
  "onnxruntime-node": ["lib/engine"],
  koffi: ["lib/engine"],
  protobufjs: ["lib/engine"],
  "@huggingface": ["lib/engine", "lib/hub", "worker"],
  // External providers are asked by workers alone.
  ai: ["worker"],
  "@ai-sdk": ["worker"],
  "@openrouter": ["worker"],
  flatbuffers: ["lib/engine/synthetic"],
  // lib/util: the way out by a proxy, which is the same for all that go out.
  // worker: streams of upstreams, without the layers that fetch lays over them.
  undici: ["lib/protocol", "lib/fastchat", "lib/images", "lib/util", "worker"],
  pino: ["lib/telemetry"],
  postgres: ["lib/db"],
  re2js: ["lib/moderation"],
  "pg-boss": ["lib/jobs"],
  "@opentelemetry": ["lib/telemetry"],
  "drizzle-orm": [
    ...["lib/db", "lib/auth", "lib/catalog", "lib/controller", "lib/gateway", "lib/usage"],
    ...["lib/arena", "lib/history", "lib/integrity", "lib/leaderboard", "lib/moderation"],
    ...["lib/responses", "lib/rules", "lib/jobs", "lib/labels", "lib/models", "lib/stats"],
    ...["lib/ledger", "lib/providers", "lib/topics"],
  ],
};
