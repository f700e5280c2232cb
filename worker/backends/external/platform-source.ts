import { readVariable } from "@/lib/env";
import { toAppError } from "@/lib/errors";
import { findCredentials } from "@/lib/models-file/find-credentials";
import type { ControllerClient } from "@/lib/protocol/controller-client";
import {
  type HandedModel,
  type ModelProblem,
  type ToldProblems,
  toProblem,
} from "@/lib/protocol/external-models";
import { type ExternalModel, modelEntrySchema } from "@/lib/protocol/model-entry";
import { PLATFORM_MODELS_LOOK_MS } from "@/lib/provider-limits";
import type { Log } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";
import { wait } from "@/lib/util/wait";
import type { ListedReading, ListedSource } from "../listed-models";

export type PlatformSourceOptions = {
  client: Pick<ControllerClient, "externalModels" | "tellProblems" | "url">;
  /** Aborts when the worker is told to stop. */
  signal: AbortSignal;
  log: Log;
  /** What a variable holds; the environment's and .env's where nobody says otherwise. */
  variable?: (name: string) => string | undefined;
  /** Between two looks; other than the system's for tests. */
  intervalMs?: number;
};

/** Words of a platform that knows this worker's secret or token, and hands it nothing. */
const REFUSALS: ReadonlySet<string> = new Set(["forbidden", "unauthenticated"]);

/**
 * The models that the platform keeps (`/admin/providers`, `npx parley providers`), fetched from its web process
 * with the worker's secret. A web process that is away takes nothing from what was fetched, one that refuses takes
 * all of it, and a worker that starts before it has no models until it comes.
 */
export class PlatformSource implements ListedSource<ExternalModel> {
  readonly #options: PlatformSourceOptions;
  #tag: string | undefined;
  #handed: readonly HandedModel[] = [];
  #isAway = false;
  /** It had models, and may have them no more. */
  #isRefused = false;
  /** What the platform knows of each model from here, and what it is still to be told. */
  readonly #told = new Map<string, string | null>();
  readonly #untold = new Map<string, ModelProblem | null>();

  constructor(options: PlatformSourceOptions) {
    this.#options = options;
  }

  /** @throws StartError where the platform hands this worker none, and never will. */
  async read(): Promise<ListedReading<ExternalModel>> {
    const warnings: string[] = [];
    if (this.#tag === undefined && !this.#isRefused) {
      const reason = await this.#lookFirst();
      if (reason !== undefined) warnings.push(reason);
    }
    const models: ExternalModel[] = [];
    const problems: { name: string; problem: ModelProblem }[] = [];
    for (const it of this.#handed) {
      const read = this.#readOne(it);
      if ("problem" in read) problems.push({ name: it.name, problem: read.problem });
      else models.push(read.model);
    }
    return { models, warnings, problems };
  }

  watch(onChange: () => void, signal: AbortSignal): void {
    // It ends with the abort alone.
    void this.#follow(onChange, signal).catch(() => undefined);
  }

  tell(name: string, problem: ModelProblem | null): void {
    const text = problem?.message ?? null;
    // A model of which nothing was told yet may have a problem of an earlier worker's.
    if (this.#told.has(name) && this.#told.get(name) === text) this.#untold.delete(name);
    else this.#untold.set(name, problem);
  }

  /** Why it could not be asked; undefined where it could. */
  async #lookFirst(): Promise<string | undefined> {
    const { client, signal } = this.#options;
    try {
      await this.#look(signal);
      return undefined;
    } catch (thrown) {
      const error = toAppError(thrown);
      if (REFUSALS.has(error.code)) {
        throw new StartError({
          message: `The platform at ${client.url} hands this worker no models.`,
          remedy: error.message,
          cause: error,
        });
      }
      this.#isAway = true;
      return `The platform's models could not be fetched yet: ${error.message}`;
    }
  }

  async #follow(onChange: () => void, signal: AbortSignal): Promise<void> {
    const { log, intervalMs = PLATFORM_MODELS_LOOK_MS } = this.#options;
    for (;;) {
      await wait(intervalMs, signal);
      try {
        const isNew = await this.#look(signal);
        if (this.#isAway) log.info("the platform's models can be fetched again");
        this.#isAway = false;
        if (isNew) onChange();
        await this.#tellAll(signal);
      } catch (thrown) {
        signal.throwIfAborted();
        const { code, message } = toAppError(thrown);
        const isNews = REFUSALS.has(code) ? !this.#isRefused : !this.#isAway;
        if (REFUSALS.has(code)) this.#letGo(onChange);
        const outcome = this.#isRefused ? "they are let go" : "they stay";
        if (isNews)
          log.warn({ code, reason: message }, `no word of the platform's models; ${outcome}`);
        this.#isAway = true;
      }
    }
  }

  /** Whose token was revoked keeps no key of others'. */
  #letGo(onChange: () => void): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#tag = undefined;
    this.#handed = [];
    onChange();
  }

  /** Whether the platform's models are others than before. */
  async #look(signal: AbortSignal): Promise<boolean> {
    const handed = await this.#options.client.externalModels(this.#tag, signal);
    if (handed === undefined) return false;
    this.#isRefused = false;
    this.#tag = handed.tag;
    this.#handed = handed.models;
    // Whoever changed a model or its key took what was wrong with it away.
    this.#told.clear();
    return true;
  }

  async #tellAll(signal: AbortSignal): Promise<void> {
    const problems: ToldProblems["problems"] = [...this.#untold].map(([name, problem]) => ({
      ...{ name, problem },
    }));
    if (problems.length === 0) return;
    await this.#options.client.tellProblems({ problems }, signal);
    for (const { name, problem } of problems) {
      this.#told.set(name, problem?.message ?? null);
      // Something else may have been found meanwhile.
      if (this.#untold.get(name) === problem) this.#untold.delete(name);
    }
  }

  #readOne(handed: HandedModel): { model: ExternalModel } | { problem: ModelProblem } {
    if (handed.problem) return { problem: handed.problem };
    const parsed = modelEntrySchema.safeParse(handed.entry);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const text = `This worker does not understand ${issue?.path.join(".") || "its entry"}; it may be older than the platform.`;
      return { problem: toProblem("faulty", text) };
    }
    const entry = parsed.data;
    if (handed.credentials) return { model: { entry, credentials: handed.credentials } };
    const found = findCredentials(entry, this.#options.variable ?? readVariable);
    if (typeof found !== "string") return { model: { entry, credentials: found } };
    const text = `Where the worker runs ${found}, or choose a stored key.`;
    return { problem: toProblem("key-missing", text) };
  }
}
