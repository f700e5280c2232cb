import * as z from "zod";
import { answerChat, answerCompletion } from "./openai-answers";
import { GUISES, type ServedStandIn } from "./openai-guises";
import { toTokens, toVector } from "./stand-in-model";
import { type Asked, type StandIn, type StandInExchange, startStandIn } from "./stand-in-server";
import { answerGenerate } from "./tgi-generate";

/**
 * What Hugging Face runs, by its published documentation: a Text Generation Inference server (its own wire, its
 * chats, `/info`), an endpoint of somebody's own that is scaled to zero at first, a server of embeddings, the
 * hub's router of inference providers, and the hub's word on who serves a model.
 */

export type HuggingfaceServerOptions = {
  models?: readonly ServedStandIn[];
  /** The token that it wants; absent: none. */
  token?: string;
  /** Pause before each token. */
  tokenMs?: number;
  cold?: Cold;
  /** Who serves each model of the hub, and as what; absent: one provider, all of them as chats. */
  providers?: readonly HubProvider[];
};

export type HubProvider = { provider: string; task: string; status?: "live" | "staging" };

/** An endpoint of which the first so many answers are that it is not there yet. */
export type Cold = {
  answers: number;
  /**
   * `loading`: as the inference API tells of a model; `waking`: as the proxy before an endpoint does, which
   * says nothing but the status.
   */
  as: "loading" | "waking";
  estimateSeconds?: number;
};

export type HuggingfaceServer = StandIn & {
  /** From now on; undefined: it is warm. */
  setCold(cold: Cold | undefined): void;
  /** What it refuses every question with from now on; undefined: nothing. */
  setRefusal(refusal: { status: number; body: unknown } | undefined): void;
};

export const HOSTED_STAND_INS: readonly ServedStandIn[] = [
  { id: "stand-in/lantern", contextLength: 2_048, kind: "chat" },
  { id: "stand-in/thinker", contextLength: 2_048, kind: "chat", reasons: true },
  { id: "stand-in/embedder", contextLength: 512, kind: "embeddings" },
];

export async function startHuggingfaceServer(
  options: HuggingfaceServerOptions = {},
): Promise<HuggingfaceServer> {
  const { models = HOSTED_STAND_INS, token, tokenMs = 0 } = options;
  let cold = options.cold;
  let refusal: { status: number; body: unknown } | undefined;
  const server = await startStandIn({
    toError: (_, message) => toTgiError(message, "generation"),
    handle: async (exchange) => {
      const { asked } = exchange;
      const isWork = asked.method === "POST";
      if (token !== undefined && isWork && asked.headers.authorization !== `Bearer ${token}`) {
        exchange.sendJson({ error: "Invalid username or password." }, 401);
        return;
      }
      if (isWork && cold !== undefined && cold.answers > 0) {
        cold = { ...cold, answers: cold.answers - 1 };
        tellCold(exchange, cold);
        return;
      }
      if (isWork && refusal !== undefined) {
        exchange.sendJson(refusal.body, refusal.status);
        return;
      }
      await answer(exchange, { models, tokenMs, providers: options.providers });
    },
  });
  return {
    ...server,
    setCold: (next) => {
      cold = next;
    },
    setRefusal: (next) => {
      refusal = next;
    },
  };
}

const toTgiError = (error: string, type: string) => ({ error, error_type: type });

function tellCold({ response, sendJson }: StandInExchange, { as, estimateSeconds }: Cold): void {
  if (as === "loading") {
    const estimate = estimateSeconds === undefined ? {} : { estimated_time: estimateSeconds };
    sendJson({ error: "Model stand-in/lantern is currently loading", ...estimate }, 503);
    return;
  }
  response.writeHead(503, { "content-type": "text/plain" }).end("503 Service Unavailable");
}

type Serving = {
  models: readonly ServedStandIn[];
  tokenMs: number;
  providers: readonly HubProvider[] | undefined;
};

