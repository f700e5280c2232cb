import { AppError } from "@/lib/errors";
import { type ModelProblem, toProblem } from "@/lib/protocol/external-models";
import type { EmbedReply, EmbedRequest } from "@/lib/protocol/text";
import type { BackendKind, ModelFeature, ModelOffer } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";
import type { Backend } from "../backend";

/** Backends whose models somebody lists, in a list that may change: each asked elsewhere, all on one card. */

export type ListedModel<Entry> = {
  /** What is told of it now; it may change, of which whoever loads it tells. */
  readonly offer: ModelOffer;
  /** Whether it would be made of the same again. */
  isOf(entry: Entry): boolean;
  generate: Backend["generate"];
  embed(request: EmbedRequest, signal: AbortSignal): Promise<EmbedReply>;
};

/** What a source says: its models, and sentences for the operator that keep nobody from starting. */
export type ListedReading<Entry> = {
  models: Entry[];
  warnings: string[];
  /** Models that it names and that cannot be served, with the reason. */
  problems?: readonly { name: string; problem: ModelProblem }[];
};

/** Where the list is from: a file, or the platform itself. */
export type ListedSource<Entry> = {
  /** @throws StartError naming every fault with its place and remedy. */
  read(): Promise<ListedReading<Entry>>;
  /** Told whenever another reading may say something else, until the signal aborts. */
  watch(onChange: () => void, signal: AbortSignal): void;
  /**
   * Hears what is wrong with a model, and (null) that nothing is any more. A source that has this keeps its
   * models apart: one that cannot be served, or is not there yet, keeps none of the others away.
   */
  tell?(name: string, problem: ModelProblem | null): void;
};

/** What a model tells of itself once it is loaded. */
export type ModelListeners = {
  /** Its offer has changed. */
  onOffer(): void;
  /** What an operator has to change before it answers again, and (null) that it answers. */
  onProblem(problem: ModelProblem | null): void;
};

export type ListedOptions<Entry> = {
  kind: BackendKind;
  source: ListedSource<Entry>;
  /** Names of those to serve; none means all. */
  only: readonly string[];
  slots: number;
  log: Log;
  nameOf(entry: Entry): string;
  load(entry: Entry, listeners: ModelListeners): Promise<ListedModel<Entry>>;
};

type Served<Entry> = ReadonlyMap<string, ListedModel<Entry>>;

/** @throws StartError for a source that cannot be read, or has nothing to serve. */
export async function createListedBackend<Entry>(options: ListedOptions<Entry>): Promise<Backend> {
  const { kind, source, slots, log } = options;
  const closing = new AbortController();
  let onCard: (() => void) | undefined;
  const onOffer = () => onCard?.();
  let served = await load(options, new Map(), onOffer);
  let reloading = Promise.resolve();

  const reload = async () => {
    try {
      const next = await load(options, served, onOffer);
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

  const get = (name: string): ListedModel<Entry> => {
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
  const expect = (name: string, feature: "chat" | "embeddings"): ListedModel<Entry> => {
    const model = get(name);
    return model.offer.features.includes(feature) ? model : refuse(name, feature);
  };

  return {
    card: () => ({ kind, slots, models: [...served.values()].map((it) => it.offer) }),
    watchCard: (listener) => {
      onCard = listener;
      source.watch(onChange, closing.signal);
    },
    generate: (request, signal, onWaiting) =>
      expect(request.model, "chat").generate(request, signal, onWaiting),
    embed: async (request, signal) =>
      await expect(request.model, "embeddings").embed(request, signal),
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

async function load<Entry>(
  options: ListedOptions<Entry>,
  before: Served<Entry>,
  onOffer: () => void,
): Promise<Served<Entry>> {
  const { source, only, log, nameOf } = options;
  const { models, warnings, problems = [] } = await source.read();
  for (const warning of warnings) log.warn({ warning }, "where the models come from");
  const isAsked = (name: string) => only.length === 0 || only.includes(name);
  for (const { name, problem } of problems) {
    if (!isAsked(name)) continue;
    log.warn({ model: name, reason: problem.message }, "a model cannot be served");
    source.tell?.(name, problem);
  }
  const chosen = source.tell
    ? models.filter((it) => isAsked(nameOf(it)))
    : chooseListed(models, only, nameOf);
  const served = new Map<string, ListedModel<Entry>>();
  for (const entry of chosen) {
    const old = before.get(nameOf(entry));
    // One that has not changed keeps its wait, and what its requests in flight hold.
    const next = old?.isOf(entry) ? old : await loadOne(entry, options, onOffer);
    if (next) served.set(nameOf(entry), next);
  }
  return served;
}

/** Undefined where it cannot be loaded and its source keeps models apart. */
async function loadOne<Entry>(
  entry: Entry,
  { source, log, nameOf, load }: ListedOptions<Entry>,
  onOffer: () => void,
): Promise<ListedModel<Entry> | undefined> {
  const name = nameOf(entry);
  const onProblem = (problem: ModelProblem | null) => source.tell?.(name, problem);
  try {
    const model = await load(entry, { onOffer, onProblem });
    onProblem(null);
    return model;
  } catch (error) {
    if (!source.tell) throw error;
    log.error({ model: name, err: error }, "a model could not be loaded");
    const text = "Its worker could not load it; the worker's log says why.";
    onProblem(toProblem("faulty", text));
    return undefined;
  }
}

/** @throws StartError for a name that no entry has. */
export function chooseListed<Entry>(
  models: readonly Entry[],
  only: readonly string[],
  nameOf: (entry: Entry) => string,
): readonly Entry[] {
  const names = models.map(nameOf);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new StartError({
      message: `--model ${unknown} is no model of the file.`,
      remedy: `It has ${names.join(", ")}.`,
    });
  }
  return only.length === 0 ? models : models.filter((it) => only.includes(nameOf(it)));
}

function describeOffers<Entry>(served: Served<Entry>): string {
  return JSON.stringify([...served.values()].map((it) => it.offer));
}
