import * as z from "zod";
import { type ErrorCode, isAppError } from "@/lib/errors";
import type { RequestField } from "@/lib/protocol/request-fields";
import type { ModelDescription } from "@/lib/protocol/worker-card";
import type { Upstream } from "../openai-wire/upstream";
import type { ListedModel } from "../openai-wire/wire";
import { modelListSchema } from "../openai-wire/wire";
import { UpstreamRefusedError } from "../upstream-error";
import type { ServerName } from "./servers";

/** What a server tells of itself, beside OpenAI's wire: which it is, what its models can, how long they are. */

/** Of one model; what is absent is not told. */
export type Told = {
  contextLength?: number | undefined;
  isEmbedder?: boolean | undefined;
  /** Which weights they are. */
  weights?: string | undefined;
  /** Fields that it honours, or not, other than the server's table has it. */
  honours?: readonly RequestField[];
  lacks?: readonly RequestField[];
  samplingDefaults?: { temperature: number; topP: number } | undefined;
  stopsMax?: number | undefined;
  description?: Partial<ModelDescription>;
};

export type Look = {
  listed: ListedModel[];
  /** What is told of a model; a server of one model tells the same of all. */
  tellOf(model: ListedModel): Told;
  /** Whether it is offered unless somebody names it; absent: all are. */
  isOffered?: (model: ListedModel) => boolean;
  /** Requests that it works on at once, where it says so. */
  slots?: number | undefined;
};

const OWNERS: Record<string, ServerName> = {
  sglang: "sglang",
  llamacpp: "llama.cpp",
  library: "ollama",
  organization_owner: "lm-studio",
  parley: "parley",
};

const number = z.number().int().positive().nullish().catch(undefined);
const share = z.number().nullish().catch(undefined);
const word = z.string().nullish().catch(undefined);

const PROPS = z.object({
  default_generation_settings: z.object({
    n_ctx: number,
    params: z.object({ temperature: share, top_p: share }).nullish().catch(undefined),
  }),
  total_slots: number,
  model_path: word,
  modalities: z
    .object({ vision: z.boolean().catch(false) })
    .nullish()
    .catch(undefined),
  chat_template_caps: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});
const TGI_INFO = z.object({
  model_id: z.string(),
  model_sha: word,
  max_total_tokens: number,
  max_concurrent_requests: number,
  max_stop_sequences: number,
});
const SGLANG_MODEL = z.object({
  model_path: z.string(),
  is_generation: z.boolean().nullish(),
  has_image_understanding: z.boolean().nullish(),
});
const SGLANG_SERVER = z.object({
  tool_call_parser: word,
  enable_deterministic_inference: z.boolean().nullish().catch(undefined),
  max_running_requests: number,
});
const OLLAMA_VERSION = z.object({ version: z.string() });
const OLLAMA_TAGS = z.object({
  models: z.array(z.object({ name: z.string(), digest: word })),
});
const OLLAMA_PS = z.object({
  models: z.array(z.object({ name: z.string(), context_length: number })),
});
const OLLAMA_SHOW = z.object({
  capabilities: z.array(z.string()).nullish(),
  model_info: z.record(z.string(), z.unknown()).nullish(),
  parameters: word,
});
const LM_STUDIO_MODELS = z.object({
  data: z.array(
    z.object({
      ...{ id: z.string(), type: word, state: word, quantization: word },
      ...{ max_context_length: number, loaded_context_length: number },
      capabilities: z.array(z.string()).nullish().catch(undefined),
    }),
  ),
});

/** Below which Ollama knows nothing of log-probabilities (its release notes). */
const OLLAMA_WITH_SCORES = [0, 12, 11];
/** What Ollama gives a model of which nobody says more (its FAQ, "context window size"). */
const OLLAMA_CONTEXT_LENGTH = 4_096;

/** The models of a server by OpenAI's own list. Throws where it cannot be asked. */
export async function listModels(upstream: Upstream, signal: AbortSignal): Promise<ListedModel[]> {
  return (await upstream.look("/models", modelListSchema, signal)).data;
}

