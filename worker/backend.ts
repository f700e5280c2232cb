import type { GenerateEvent, GenerationWaiting } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type {
  ClassifyReply,
  ClassifyRequest,
  DetokenizeReply,
  DetokenizeRequest,
  EmbedReply,
  EmbedRequest,
  RerankReply,
  RerankRequest,
  TokenizeReply,
  TokenizeRequest,
  TokenizerInfoReply,
  TokenizerInfoRequest,
} from "@/lib/protocol/text";
import type { ModelOffer, WorkerKind } from "@/lib/protocol/worker-card";

/** What a backend says of itself; the worker adds its own name, version and waiting room to make the card. */
export type BackendCard = { kind: WorkerKind; models: ModelOffer[]; slots: number };

/** Is told that a request waits before its answer starts, and again while it does. */
export type OnWaiting = (event: GenerationWaiting) => void;

/**
 * Something that runs models. Every kind passes `backend-contract.ts`. What a model cannot do, by the
 * features of its offer, is `not-supported`.
 *
 * `generate` yields the events of `generate-event.ts` in their order. What goes wrong with one request
 * is thrown as an AppError (the server makes it a `generation-error`); a request for a model the
 * backend does not offer is `model-not-found`. When `signal` aborts, the iteration ends soon and the
 * slot is free.
 */
export interface Backend {
  card(): BackendCard;
  /**
   * Calls that the models work on, where that can last longer than a call: an aborted one counts until
   * its work has stopped.
   */
  underWay?(): number;
  /**
   * Told whenever the card has changed: another model upstream, a server that came or went. A card without
   * models is one of a backend whose upstream is away; nothing is sent to it until it offers some again.
   * Slots stay as they were.
   */
  watchCard?(onChange: () => void): void;
  /** What others than this worker have in the same upstream, where it can be asked; counted into the load. */
  foreignLoad?(): { running: number; waiting: number };
  /** How often the model has done a piece of work, where an answer can be worked on in silence for long. */
  passCount?(model: string): number;
  generate(
    request: GenerateRequest,
    signal: AbortSignal,
    onWaiting?: OnWaiting,
  ): AsyncIterable<GenerateEvent>;
  embed(request: EmbedRequest, signal: AbortSignal): Promise<EmbedReply>;
  rerank(request: RerankRequest, signal: AbortSignal): Promise<RerankReply>;
  classify(request: ClassifyRequest, signal: AbortSignal): Promise<ClassifyReply>;
  tokenize(request: TokenizeRequest, signal: AbortSignal): Promise<TokenizeReply>;
  detokenize(request: DetokenizeRequest, signal: AbortSignal): Promise<DetokenizeReply>;
  tokenizerInfo(request: TokenizerInfoRequest, signal: AbortSignal): Promise<TokenizerInfoReply>;
  close(): Promise<void>;
}
