import { isAppError } from "@/lib/errors";
import type { RequestField } from "@/lib/protocol/request-fields";
import { modelDescriptionSchema } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import {
  UPSTREAM_CONTEXT_LENGTH_DEFAULT,
  UPSTREAM_MODELS_MAX,
  UPSTREAM_NAMED_PROMPT_TOKENS_MAX,
  UPSTREAM_PROBE_AGAIN_MS,
  UPSTREAM_SLOTS_DEFAULT,
} from "@/lib/upstream-limits";
import type { Backend } from "../backend";
import { Upstream } from "./openai-wire/upstream";
import type { NamedModel } from "./openai-wire/upstream-flags";
import { type ListedModel, modelListSchema } from "./openai-wire/wire";
import { createWireBackend } from "./openai-wire/wire-backend";
import { toBuild, type WireModel } from "./openai-wire/wire-model";
import { readEngineLoad, withoutOwn } from "./vllm/engine-load";
import { type LaunchOptions, launchServer } from "./vllm/launched-server";
import { toVllmCalls } from "./vllm/vllm-calls";
import { VLLM_DIALECT } from "./vllm/vllm-dialect";
import { type Found, findOut, RESUME_FIELDS } from "./vllm/vllm-probe";

export type VllmOptions = {
  /** Up to and with `/v1`, or what starts a server of the worker's own. */
  server: { baseUrl: string } | { launch: LaunchOptions };
  /** With keys in them: a function, so that no log of settings has them. */
  headers: () => Readonly<Record<string, string>>;
  /** Those to offer; none means all that the server lists. */
  models: readonly NamedModel[];
  /** Fields that it honours, or not, in place of what is found out of it. */
  honours: readonly RequestField[];
  lacks: readonly RequestField[];
  /** Absent: the default. */
  slots?: number | undefined;
  watchIntervalMs?: number;
  silenceMsMax?: number;
  /** Of a question what the server can, and until one that was not answered is asked again. */
  probeMsMax?: number;
  probeAgainMs?: number;
};

