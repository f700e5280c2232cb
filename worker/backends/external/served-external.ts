import type { LanguageModelV3StreamPart, SharedV3Warning } from "@ai-sdk/provider";
import { AppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { measureRequest } from "@/lib/protocol/measure-request";
import type { Credentials, ExternalModel, ModelEntry } from "@/lib/protocol/model-entry";
import { expectHonoured, type RequestField } from "@/lib/protocol/request-fields";
import type { EmbedReply, EmbedRequest } from "@/lib/protocol/text";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import { UPSTREAM_SILENCE_MS_MAX } from "@/lib/upstream-limits";
import { passChain } from "../../request-chain";
import type { ListedModel, ModelListeners } from "../listed-models";
import type { UpstreamAbout } from "../upstream-error";
import { AnswerTeller } from "./answer-teller";
import { type ProviderCall, toCall } from "./call-options";
import { embedTexts } from "./embed-texts";
import { contextLengthOf, declaredFields, toOffer } from "./external-offer";
import { type LoadedProvider, loadProvider } from "./load-provider";
import { problemOf } from "./model-problem";
import { probeFields } from "./probe-fields";
import { RateGate } from "./rate-gate";
import { fromSdkError, paramOf } from "./sdk-error";
import { createMender } from "./stream-menders";
import { bindUpstreamCall, upstreamFetch } from "./upstream-fetch";

/** One entry, ready to be asked. */
export class ServedExternal implements ListedModel<ExternalModel> {
  readonly entry: ModelEntry;
  readonly offer: ModelOffer;
  readonly #credentials: Credentials;
  readonly #provider: LoadedProvider;
  readonly #honoured: ReadonlySet<RequestField>;
  readonly #gate = new RateGate();
  readonly #log: Log;
  readonly #onProblem: OnProblem;
  /** Warnings that have been logged, each of which comes with every request. */
  readonly #warned = new Set<string>();

  private constructor({ entry, credentials }: ExternalModel, parts: Parts) {
    const { provider, honoured, log, onProblem } = parts;
    this.entry = entry;
    this.#onProblem = onProblem;
    this.#credentials = credentials;
    this.#provider = provider;
    this.#honoured = honoured;
    this.#log = log;
    this.offer = toOffer(entry, honoured);
  }

  /** @param onProblem hears what an operator has to change, and (null) that the provider answers */
  static async load(
    model: ExternalModel,
    log: Log,
    onProblem: OnProblem = () => undefined,
  ): Promise<ServedExternal> {
    const provider = await loadProvider({ ...model, fetch: upstreamFetch });
    const { fields, faults } = await findFields(model.entry);
    for (const { field, fault } of faults) {
      log.warn({ model: model.entry.name, field, fault }, "the model is not asked for this field");
    }
    return new ServedExternal(model, { provider, honoured: fields, log, onProblem });
  }

  /** Whether it would be made of the same again. */
  isOf({ entry, credentials }: ExternalModel): boolean {
    return JSON.stringify([entry, credentials]) === JSON.stringify([this.entry, this.#credentials]);
  }

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    const { entry } = this;
    expectHonoured(request, this.#honoured, `the provider of ${entry.name}`);
    this.#gate.enter();
    const call = toCall(entry, request, this.#provider.optionsName);
    const exchange = new Exchange(signal, this.entry);
    try {
      for await (const event of this.#run(request, call, exchange)) yield event;
    } catch (thrown) {
      // The contract: after an abort the events just end.
      if (signal.aborted) return;
      throw this.#failed(thrown, exchange);
    } finally {
      exchange.end();
    }
  }

  async *#run(
    request: GenerateRequest,
    call: ProviderCall,
    exchange: Exchange,
  ): AsyncGenerator<GenerateEvent> {
    const startedAt = performance.now();
    const contextLength = contextLengthOf(this.entry);
    const maxTokens = call.maxTokens ?? contextLength;
    const teller = new AnswerTeller({
      ...{ about: this.#about(), maxTokens, contextLength },
      splitsReasoning: request.splitReasoning === true,
      stops: call.stops,
      promptCharacters: measureRequest(request).promptCharacters,
    });
    const start: GenerateEvent = {
      ...{ type: "generation-start", model: this.entry.name, build: this.offer.build },
      ...{ sampling: call.sampling, maxTokens },
    };
    let firstAt: number | undefined;
    for await (const part of this.#ask(call, exchange)) {
      if (part.type === "stream-start") this.#heed(part.warnings, request);
      for (const event of teller.tell(part)) {
        // Not earlier: until something was said, another worker can be asked instead.
        if (firstAt === undefined) yield start;
        firstAt ??= performance.now();
        yield event;
      }
      if (teller.isCut) break;
    }
    const { finishReason, stopString, usage, rest, isGuessed } = teller.finish();
    if (isGuessed && !teller.isCut)
      this.#warn("the provider counts no tokens; they are guessed from characters");
    this.#passed();
    if (firstAt === undefined) yield start;
    for (const event of rest) yield event;
    const now = performance.now();
    yield {
      ...{ type: "generation-end", finishReason, usage },
      ...(stopString !== undefined && { stopString }),
      timing: {
        queuedMs: 0,
        firstTokenMs: (firstAt ?? now) - startedAt,
        durationMs: now - startedAt,
      },
    };
  }

  async *#ask(call: ProviderCall, exchange: Exchange): AsyncGenerator<LanguageModelV3StreamPart> {
    const { signal, onBytes } = exchange;
    const { provider } = this.entry;
    // Of Amazon's exceptions the raw chunks alone tell the kind.
    const isRaw = provider === "bedrock";
    const options = {
      ...call.options,
      abortSignal: signal,
      ...(isRaw && { includeRawChunks: true }),
    };
    const model = this.#provider.chat(this.entry.model);
    bindUpstreamCall(signal, {
      ...{ about: this.#about(), body: call.body, onBytes },
      mender: createMender(provider, this.#about()),
    });
    const { stream } = await model.doStream(options);
    const reader = stream.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        yield value;
      }
    } finally {
      // What is still in flight fails with the abort of whoever left.
      reader.cancel().catch(() => undefined);
    }
  }

  async embed(request: EmbedRequest, signal: AbortSignal): Promise<EmbedReply> {
    this.#gate.enter();
    const exchange = new Exchange(signal, this.entry);
    const about = this.#about();
    try {
      const call = { about, body: {}, onBytes: exchange.onBytes };
      bindUpstreamCall(exchange.signal, call);
      const reply = await embedTexts({
        ...{ request, entry: this.entry, provider: this.#provider },
        signal: exchange.signal,
      });
      this.#passed();
      return reply;
    } catch (thrown) {
      throw this.#failed(thrown, exchange);
    } finally {
      exchange.end();
    }
  }

  /**
   * What the SDK left out of a request that is on its way already.
   *
   * @throws AppError `unsupported-parameter`: an answer to another question than was asked is worse than none.
   */
  #heed(warnings: readonly SharedV3Warning[], request: GenerateRequest): void {
    for (const warning of warnings) {
      const text =
        warning.type === "other" ? warning.message : `${warning.feature}: ${warning.details ?? ""}`;
      this.#warn(text);
      if (warning.type !== "unsupported") continue;
      const param = paramOf(warning.feature);
      // A wish to reason or not is never refused; only an effort is more than a wish.
      const isWish =
        /thinking|effort|reasoning/i.test(warning.feature) && request.reasoningEffort === undefined;
      if (isWish) continue;
      throw new AppError("unsupported-parameter", {
        message: `The provider of ${this.entry.name} cannot be asked for that together with the rest of the request: ${warning.details ?? warning.feature}.`,
        param: param ?? "model",
      });
    }
  }

  #passed(): void {
    this.#gate.passed();
    this.#onProblem(null);
  }

  #failed(thrown: unknown, exchange: Exchange): AppError {
    const error = this.#gate.failed(fromSdkError(thrown, exchange.signal, this.#about()));
    const problem = problemOf(error);
    if (problem) this.#onProblem(problem);
    return error;
  }

  #warn(text: string): void {
    if (this.#warned.has(text) || this.#warned.size >= WARNINGS_MAX) return;
    this.#warned.add(text);
    this.#log.warn({ model: this.entry.name, warning: text }, "the provider's SDK warns");
  }

  #about(): UpstreamAbout {
    const { baseUrl = "" } = this.entry;
    return {
      ...{ model: this.entry.name, upstreamModel: this.entry.model },
      hidden: [...Object.values(this.#credentials), baseUrl],
    };
  }
}

/** Different sentences of one model; they are few, but some have names in them. */
const WARNINGS_MAX = 100;

type OnProblem = ModelListeners["onProblem"];
type Parts = {
  provider: LoadedProvider;
  honoured: ReadonlySet<RequestField>;
  log: Log;
  onProblem: OnProblem;
};

/** What remains of the declared fields after the SDK was asked about each. */
export async function findFields(entry: ModelEntry) {
  const declared = declaredFields(entry);
  const { loaded, place } = await loadForProbe(entry);
  const faults = entry.features.includes("embeddings")
    ? []
    : await probeFields(place, declared, {
        model: loaded.chat(entry.model),
        optionsName: loaded.optionsName,
      });
  const faulty = new Set(faults.map(({ field }) => field));
  return { fields: new Set(declared.filter((field) => !faulty.has(field))), faults };
}

/** With a made-up key, and where a token would be fetched from Google by a way that needs none. */
async function loadForProbe(entry: ModelEntry) {
  const isGoogleClaude = entry.provider === "vertex-anthropic";
  const place: ModelEntry = isGoogleClaude ? { ...entry, provider: "anthropic" } : entry;
  const credentials = { key: "probe" };
  const loaded = await loadProvider({ entry: place, credentials, fetch: upstreamFetch });
  return { loaded, place };
}

/** The time that one call of a provider may take between two signs of life, and its end. */
class Exchange {
  readonly #abort = new AbortController();
  readonly #outer: AbortSignal;
  readonly #onOuter: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(outer: AbortSignal, { silenceSeconds }: ModelEntry) {
    this.#outer = outer;
    passChain(outer, this.#abort.signal);
    this.#onOuter = () => this.#abort.abort(outer.reason);
    outer.addEventListener("abort", this.#onOuter, { once: true });
    if (outer.aborted) this.#onOuter();
    const ms = silenceSeconds === undefined ? UPSTREAM_SILENCE_MS_MAX : silenceSeconds * 1_000;
    this.#timer = setTimeout(() => {
      const message = `The provider of this model has said nothing for ${ms / 1_000} s.`;
      this.#abort.abort(new AppError("timeout", { message }));
    }, ms);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  readonly onBytes = (): void => {
    this.#timer.refresh();
  };

  /** Whatever is still open is closed. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#onOuter);
    this.#abort.abort(
      new AppError("client-closed", { message: "The answer is no longer wanted." }),
    );
  }
}
