import { answerChat, answerCompletion, answerEmbeddings } from "./openai-answers";
import { GUISES, type GuiseName, type ServedStandIn } from "./openai-guises";
import { type Asked, type StandIn, type StandInExchange, startStandIn } from "./stand-in-server";
import type { EngineFlags } from "./token-ids";
import { answerEnginePath, type EngineLoad } from "./vllm-paths";

/** A server of OpenAI's wire that stands in for those of others, each with its own ways. */

export type OpenAiServerOptions = {
  guise: GuiseName;
  models?: readonly ServedStandIn[];
  /** The key that it wants; absent: none. */
  key?: string;
  /** Answers other paths, or in the place of its own; false: not its own either. */
  handle?(exchange: StandInExchange): Promise<boolean> | boolean;
  /** Absent: any free one. */
  port?: number;
  /** Pause before each token. */
  tokenMs?: number;
  /** Of vLLM: what it was told at its start. */
  engineFlags?: EngineFlags;
};

export type OpenAiServer = StandIn & {
  /** Up to and with /v1. */
  baseUrl: string;
  /** From now on. */
  setModels(models: readonly ServedStandIn[]): void;
  /** What others have in vLLM's engines, from now on. */
  setLoads(loads: readonly EngineLoad[]): void;
};

export const STAND_IN_MODELS: readonly ServedStandIn[] = [
  { id: "stand-in", contextLength: 2_048, kind: "chat" },
  { id: "stand-in-thinker", contextLength: 2_048, kind: "chat", reasons: true },
  { id: "stand-in-embedder", contextLength: 512, kind: "embeddings" },
];

export async function startOpenAiServer(options: OpenAiServerOptions): Promise<OpenAiServer> {
  const guise = GUISES[options.guise];
  let models = options.models ?? STAND_IN_MODELS;
  let loads: readonly EngineLoad[] = [{ running: 0, waiting: 0, cacheShare: 0 }];
  let working = 0;
  const server = await startStandIn({
    port: options.port,
    toError: (status, message) => guise.toError(status, { message }),
    isWork: ({ method, path }) => method === "POST" && path.startsWith("/v1/"),
    handle: async (exchange) => {
      const { asked } = exchange;
      if (!isLetIn(asked, options.key)) {
        exchange.sendJson(guise.toError(401, { message: "Invalid key sk-of-nobody." }), 401);
        return;
      }
      if (await options.handle?.(exchange)) return;
      if (asked.path === "/v1/models") {
        const { root } = options.engineFlags ?? {};
        const data = models.map((it) => ({ ...guise.toListed(it), ...(root && { root }) }));
        exchange.sendJson({ object: "list", data });
        return;
      }
      if (options.guise === "vllm") {
        const [first, ...others] = loads;
        const own = first ? [{ ...first, running: first.running + working }, ...others] : [];
        const flags = options.engineFlags ?? {};
        if (answerEnginePath({ exchange, models, loads: own, flags })) return;
      }
      const told = guise.tell(asked, models);
      if (told !== undefined) {
        exchange.sendJson(told);
        return;
      }
      const flags = options.engineFlags ?? {};
      const place = { exchange, guise, models, tokenMs: options.tokenMs ?? 0, flags };
      const answer = asked.path === "/v1/chat/completions" ? answerChat : answerCompletion;
      if (answer === answerChat || asked.path === "/v1/completions") {
        working += 1;
        return await answer(place).finally(() => {
          working -= 1;
        });
      }
      if (asked.path === "/v1/embeddings") return answerEmbeddings(place);
      exchange.sendJson(guise.toError(404, { message: "Not Found" }), 404);
    },
  });
  return {
    ...server,
    baseUrl: `${server.url}/v1`,
    setModels: (next) => {
      models = next;
    },
    setLoads: (next) => {
      loads = next;
    },
  };
}

function isLetIn({ headers }: Asked, key: string | undefined): boolean {
  return key === undefined || headers.authorization === `Bearer ${key}`;
}
