import { AppError, toAppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type {
  ClassifyReply,
  ClassifyRequest,
  DetokenizeReply,
  DetokenizeRequest,
  EmbedRequest,
  RerankReply,
  RerankRequest,
  TokenizeReply,
  TokenizeRequest,
  TokenizerInfoReply,
  TokenizerInfoRequest,
} from "@/lib/protocol/text";
import type { ModelFeature, WorkerKind } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import type { Backend } from "../../backend";
import { UpstreamPauses } from "../upstream-pauses";
import { continueByWire } from "./continue-answer";
import { embedByWire } from "./embed";
import { generateByWire } from "./generate";
import { ModelWatch } from "./model-watch";
import type { Upstream } from "./upstream";
import { toOffer, type WireModel } from "./wire-model";

/** A call beside OpenAI's wire, of a server that has it. */
type Extra<Request, Reply> = (
  model: WireModel,
  request: Request,
  signal: AbortSignal,
) => Promise<Reply>;

/** Asked only of models whose features name what they are for. */
export type ExtraCalls = {
  rerank?: Extra<RerankRequest, RerankReply>;
  classify?: Extra<ClassifyRequest, ClassifyReply>;
  tokenize?: Extra<TokenizeRequest, TokenizeReply>;
  detokenize?: Extra<DetokenizeRequest, DetokenizeReply>;
  tokenizerInfo?: Extra<TokenizerInfoRequest, TokenizerInfoReply>;
};

export type WireBackendOptions = {
  kind: WorkerKind;
  /** Read once, after the first look. */
  slots: number | (() => number);
  upstream: Upstream;
  log: Log;
  /** What the server serves now. Throws where it cannot be asked. */
  look(signal: AbortSignal): Promise<WireModel[]>;
  /** Between two looks. */
  watchIntervalMs?: number;
  calls?: ExtraCalls;
  foreignLoad?: NonNullable<Backend["foreignLoad"]>;
  /** Counts what this worker has at the server, for whoever tells it from the rest there. */
  inFlight?: { count: number };
  /** Is given what has the server looked at at once. */
  onWatch?: (nudge: () => void) => void;
  /** With the backend. */
  onClose?: () => Promise<void>;
};

/**
 * The models of a server of OpenAI's wire. It looks again and again what the server serves; while the server
 * is away it offers nothing.
 *
 * @throws StartError where the server says that a person must change something.
 */
export async function createWireBackend(
  options: WireBackendOptions,
  signal: AbortSignal,
): Promise<Backend> {
  const watch = new ModelWatch(options);
  await watch.begin(signal);
  options.onWatch?.(() => watch.nudge());
  return new WireBackend(options, watch);
}

class WireBackend implements Backend {
  readonly foreignLoad?: NonNullable<Backend["foreignLoad"]>;
  readonly #options: WireBackendOptions;
  readonly #watch: ModelWatch;
  readonly #pauses = new UpstreamPauses();
  readonly #slots: number;
  readonly #inFlight: { count: number };

  constructor(options: WireBackendOptions, watch: ModelWatch) {
    this.#options = options;
    this.#watch = watch;
    const { slots } = options;
    this.#slots = typeof slots === "number" ? slots : slots();
    this.#inFlight = options.inFlight ?? { count: 0 };
    if (options.foreignLoad) this.foreignLoad = options.foreignLoad;
  }

  card() {
    return {
      kind: this.#options.kind,
      slots: this.#slots,
      models: this.#watch.models.map(toOffer),
    };
  }

  /** An answer may take its server minutes without a word: while it answers other questions it is at work. */
  passCount(): number {
    return this.#watch.answered;
  }

  watchCard(onChange: () => void): void {
    this.#watch.onChange = onChange;
  }

  async *generate(request: GenerateRequest, signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    const model = this.#expect(request.model, "chat");
    const { upstream } = this.#options;
    this.#pauses.check(model.name);
    let hasBegun = false;
    this.#inFlight.count += 1;
    try {
      const wanted = { upstream, model, request, signal };
      const events =
        request.resume === undefined
          ? generateByWire(wanted)
          : continueByWire({ ...wanted, tokenize: this.#tokenizeOf(model) });
      for await (const event of events) {
        if (!hasBegun) this.#pauses.clear(model.name);
        hasBegun = true;
        yield event;
      }
    } catch (error) {
      throw this.#see(model, error);
    } finally {
      this.#inFlight.count -= 1;
    }
  }

  async embed(request: EmbedRequest, signal: AbortSignal) {
    const model = this.#expect(request.model, "embeddings");
    const { upstream } = this.#options;
    return this.#ask(model, () => embedByWire({ upstream, model, request, signal }));
  }

  rerank(request: RerankRequest, signal: AbortSignal) {
    return this.#extra("rerank", this.#options.calls?.rerank, request, signal);
  }

  classify(request: ClassifyRequest, signal: AbortSignal) {
    return this.#extra("classify", this.#options.calls?.classify, request, signal);
  }

  tokenize(request: TokenizeRequest, signal: AbortSignal) {
    return this.#extra("tokenize", this.#options.calls?.tokenize, request, signal);
  }

  detokenize(request: DetokenizeRequest, signal: AbortSignal) {
    return this.#extra("tokenize", this.#options.calls?.detokenize, request, signal);
  }

  tokenizerInfo(request: TokenizerInfoRequest, signal: AbortSignal) {
    return this.#extra("tokenize", this.#options.calls?.tokenizerInfo, request, signal);
  }

  async close(): Promise<void> {
    await this.#watch.close();
    await this.#options.onClose?.();
  }

  #tokenizeOf(model: WireModel) {
    const tokenize = this.#options.calls?.tokenize;
    return (
      tokenize && ((wish: TokenizeRequest, signal: AbortSignal) => tokenize(model, wish, signal))
    );
  }

  async #extra<Request extends { model: string }, Reply>(
    feature: ModelFeature,
    call: Extra<Request, Reply> | undefined,
    request: Request,
    signal: AbortSignal,
  ): Promise<Reply> {
    const model = this.#expect(request.model, feature);
    if (call === undefined) throw notSupported(request.model, feature);
    return this.#ask(model, () => call(model, request, signal));
  }

  async #ask<T>(model: WireModel, call: () => Promise<T>): Promise<T> {
    this.#pauses.check(model.name);
    this.#inFlight.count += 1;
    try {
      const reply = await call();
      this.#pauses.clear(model.name);
      return reply;
    } catch (error) {
      throw this.#see(model, error);
    } finally {
      this.#inFlight.count -= 1;
    }
  }

  /** What went wrong may say something of what comes next: of pauses, and of a server that is away. */
  #see(model: WireModel, thrown: unknown): AppError {
    const error = toAppError(thrown);
    this.#pauses.see(model.name, error);
    if (error.code === "worker-lost" || error.code === "model-not-found") this.#watch.nudge();
    return error;
  }

  #expect(name: string, feature: ModelFeature): WireModel {
    const model = this.#watch.models.find((it) => it.name === name);
    if (model === undefined) {
      throw new AppError("model-not-found", {
        message: `This worker does not offer the model "${name}".`,
        param: "model",
      });
    }
    if (toOffer(model).features.includes(feature)) return model;
    throw notSupported(name, feature);
  }
}

function notSupported(name: string, feature: ModelFeature): AppError {
  return new AppError("not-supported", {
    message: `The model ${name} cannot be asked for ${feature}.`,
    param: "model",
  });
}