/** Which server it is: by who owns its models, else by what only one of them has. */
export async function recogniseServer(
  upstream: Upstream,
  listed: readonly ListedModel[],
  signal: AbortSignal,
): Promise<ServerName> {
  // Any of them: a Parley tells who made each model, and itself of its own aliases alone.
  const owners = listed.map(({ owned_by: owner }) => owner ?? "");
  const known = owners.find((owner) => Object.hasOwn(OWNERS, owner));
  if (known !== undefined && OWNERS[known] !== undefined) return OWNERS[known];
  const ask = (path: string, schema: z.ZodType) =>
    orNothing(upstream.look(`${upstream.rootUrl}${path}`, schema, signal), isAway);
  if (await ask("/info", TGI_INFO)) return "tgi";
  if (await ask("/props", PROPS)) return "llama.cpp";
  if (await ask("/api/v0/models", LM_STUDIO_MODELS)) return "lm-studio";
  if (await ask("/get_model_info", SGLANG_MODEL)) return "sglang";
  if (await ask("/api/version", OLLAMA_VERSION)) return "ollama";
  if (await ask("/system", z.object({ backends: z.array(z.unknown()) }))) return "localai";
  return "generic";
}

/** What a server of this name serves now. Throws where it cannot be asked. */
export async function lookAtServer(
  upstream: Upstream,
  server: ServerName,
  signal: AbortSignal,
): Promise<Look> {
  const listed = await listModels(upstream, signal);
  const look = LOOKS[server];
  return { listed, ...(await look(upstream, { listed, signal })) };
}

type Asking = { listed: readonly ListedModel[]; signal: AbortSignal };
type LookRest = Omit<Look, "listed">;

/** What OpenAI's list itself tells at some servers. */
const tellListed = (model: ListedModel): Told => ({
  contextLength: model.max_model_len ?? model.context_length ?? undefined,
  weights: model.root ?? undefined,
});

const LOOKS: Record<ServerName, (upstream: Upstream, asking: Asking) => Promise<LookRest>> = {
  generic: async () => ({ tellOf: tellListed }),
  localai: async () => ({ tellOf: tellListed }),
  // Its aliases stand for models of its own, and every Parley has an `auto`.
  parley: async () => ({ tellOf: tellListed, isOffered: ({ alias_of: alias }) => alias == null }),
  sglang: lookAtSglang,
  tgi: lookAtTgi,
  "llama.cpp": lookAtLlamaCpp,
  ollama: lookAtOllama,
  "lm-studio": lookAtLmStudio,
};

async function lookAtSglang(upstream: Upstream, { signal }: Asking): Promise<LookRest> {
  const model = await find(upstream, "/get_model_info", { schema: SGLANG_MODEL, signal });
  const server = await find(upstream, "/get_server_info", { schema: SGLANG_SERVER, signal });
  const honours: RequestField[] = [];
  if (model?.has_image_understanding) honours.push("images");
  // Without this mode a seed changes nothing.
  if (server?.enable_deterministic_inference) honours.push("sampling.seed");
  // Without a parser calls are text.
  const lacks = server && server.tool_call_parser == null ? TOOL_FIELDS : [];
  return {
    slots: server?.max_running_requests ?? undefined,
    tellOf: (listed) => ({
      ...tellListed(listed),
      ...{ honours, lacks, isEmbedder: model?.is_generation === false },
    }),
  };
}

const TOOL_FIELDS: readonly RequestField[] = [
  ...(["toolRequest", "toolRequest.choice", "toolRequest.isParallel"] as const),
];

async function lookAtTgi(upstream: Upstream, { signal }: Asking): Promise<LookRest> {
  const info = await find(upstream, "/info", { schema: TGI_INFO, signal });
  const told = {
    contextLength: info?.max_total_tokens ?? undefined,
    weights: info?.model_sha ?? undefined,
    stopsMax: info?.max_stop_sequences ?? undefined,
  };
  return { slots: info?.max_concurrent_requests ?? undefined, tellOf: () => told };
}

async function lookAtLlamaCpp(upstream: Upstream, { signal }: Asking): Promise<LookRest> {
  const props = await find(upstream, "/props", { schema: PROPS, signal });
  const { n_ctx: context, params } = props?.default_generation_settings ?? {};
  const caps = props?.chat_template_caps;
  const told: Told = {
    contextLength: context ?? undefined,
    weights: props?.model_path?.split(/[\\/]/).at(-1),
    honours: props?.modalities?.vision ? ["images"] : [],
    lacks: caps?.supports_tools === false ? TOOL_FIELDS : [],
    ...(params?.temperature != null &&
      params.top_p != null && {
        samplingDefaults: { temperature: params.temperature, topP: params.top_p },
      }),
  };
  return { slots: props?.total_slots ?? undefined, tellOf: () => told };
}