/** @throws StartError where the server refuses the worker, or cannot be started. */
export async function createVllmBackend(
  options: VllmOptions,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<Backend> {
  const { server, slots = UPSTREAM_SLOTS_DEFAULT, watchIntervalMs } = options;
  const launched = "launch" in server ? await launchServer(server.launch, log) : undefined;
  const baseUrl = "launch" in server ? (launched?.baseUrl ?? "") : server.baseUrl;
  try {
    const upstream = new Upstream({ ...options, baseUrl, headers: options.headers() });
    const watched = new WatchedEngine(options, { upstream, log });
    return await createWireBackend(
      {
        kind: "vllm",
        ...{ slots, upstream, log },
        look: async (lookSignal) => {
          if (launched) await upstream.lookText(`${upstream.rootUrl}/health`, lookSignal);
          const models = await watched.look(lookSignal);
          launched?.seeHealthy();
          return models;
        },
        ...(watchIntervalMs !== undefined && { watchIntervalMs }),
        calls: toVllmCalls(upstream),
        inFlight: watched.inFlight,
        foreignLoad: () => watched.foreignLoad,
        ...(launched && {
          onWatch: (nudge: () => void) => launched.watch(nudge),
          onClose: () => launched.close(),
        }),
      },
      signal,
    );
  } catch (error) {
    await launched?.close();
    throw error;
  }
}

type Listed = {
  listed: ListedModel;
  /** Of an adapter the model that it is of. */
  parent: ListedModel | undefined;
  found: Found;
};

/** Of a machine's own files: another one may have other weights under the same name. */
const A_FOLDER = /^([/~.]|[A-Za-z]:)/;

/** All that a server says of which weights it has, and how it computes them. */
function toWeights({ listed, parent, found: { fingerprint } }: Listed): string {
  const base = parent && [parent.id, parent.root ?? ""];
  return [listed.root ?? "", ...(base ?? []), ...(fingerprint ? [fingerprint] : [])].join("\n");
}

/** Naming tokens and going on from them are of no use without each other. */
function withPartner(fields: readonly RequestField[]): readonly RequestField[] {
  return fields.includes("resume") ? [...fields, "reportTokenIds"] : fields;
}

/** A vLLM server, and what is known of it between two looks. */
class WatchedEngine {
  /** What this worker has there. */
  readonly inFlight = { count: 0 };
  /** What others had there when it was looked at. */
  foreignLoad = { running: 0, waiting: 0 };
  readonly #options: VllmOptions;
  readonly #upstream: Upstream;
  readonly #log: Log;
  readonly #found = new Map<string, Found & { askedMs: number }>();
  readonly #said = new Set<string>();

  constructor(options: VllmOptions, { upstream, log }: { upstream: Upstream; log: Log }) {
    this.#options = options;
    this.#upstream = upstream;
    this.#log = log;
  }

  async look(signal: AbortSignal): Promise<WireModel[]> {
    try {
      const { data } = await this.#upstream.look("/models", modelListSchema, signal);
      await this.#readLoad(signal);
      const models: WireModel[] = [];
      for (const { named, listed } of this.#choose(data)) {
        const parent = data.find(({ id }) => id === listed.parent);
        const found = await this.#findOut(listed, signal);
        models.push(this.#toModel(named, { listed, parent, found }));
      }
      return models;
    } catch (error) {
      // Another may come in its place, with other flags.
      this.#found.clear();
      this.foreignLoad = { running: 0, waiting: 0 };
      throw error;
    }
  }

  async #readLoad(signal: AbortSignal): Promise<void> {
    const url = `${this.#upstream.rootUrl}/metrics`;
    try {
      const own = this.inFlight.count;
      const load = readEngineLoad(await this.#upstream.lookText(url, signal));
      this.foreignLoad = load ? withoutOwn(load, own) : { running: 0, waiting: 0 };
      if (load) this.#log.debug({ ...load, own }, "the upstream's load");
      else this.#warn("the upstream tells no load at /metrics: only this worker's own counts");
    } catch (error) {
      signal.throwIfAborted();
      if (!isAppError(error) || error.code === "worker-lost") throw error;
      this.foreignLoad = { running: 0, waiting: 0 };
      this.#warn(`the upstream's /metrics cannot be read: ${error.message}`);
    }
  }

  #choose(listed: readonly ListedModel[]): { named: NamedModel; listed: ListedModel }[] {
    const { models } = this.#options;
    const asked =
      models.length > 0 ? models : listed.map(({ id }) => ({ upstreamName: id, name: id }));
    const chosen: { named: NamedModel; listed: ListedModel }[] = [];
    for (const named of asked) {
      const found = listed.find(({ id }) => id === named.upstreamName);
      if (found) chosen.push({ named, listed: found });
      else this.#warn(`the upstream lists no model ${named.upstreamName}`);
    }
    if (chosen.length > UPSTREAM_MODELS_MAX) {
      this.#warn(`of the upstream's models the first ${UPSTREAM_MODELS_MAX} are offered`);
    }
    return chosen.slice(0, UPSTREAM_MODELS_MAX);
  }

  /** Once for a model and all adapters of it, which are served by the same flags. */
  async #findOut(listed: ListedModel, signal: AbortSignal): Promise<Found> {
    const base = typeof listed.parent === "string" ? listed.parent : listed.id;
    const known = this.#found.get(base);
    const { probeMsMax: questionMsMax, probeAgainMs = UPSTREAM_PROBE_AGAIN_MS } = this.#options;
    if (known && !(known.isOpen && performance.now() >= known.askedMs + probeAgainMs)) return known;
    const found = await findOut(this.#upstream, listed.id, { signal, questionMsMax });
    this.#found.set(base, { ...found, askedMs: performance.now() });
    if (found.isOpen) this.#warn(`${base}: too busy to say whether it calls tools; asked again`);
    for (const hint of found.hints) this.#warn(`${base}: ${hint}`);
    return found;
  }

  #toModel({ upstreamName, name }: NamedModel, { listed, parent, found }: Listed): WireModel {
    const honours = withPartner(this.#options.honours);
    const lacks = withPartner(this.#options.lacks);
    const unknown = this.#lacksOf(listed, found);
    const adjust = (fields: ReadonlySet<RequestField>) => {
      const without = [...fields].filter((it) => !unknown.includes(it));
      return new Set([...without, ...honours].filter((it) => !lacks.includes(it)));
    };
    const { completionHonoured = VLLM_DIALECT.honoured } = VLLM_DIALECT;
    const dialect = {
      ...VLLM_DIALECT,
      honoured: adjust(VLLM_DIALECT.honoured),
      completionHonoured: adjust(completionHonoured),
    };
    const contextLength = listed.max_model_len ?? undefined;
    if (contextLength === undefined) {
      this.#warn(
        `nobody says how long the context of ${name} is, ${UPSTREAM_CONTEXT_LENGTH_DEFAULT} tokens are assumed`,
      );
    }
    return {
      ...{ name, upstreamName, dialect },
      build: toBuild("vllm", upstreamName, toWeights({ listed, parent, found })),
      contextLength: contextLength ?? UPSTREAM_CONTEXT_LENGTH_DEFAULT,
      features: found.features,
      description: modelDescriptionSchema.parse({}),
    };
  }

  /** What is found of the server, and of what it says of the weights. */
  #lacksOf(
    { id, root, max_model_len: length }: ListedModel,
    found: Found,
  ): readonly RequestField[] {
    if (found.lacks.includes("resume")) return found.lacks;
    const isTooLong = (length ?? 0) > UPSTREAM_NAMED_PROMPT_TOKENS_MAX;
    const isNamed = root != null && !A_FOLDER.test(root);
    if (isNamed && !isTooLong) return found.lacks;
    const { honours, lacks } = this.#options;
    if (!isTooLong && ![...honours, ...lacks].includes("resume")) {
      this.#warn(
        `${id}: its weights are known by a folder's name alone (${root}), so no other worker goes on with its answers; where each worker has the same files there, say so with --honours resume`,
      );
    }
    return [...found.lacks, ...RESUME_FIELDS];
  }

  /** Once each. */
  #warn(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#log.warn(message);
  }
}
