import type { RequestField } from "@/lib/protocol/request-fields";
import { modelDescriptionSchema } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import {
  UPSTREAM_CONTEXT_LENGTH_DEFAULT,
  UPSTREAM_MODELS_MAX,
  UPSTREAM_SLOTS_DEFAULT,
} from "@/lib/upstream-limits";
import type { Backend } from "../backend";
import {
  isNoSuchPath,
  type Look,
  listModels,
  lookAtServer,
  recogniseServer,
  type Told,
} from "./openai-compatible/look-at-server";
import { ServerProbe } from "./openai-compatible/server-probe";
import { DIALECTS, type ServerName } from "./openai-compatible/servers";
import type { Dialect } from "./openai-wire/dialect";
import { Upstream } from "./openai-wire/upstream";
import type { NamedModel } from "./openai-wire/upstream-flags";
import { createWireBackend } from "./openai-wire/wire-backend";
import { toBuild, type WireModel } from "./openai-wire/wire-model";

export type OpenAiCompatibleOptions = {
  /** Up to and with `/v1`. */
  baseUrl: string;
  /** With keys in them: a function, so that no log of settings has them. */
  headers: () => Readonly<Record<string, string>>;
  /** Those to offer; none means all that the server lists. */
  models: readonly NamedModel[];
  /** Absent: found out. */
  server?: ServerName | undefined;
  /** Of every model, in place of what the server tells. */
  contextLength?: number | undefined;
  /** Fields that the server honours, or not, in place of what is known of it. */
  honours: readonly RequestField[];
  lacks: readonly RequestField[];
  /** Models that make vectors, where the server does not tell. */
  embedders: readonly string[];
  /** Whether a server that is not known by name is asked with requests of a few tokens what it honours. */
  mayProbe: boolean;
  /** Absent: what the server tells, or the default. */
  slots?: number | undefined;
  watchIntervalMs?: number;
  silenceMsMax?: number;
};