async function answer(exchange: StandInExchange, serving: Serving): Promise<void> {
  const { models, tokenMs } = serving;
  const { path } = exchange.asked;
  const [model] = models;
  if (path === "/v1/chat/completions" && isRouted(exchange.asked)) {
    return await answerRouted(exchange, serving);
  }
  if (path === "/v1/chat/completions" || path === "/v1/completions") {
    // Its chats take any model's name, since it has one.
    const place = { exchange: asOf(exchange, model), guise: GUISES.tgi, models, tokenMs };
    return path === "/v1/completions" ? await answerCompletion(place) : await answerChat(place);
  }
  if (path === "/generate_stream" && model) {
    return await answerGenerate({ exchange, model, tokenMs });
  }
  const [, provider] = /^\/([\w-]+)\/v1\/chat\/completions$/.exec(path) ?? [];
  if (provider !== undefined) return await answerRouted(exchange, serving);
  if (path === "/info") {
    exchange.sendJson(GUISES.tgi.tell(exchange.asked, models));
    return;
  }
  const [, id] = /^\/api\/models\/(.+)$/.exec(path) ?? [];
  if (id !== undefined) {
    tellHub(exchange, decodeURIComponent(id), serving);
    return;
  }
  if (path === "/" || path.endsWith("/pipeline/feature-extraction")) {
    answerVectors(exchange);
    return;
  }
  exchange.sendJson({ error: "Not Found" }, 404);
}

/** The router knows models of the hub by their whole names; a server of one model calls it `tgi`. */
function isRouted({ body }: Asked): boolean {
  const { model } = z.looseObject({ model: z.string().catch("") }).parse(body ?? {});
  return model.includes("/");
}

function asOf(exchange: StandInExchange, model: ServedStandIn | undefined): StandInExchange {
  const { asked } = exchange;
  const body = typeof asked.body === "object" ? { ...asked.body, model: model?.id } : asked.body;
  return { ...exchange, asked: { ...asked, body } };
}

async function answerRouted(exchange: StandInExchange, serving: Serving): Promise<void> {
  const { models, tokenMs } = serving;
  const body = z.looseObject({ model: z.string() }).parse(exchange.asked.body);
  // `name:provider`, and policies such as `name:fastest`.
  const [name] = body.model.split(":");
  const model = models.find(({ id }) => id === name);
  if (!model) {
    const message = `The requested model '${body.model}' is not supported by any provider you have enabled.`;
    const error = { message, type: "invalid_request_error", param: "model" };
    exchange.sendJson({ error: { ...error, code: "model_not_supported" } }, 400);
    return;
  }
  await answerChat({ exchange: asOf(exchange, model), guise: GUISES.generic, models, tokenMs });
}

function tellHub(exchange: StandInExchange, id: string, { models, providers }: Serving): void {
  const model = models.find((it) => it.id === id);
  if (!model) {
    exchange.sendJson({ error: "Repository not found" }, 404);
    return;
  }
  const task = model.kind === "embeddings" ? "feature-extraction" : "conversational";
  const served = providers ?? [{ provider: "together", task }];
  exchange.sendJson({
    id,
    inferenceProviderMapping: Object.fromEntries(
      served.map(({ provider, task: its, status = "live" }) => [
        provider,
        { status, providerId: id, task: its },
      ]),
    ),
  });
}

/** As text-embeddings-inference answers under `/`, and the pipeline of that name. */
function answerVectors(exchange: StandInExchange): void {
  const parsed = z
    .looseObject({
      inputs: z.union([z.string(), z.array(z.string())]),
      truncate: z.boolean().optional(),
    })
    .safeParse(exchange.asked.body);
  if (!parsed.success) {
    exchange.sendJson(toTgiError("Input validation error: no inputs", "Validation"), 422);
    return;
  }
  const { inputs, truncate = false } = parsed.data;
  const texts = typeof inputs === "string" ? [inputs] : inputs;
  if (!truncate && texts.some((text) => toTokens(text).length > 512)) {
    const message = "Input validation error: `inputs` must have less than 512 tokens. Given: 600";
    exchange.sendJson(toTgiError(message, "Validation"), 413);
    return;
  }
  exchange.sendJson(texts.map((text) => toVector(text)));
}