async function lookAtOllama(upstream: Upstream, { listed, signal }: Asking): Promise<LookRest> {
  const ask = <T>(path: string, schema: z.ZodType<T>) => find(upstream, path, { schema, signal });
  const version = (await ask("/api/version", OLLAMA_VERSION))?.version ?? "";
  const tags = (await ask("/api/tags", OLLAMA_TAGS))?.models ?? [];
  const loaded = (await ask("/api/ps", OLLAMA_PS))?.models ?? [];
  const shown = new Map<string, z.infer<typeof OLLAMA_SHOW> | undefined>();
  for (const { id } of listed) {
    const about = { schema: OLLAMA_SHOW, signal, about: { model: id } };
    const url = `${upstream.rootUrl}/api/show`;
    // A model that was removed since is told of by the next look.
    shown.set(id, await orNothing(upstream.postWhole(url, { model: id }, about)));
  }
  const hasScores = isAtLeast(version, OLLAMA_WITH_SCORES);
  return {
    tellOf: ({ id }) => {
      const show = shown.get(id);
      const inUse = loaded.find(({ name }) => name === id)?.context_length;
      return {
        ...toOllamaTold(show, { inUse, hasScores }),
        weights: tags.find(({ name }) => name === id)?.digest ?? undefined,
      };
    },
  };
}

function toOllamaTold(
  show: z.infer<typeof OLLAMA_SHOW> | undefined,
  { inUse, hasScores }: { inUse: number | null | undefined; hasScores: boolean },
): Told {
  const can = show?.capabilities;
  const lacks: RequestField[] = hasScores ? [] : ["logProbabilityCount"];
  if (can && !can.includes("tools")) lacks.push("toolRequest");
  // Asked of a model that does not reason it is refused ("does not support thinking").
  if (can && !can.includes("thinking")) lacks.push("reasoningEffort");
  if (!can?.includes("vision")) lacks.push("images");
  const isEmbedder = can?.includes("embedding") && !can.includes("completion");
  const most = Object.entries(show?.model_info ?? {}).find(([name]) =>
    name.endsWith(".context_length"),
  )?.[1];
  const set = /^num_ctx\s+(\d+)/m.exec(show?.parameters ?? "")?.[1];
  // Whatever is longer it cuts without a word: what it keeps counts, not what the model could.
  const kept = inUse ?? (set ? Number(set) : OLLAMA_CONTEXT_LENGTH);
  const contextLength = typeof most === "number" ? Math.min(most, kept) : kept;
  return { lacks, isEmbedder, contextLength };
}

async function lookAtLmStudio(upstream: Upstream, { signal }: Asking): Promise<LookRest> {
  const models = (await find(upstream, "/api/v0/models", { schema: LM_STUDIO_MODELS, signal }))
    ?.data;
  return {
    tellOf: ({ id }) => {
      const model = models?.find((it) => it.id === id);
      const lacks: RequestField[] = model?.type === "vlm" ? [] : ["images"];
      if (model?.capabilities && !model.capabilities.includes("tool_use"))
        lacks.push(...TOOL_FIELDS);
      return {
        lacks,
        contextLength: model?.loaded_context_length ?? model?.max_context_length ?? undefined,
        isEmbedder: model?.type === "embeddings",
        weights: model?.quantization ?? undefined,
        description: model?.quantization ? { weightForm: model.quantization } : {},
      };
    },
  };
}

/** What stands under a path above `/v1`; undefined where the server has none such. Throws where it is away. */
async function find<T>(
  upstream: Upstream,
  path: string,
  { schema, signal }: { schema: z.ZodType<T>; signal: AbortSignal },
): Promise<T | undefined> {
  return orNothing(upstream.look(`${upstream.rootUrl}${path}`, schema, signal));
}

/** @param isOther of an error that it is no answer to the question; of who knows the server: that it fails. */
async function orNothing<T>(
  asked: Promise<T>,
  isOther: (error: unknown) => boolean = (error) => !isNoSuchPath(error),
): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isOther(error)) throw error;
    return undefined;
  }
}

/** A server that nobody knows answers a question for another with 404, a page, or whatever its catch-all says. */
const isAway = (error: unknown) => !isAppError(error) || AWAY.has(error.code);
const AWAY = new Set<ErrorCode>(["worker-lost", "timeout", "client-closed", "unavailable"]);

/** Nothing is told there, and nothing will be: unlike a failure, of which nobody can say. */
export function isNoSuchPath(error: unknown): boolean {
  if (!isAppError(error) || AWAY.has(error.code)) return false;
  const { cause } = error;
  if (!(cause instanceof UpstreamRefusedError)) return error.code === "upstream-invalid";
  const { status } = cause;
  return status === 501 || (status >= 300 && status < 500 && status !== 408 && status !== 429);
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split(/[.+-]/).map(Number);
  for (const [index, wanted] of least.entries()) {
    const part = parts[index];
    // A version of another form is one of tomorrow's.
    if (part === undefined || Number.isNaN(part)) return true;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
