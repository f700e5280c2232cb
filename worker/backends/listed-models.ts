import { AppError } from "@/lib/errors";
import type { EmbedReply, EmbedRequest } from "@/lib/protocol/text";
import type { BackendKind, ModelFeature, ModelOffer } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";
import type { Backend } from "../backend";

/** Backends whose models somebody lists, in a file that may change: each asked elsewhere, all on one card. */

export type ListedModel<Entry> = {
  /** What is told of it now; it may change, of which whoever loads it tells. */
  readonly offer: ModelOffer;
  /** Whether it would be made of the same again. */
  isOf(entry: Entry): boolean;
  generate: Backend["generate"];
  embed(request: EmbedRequest, signal: AbortSignal): Promise<EmbedReply>;
};

/** Where the list is from. */
export type ListedSource<Entry> = {
  /** @throws StartError naming every fault with its place and remedy. */
  read(): Promise<{ models: Entry[]; warnings: string[] }>;
  /** Told whenever another reading may say something else, until the signal aborts. */
  watch(onChange: () => void, signal: AbortSignal): void;
};

export type ListedOptions<Entry> = {
  kind: BackendKind;
  source: ListedSource<Entry>;
  /** Names of those to serve; none means all. */
  only: readonly string[];
  slots: number;
  log: Log;
  nameOf(entry: Entry): string;
  /** @param onOffer is told when the model's offer has changed */
  load(entry: Entry, onOffer: () => void): Promise<ListedModel<Entry>>;
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
  { source, only, log, nameOf, load: loadOne }: ListedOptions<Entry>,
  before: Served<Entry>,
  onOffer: () => void,
): Promise<Served<Entry>> {
  const { models, warnings } = await source.read();
  for (const warning of warnings) log.warn({ warning }, "the file of models");
  const served = new Map<string, ListedModel<Entry>>();
  for (const entry of chooseListed(models, only, nameOf)) {
    const old = before.get(nameOf(entry));
    // One that has not changed keeps its wait, and what its requests in flight hold.
    served.set(nameOf(entry), old?.isOf(entry) ? old : await loadOne(entry, onOffer));
  }
  return served;
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