/** @throws StartError where the server refuses the worker. */
export async function createOpenAiCompatibleBackend(
  options: OpenAiCompatibleOptions,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<Backend> {
  const upstream = new Upstream({ ...options, headers: options.headers() });
  const watched = new WatchedServer(options, { upstream, log });
  return await createWireBackend(
    {
      kind: "openai-compatible",
      ...{ upstream, log },
      slots: () => options.slots ?? watched.slots ?? UPSTREAM_SLOTS_DEFAULT,
      look: (lookSignal) => watched.look(lookSignal),
      ...(options.watchIntervalMs !== undefined && { watchIntervalMs: options.watchIntervalMs }),
    },
    signal,
  );
}

/** One server, and what is known of it between two looks. */
class WatchedServer {
  /** Requests that it works on at once, by itself. */
  slots: number | undefined;
  readonly #options: OpenAiCompatibleOptions;
  readonly #upstream: Upstream;
  readonly #log: Log;
  readonly #probe: ServerProbe;
  /** Undefined until it is known, and again when it went away: another may come in its place. */
  #server: ServerName | undefined;
  readonly #warned = new Set<string>();

  constructor(
    options: OpenAiCompatibleOptions,
    { upstream, log }: { upstream: Upstream; log: Log },
  ) {
    this.#options = options;
    this.#upstream = upstream;
    this.#log = log;
    this.#probe = new ServerProbe(upstream);
  }

  async look(signal: AbortSignal): Promise<WireModel[]> {
    try {
      this.#server ??= await this.#recognise(signal);
      const look = await this.#lookAt(this.#server, signal);
      this.slots ??= look.slots;
      const models: WireModel[] = [];
      for (const named of this.#choose(look)) {
        models.push(await this.#toModel(named, { look, server: this.#server, signal }));
      }
      return models;
    } catch (error) {
      this.#server = undefined;
      this.#upstream.forget();
      throw error;
    }
  }

  async #recognise(signal: AbortSignal): Promise<ServerName> {
    const { server } = this.#options;
    const upstream = this.#upstream;
    const found = server ?? (await recogniseServer(upstream, await this.#list(signal), signal));
    this.#log.info({ server: found }, "recognised the upstream");
    return found;
  }

  /** A server without a list of its models is taken at the operator's word. */
  async #list(signal: AbortSignal) {
    try {
      return await listModels(this.#upstream, signal);
    } catch (error) {
      if (this.#hasNoList(error)) return [];
      if (isNoSuchPath(error)) {
        this.#warn(
          "the server has no list of models there: see whether --base-url should end with /v1, or name its models with --model",
        );
      }
      throw error;
    }
  }

  async #lookAt(server: ServerName, signal: AbortSignal): Promise<Look> {
    try {
      return await lookAtServer(this.#upstream, server, signal);
    } catch (error) {
      if (!this.#hasNoList(error)) throw error;
      const listed = this.#options.models.map(({ upstreamName }) => ({ id: upstreamName }));
      return { listed, tellOf: () => ({}) };
    }
  }

  /** One that answers there with a page has none either; one that fails may have. */
  #hasNoList(error: unknown): boolean {
    return this.#options.models.length > 0 && isNoSuchPath(error);
  }

  #choose({ listed, isOffered = () => true }: Look): NamedModel[] {
    const { models } = this.#options;
    const ids = new Set(listed.map(({ id }) => id));
    const all = listed.filter(isOffered).map(({ id }) => ({ upstreamName: id, name: id }));
    const chosen = models.length > 0 ? models.filter((it) => ids.has(it.upstreamName)) : all;
    for (const { upstreamName } of models) {
      if (!ids.has(upstreamName)) this.#warn(`the upstream lists no model ${upstreamName}`);
    }
    if (chosen.length > UPSTREAM_MODELS_MAX) {
      this.#warn(`of the upstream's models the first ${UPSTREAM_MODELS_MAX} are offered`);
    }
    return chosen.slice(0, UPSTREAM_MODELS_MAX);
  }

  async #toModel(
    { upstreamName, name }: NamedModel,
    { look, server, signal }: { look: Look; server: ServerName; signal: AbortSignal },
  ): Promise<WireModel> {
    const { contextLength: asked, embedders } = this.#options;
    const listed = look.listed.find(({ id }) => id === upstreamName) ?? { id: upstreamName };
    const told = look.tellOf(listed);
    const contextLength = asked ?? told.contextLength;
    if (contextLength === undefined) {
      this.#warn(
        `nobody says how long the context of ${name} is, ${UPSTREAM_CONTEXT_LENGTH_DEFAULT} tokens are assumed: say it with --context-length`,
      );
    }
    const isEmbedder = embedders.includes(upstreamName) || told.isEmbedder === true;
    const found = isEmbedder ? [] : await this.#findOut(upstreamName, { server, signal });
    return {
      ...{ name, upstreamName },
      build: toBuild("openai-compatible", upstreamName, told.weights),
      contextLength: contextLength ?? UPSTREAM_CONTEXT_LENGTH_DEFAULT,
      features: isEmbedder ? ["embeddings"] : ["chat"],
      dialect: this.#toDialect(DIALECTS[server], { told, found }),
      description: modelDescriptionSchema.parse(told.description ?? {}),
    };
  }

  async #findOut(
    upstreamName: string,
    { server, signal }: { server: ServerName; signal: AbortSignal },
  ): Promise<readonly RequestField[]> {
    if (server !== "generic" || !this.#options.mayProbe) return [];
    return await this.#probe.fieldsOf(upstreamName, signal);
  }

  #toDialect(
    dialect: Dialect,
    { told, found }: { told: Told; found: readonly RequestField[] },
  ): Dialect {
    const { honours, lacks } = this.#options;
    const adjust = (fields: ReadonlySet<RequestField>) => {
      const its = new Set([...fields, ...(told.honours ?? []), ...found]);
      for (const field of told.lacks ?? []) its.delete(field);
      for (const field of honours) its.add(field);
      for (const field of lacks) its.delete(field);
      return its;
    };
    const { completionHonoured, samplingDefaults, stopsMax } = dialect;
    return {
      ...dialect,
      honoured: adjust(dialect.honoured),
      // What is found out of chats says nothing of prompts.
      ...(completionHonoured && { completionHonoured }),
      samplingDefaults: told.samplingDefaults ?? samplingDefaults,
      stopsMax: told.stopsMax ?? stopsMax,
    };
  }

  /** Once each. */
  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#log.warn(message);
  }
}
