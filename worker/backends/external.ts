import { AppError } from "@/lib/errors";
import { toProblem } from "@/lib/protocol/external-models";
import type { ExternalModel } from "@/lib/protocol/model-entry";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import { UPSTREAM_CONTEXT_LENGTH_DEFAULT } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import type { Backend } from "../backend";
import { chats } from "./external/external-offer";
import type { ModelSource } from "./external/model-source";
import { ServedExternal } from "./external/served-external";

/** Models of external providers, through the language-model interface of the Vercel AI SDK (decision 0054). */

export type ExternalOptions = {
  source: ModelSource;
  /** Names of the entries to serve; none means all. */
  only: readonly string[];
  slots: number;
  log: Log;
};

type Served = ReadonlyMap<string, ServedExternal>;

/** @throws StartError for a source that cannot be read, or a file that has nothing to serve. */
export async function createExternalBackend(options: ExternalOptions): Promise<Backend> {
  const { source, slots, log } = options;
  const closing = new AbortController();
  let served = await load(options, new Map());
  let onCard: (() => void) | undefined;
  let reloading = Promise.resolve();

  const reload = async () => {
    try {
      const next = await load(options, served);
      const isSame = describeOffers(next) === describeOffers(served);
      served = next;
      log.info({ models: [...served.keys()] }, "the models were read again");
      if (!isSame) onCard?.();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      // Whoever edits a file saves it half-done now and then; what is served stays.
      log.error({ reason: error.line }, "the models could not be read again; the old ones stay");
    }
  };
  const onChange = () => {
    // One after another: two readings at once could end in the wrong order.
    reloading = reloading.then(reload).catch((error: unknown) => {
      log.error({ err: error }, "the models could not be read again; the old ones stay");
    });
  };

  const get = (name: string): ServedExternal => {
    const model = served.get(name);
    if (model) return model;
    throw new AppError("model-not-found", {
      message: `This worker does not offer the model "${name}".`,
      param: "model",
    });
  };
  const refuse = (name: string, feature: ModelFeature): never => {
    get(name);
    throw new AppError("not-supported", {
      message: `The model ${name} cannot be asked for ${feature}.`,
      param: "model",
    });
  };

  return {
    card: () => ({ kind: "external", slots, models: [...served.values()].map((it) => it.offer) }),
    watchCard: (listener) => {
      onCard = listener;
      source.watch(onChange, closing.signal);
    },
    generate: (request, signal) => {
      const model = get(request.model);
      return chats(model.entry) ? model.generate(request, signal) : refuse(request.model, "chat");
    },
    embed: async (request, signal) => {
      const model = get(request.model);
      const makesVectors = model.entry.features.includes("embeddings");
      return makesVectors
        ? await model.embed(request, signal)
        : refuse(request.model, "embeddings");
    },
    rerank: async ({ model }) => refuse(model, "rerank"),
    classify: async ({ model }) => refuse(model, "classify"),
    tokenize: async ({ model }) => refuse(model, "tokenize"),
    detokenize: async ({ model }) => refuse(model, "tokenize"),
    tokenizerInfo: async ({ model }) => refuse(model, "tokenize"),
    close: async () => {
      closing.abort();
      await reloading;
    },
  };
}

async function load(options: ExternalOptions, before: Served): Promise<Served> {
  const { source, only, log } = options;
  const { models, warnings, problems = [] } = await source.read();
  for (const warning of warnings) log.warn({ warning }, "where the models come from");
  for (const { name, problem } of problems) {
    if (only.length > 0 && !only.includes(name)) continue;
    log.warn({ model: name, reason: problem.message }, "a model cannot be served");
    source.tell?.(name, problem);
  }
  const chosen = source.tell
    ? models.filter(({ entry }) => only.length === 0 || only.includes(entry.name))
    : choose(models, only);
  const served = new Map<string, ServedExternal>();
  for (const model of chosen) {
    const { name } = model.entry;
    const old = before.get(name);
    // One that has not changed keeps its wait, and what its requests in flight hold.
    const next = old?.isOf(model) ? old : await loadOne(model, options);
    if (next) served.set(name, next);
  }
  return served;
}

/** Undefined where it cannot be loaded and its source keeps models apart. */
async function loadOne(
  model: ExternalModel,
  { source, log }: ExternalOptions,
): Promise<ServedExternal | undefined> {
  const { name, contextLength } = model.entry;
  if (contextLength === undefined) {
    log.warn(
      { model: name },
      `nobody says how long the context of ${name} is, ${UPSTREAM_CONTEXT_LENGTH_DEFAULT} tokens are assumed; set its contextLength`,
    );
  }
  try {
    const served = await ServedExternal.load(model, log, (it) => source.tell?.(name, it));
    source.tell?.(name, null);
    return served;
  } catch (error) {
    if (!source.tell) throw error;
    log.error({ model: name, err: error }, "a model could not be loaded");
    const text = "Its worker could not load it; the worker's log says why.";
    source.tell(name, toProblem("faulty", text));
    return undefined;
  }
}

/** @throws StartError for a name that no entry has. */
function choose(
  models: readonly ExternalModel[],
  only: readonly string[],
): readonly ExternalModel[] {
  const unknown = only.find((name) => !models.some(({ entry }) => entry.name === name));
  if (unknown !== undefined) {
    throw new StartError({
      message: `--model ${unknown} is no model of the file.`,
      remedy: `It has ${models.map(({ entry }) => entry.name).join(", ")}.`,
    });
  }
  return only.length === 0 ? models : models.filter(({ entry }) => only.includes(entry.name));
}

function describeOffers(served: Served): string {
  return JSON.stringify([...served.values()].map((it) => it.offer));
}
