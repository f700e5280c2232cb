import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { expectHonoured } from "@/lib/protocol/request-fields";
import type { EmbedReply, EmbedRequest } from "@/lib/protocol/text";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import { UPSTREAM_SILENCE_MS_MAX } from "@/lib/upstream-limits";
import type { OnWaiting } from "../../backend";
import { RateGate } from "../external/rate-gate";
import type { ListedModel } from "../listed-models";
import { generateByChunks, type WireAnswer } from "../openai-wire/generate";
import type { WireCall } from "../openai-wire/request-body";
import type { WireModel } from "../openai-wire/wire-model";
import type { UpstreamAbout } from "../upstream-error";
import { askHost } from "./ask-host";
import { embedTexts } from "./embed-texts";
import type { Loading } from "./find-loading";
import { HostCall } from "./host-call";
import { type HostedEntry, mayWake } from "./hosted-model";
import { findTemplate, PromptWriter, toHostedOffer, toWireModel } from "./hosted-offer";
import type { Library } from "./library";
import { fromLibraryError } from "./library-error";

export type HostedParts = {
  library: Library;
  log: Log;
  /** Where the hub and its router are, if they are elsewhere. */
  toUrl: (url: string) => string;
  /** Is told when the offer has changed. */
  onOffer: () => void;
};

/** One model at Hugging Face, ready to be asked. */
export class ServedHosted implements ListedModel<HostedEntry> {
  readonly #entry: HostedEntry;
  readonly #parts: HostedParts;
  readonly #model: WireModel;
  readonly #offer: ModelOffer;
  readonly #writer: PromptWriter | undefined;
  readonly #gate = new RateGate();
  /** Requests that wait for the host to load it. */
  #waiting = 0;
  #waitingSinceMs = 0;

  constructor(entry: HostedEntry, parts: HostedParts) {
    this.#entry = entry;
    this.#parts = parts;
    this.#model = toWireModel(entry.model);
    this.#offer = toHostedOffer(entry.model, this.#model);
    const facts = findTemplate(entry.model);
    if (facts) this.#writer = new PromptWriter(facts);
  }

  get offer(): ModelOffer {
    return this.#waiting > 0 ? { ...this.#offer, isLoading: true } : this.#offer;
  }

  isOf(entry: HostedEntry): boolean {
    return JSON.stringify(entry) === JSON.stringify(this.#entry);
  }

  async *generate(
    request: GenerateRequest,
    signal: AbortSignal,
    onWaiting?: OnWaiting,
  ): AsyncGenerator<GenerateEvent> {
    const asked = this.#toAsked(request);
    this.#gate.enter();
    const call = this.#open(signal, onWaiting);
    const ask = async (wire: WireCall): Promise<WireAnswer> => {
      const chunks = await askHost(wire, {
        ...this.#entry,
        call,
        about: this.#about(),
        ...this.#parts,
      });
      this.#gate.passed();
      return { chunks, settle: () => call.settle(), close: () => call.close() };
    };
    try {
      for await (const event of generateByChunks({
        model: this.#model,
        request: asked,
        signal,
        ask,
      })) {
        yield event.type === "generation-end" ? hideOwnStop(event, request) : event;
      }
    } catch (thrown) {
      const error = fromLibraryError(thrown, call.signal, this.#about());
      call.close();
      throw this.#gate.failed(error);
    }
  }

  async embed(request: EmbedRequest, signal: AbortSignal): Promise<EmbedReply> {
    this.#gate.enter();
    const call = this.#open(signal, undefined);
    try {
      const reply = await embedTexts(request, { ...this.#entry, call, ...this.#parts });
      this.#gate.passed();
      return reply;
    } catch (thrown) {
      throw this.#gate.failed(fromLibraryError(thrown, call.signal, this.#about()));
    } finally {
      call.close();
    }
  }

  /** The request as the host gets it. @throws AppError naming what it cannot be asked for. */
  #toAsked(request: GenerateRequest): GenerateRequest {
    const { dialect } = this.#model;
    if (request.prompt !== undefined || this.#writer === undefined) return request;
    expectHonoured(request, dialect.honoured, dialect.title);
    const { messages, thinking: _, reasoningEffort: __, ...rest } = request;
    const stop = [...new Set([...request.stop, ...this.#writer.stops])];
    return { ...rest, messages: [], prompt: this.#writer.write(messages), stop };
  }

  #open(signal: AbortSignal, onWaiting: OnWaiting | undefined): HostCall {
    const { silenceSeconds } = this.#entry.model;
    let isWaiting = false;
    return new HostCall({
      ...{ signal, about: this.#about(), toUrl: this.#parts.toUrl },
      silenceMsMax: silenceSeconds === undefined ? UPSTREAM_SILENCE_MS_MAX : silenceSeconds * 1_000,
      mayWake: mayWake(this.#entry.model),
      onLoading: (loading) => {
        if (loading !== undefined) {
          const { estimateSeconds } = loading;
          onWaiting?.({
            ...{ type: "generation-waiting", reason: "loading" },
            ...(estimateSeconds !== undefined && { estimateSeconds }),
          });
        }
        const was = isWaiting;
        isWaiting = loading !== undefined;
        if (was !== isWaiting) this.#count(isWaiting ? 1 : -1, loading);
      },
    });
  }

  #count(change: 1 | -1, loading: Loading | undefined): void {
    const before = this.#waiting;
    this.#waiting += change;
    const { log, onOffer } = this.#parts;
    const model = this.#model.name;
    if (before === 0) {
      this.#waitingSinceMs = performance.now();
      const { estimateSeconds } = loading ?? {};
      log.info({ model, estimateSeconds }, "the host loads the model first: requests wait for it");
      onOffer();
    } else if (this.#waiting === 0) {
      const ms = Math.round(performance.now() - this.#waitingSinceMs);
      log.info({ model, ms }, "nobody waits for the host to load the model any more");
      onOffer();
    }
  }

  #about(): UpstreamAbout {
    const { model, token = "" } = this.#entry;
    const host = model.endpoint === undefined ? "" : new URL(model.endpoint).host;
    return {
      ...{ model: model.name, upstreamModel: model.model },
      hidden: [token, model.endpoint ?? "", host],
    };
  }
}

/** That a text of the template's ended the answer is nothing that the request asked for. */
function hideOwnStop(
  { stopString, ...end }: Extract<GenerateEvent, { type: "generation-end" }>,
  { stop }: GenerateRequest,
): GenerateEvent {
  const isAsked = stopString !== undefined && stop.includes(stopString);
  return isAsked ? { ...end, stopString } : end;
}
