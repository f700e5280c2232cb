import { AppError, isAppError } from "@/lib/errors";
import { CHARACTERS_A_TOKEN } from "@/lib/fleet-limits";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { measureRequest } from "@/lib/protocol/measure-request";
import { expectHonoured } from "@/lib/protocol/request-fields";
import type {
  ClassifyRequest,
  DetokenizeRequest,
  EmbedRequest,
  RerankRequest,
  TokenizeReply,
  TokenizeRequest,
  TokenizerInfoReply,
  TokenizerInfoRequest,
} from "@/lib/protocol/text";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import { MODULE_CLOSE_MS_MAX, UPSTREAM_SILENCE_MS_MAX } from "@/lib/upstream-limits";
import { settleWithin } from "@/lib/util/settle-within";
import { Admission } from "../admission";
import type { Backend } from "../backend";
import { ModuleAnswer } from "./custom/module-answer";
import { ModuleCall } from "./custom/module-call";
import { toModuleError } from "./custom/module-error";
import type { CustomBackend } from "./custom/module-interface";
import { ModuleReader } from "./custom/module-reader";
import {
  toClassifyReply,
  toEmbedReply,
  toIds,
  toRerankReply,
  toText,
} from "./custom/module-replies";
import type { ReadModule, ServedCustom } from "./custom/read-module";
import { refuseOverflow, refuseUncounted, toTexts } from "./custom/refuse-wishes";
import { toCount, toModuleRequest, toStart } from "./custom/to-module-request";
import { UpstreamPauses } from "./upstream-pauses";

/** Models that a module of somebody else's runs, in this process. */

export type CustomOptions = {
  module: ReadModule;
  /** Of `--option`: no sentence that a caller reads holds their values, some of which are secrets. */
  options?: Readonly<Record<string, string>>;
  slots: number;
  log: Log;
  silenceMsMax?: number;
};

export function createCustomBackend(options: CustomOptions): Backend {
  return new Custom(options);
}

type Place = { leave(): void; end(): void };
type Asked = { request: GenerateRequest; model: ServedCustom; call: ModuleCall; place: Place };

/** No place came free among the calls of the module. */
class Crowded extends Error {
  readonly error: AppError;
  constructor(error: AppError) {
    super(error.message, { cause: error });
    this.error = error;
  }
}

class Custom implements Backend {
  readonly #options: CustomOptions;
  readonly #module: CustomBackend;
  readonly #silenceMsMax: number;
  readonly #pauses = new UpstreamPauses();
  /** Calls that the module works on: one that was left stays until its work is over. */
  readonly #places: Admission;
  /** Those of them whose callers are still there. */
  #heard = 0;
  #asked = 0;

  constructor(options: CustomOptions) {
    const { slots, module, silenceMsMax = UPSTREAM_SILENCE_MS_MAX } = options;
    this.#options = options;
    this.#module = module.backend;
    this.#silenceMsMax = silenceMsMax;
    this.#places = new Admission({ slots, waitingMax: slots });
  }

  card() {
    const { slots, module } = this.#options;
    const models = [...module.models.values()].map(({ offer }) => offer);
    return { kind: "custom" as const, slots, models };
  }

  underWay(): number {
    return this.#places.running;
  }

  /** Work for callers who left takes places as others' work does. */
  foreignLoad() {
    return { running: this.#places.running - this.#heard, waiting: 0 };
  }

  /** A module tells nothing of its work; it is held for dead by its silence alone. */
  passCount(): number {
    this.#asked += 1;
    return this.#asked;
  }

  async *generate(request: GenerateRequest, outer: AbortSignal): AsyncGenerator<GenerateEvent> {
    const { model: name } = request;
    const model = this.#expect(name, "chat");
    expectHonoured(request, model.honoured, `the module that runs ${name}`);
    this.#pauses.check(name);
    const call = new ModuleCall(outer, this.#silenceMsMax);
    try {
      const place = await this.#enter(call);
      for await (const event of this.#answer({ request, model, call, place })) yield event;
    } catch (thrown) {
      // The contract: after an abort the events just end.
      if (outer.aborted) return;
      throw this.#see(name, thrown, call);
    }
  }

  async *#answer({ request, model, call, place }: Asked): AsyncGenerator<GenerateEvent> {
    const startedMs = performance.now();
    let reader: ModuleReader | undefined;
    try {
      const prompt = await this.#measurePrompt(request, model, call);
      const { maxTokens } = prompt;
      const told = toModuleRequest(request, model.honoured, maxTokens);
      const { contextLength } = model.offer;
      const answer = new ModuleAnswer({ request, maxTokens, contextLength, promptTokens: prompt });
      reader = new ModuleReader(
        call,
        // A limit of 0 asks for the prompt alone.
        () => (maxTokens > 0 ? this.#module.generate?.(told.request, call.signal) : []),
        place.end,
      );
      await reader.open();
      let firstMs: number | undefined;
      const start = () => toStart(model, { ...told, maxTokens, promptTokens: answer.promptTokens });
      for (let piece = await reader.next(); piece; piece = await reader.next()) {
        for (const event of answer.take(piece)) {
          // Not earlier: until something was said, another worker can be asked instead.
          if (firstMs === undefined) {
            this.#pauses.clear(request.model);
            yield start();
          }
          firstMs ??= performance.now();
          yield event;
        }
        if (answer.isOver) break;
      }
      const { rest, ...ending } = answer.finish();
      if (firstMs === undefined) yield start();
      yield* rest;
      const nowMs = performance.now();
      const firstTokenMs = (firstMs ?? nowMs) - startedMs;
      const timing = { queuedMs: 0, firstTokenMs, durationMs: nowMs - startedMs };
      yield { type: "generation-end", ...ending, timing };
    } finally {
      if (reader?.isDone) call.settle();
      else call.close();
      place.leave();
      if (reader) reader.leave();
      else place.end();
    }
  }

  async embed(request: EmbedRequest, outer: AbortSignal) {
    this.#expect(request.model, "embeddings");
    refuseOverflow(request);
    const { requestId, model } = request;
    const inputs = toTexts(request);
    return await this.#ask(model, outer, async (signal) =>
      toEmbedReply(await this.#module.embed?.({ requestId, model, inputs }, signal), inputs),
    );
  }

  async rerank(request: RerankRequest, outer: AbortSignal) {
    this.#expect(request.model, "rerank");
    refuseOverflow(request);
    const { requestId, model, query, documents } = request;
    return await this.#ask(model, outer, async (signal) =>
      toRerankReply(
        await this.#module.rerank?.({ requestId, model, query, documents }, signal),
        query,
        documents,
      ),
    );
  }

  async classify(request: ClassifyRequest, outer: AbortSignal) {
    this.#expect(request.model, "classify");
    refuseOverflow(request);
    const { requestId, model, inputs } = request;
    return await this.#ask(model, outer, async (signal) =>
      toClassifyReply(await this.#module.classify?.({ requestId, model, inputs }, signal), inputs),
    );
  }

  async tokenize(request: TokenizeRequest, outer: AbortSignal): Promise<TokenizeReply> {
    const { offer } = this.#expect(request.model, "tokenize");
    const { model, returnNames } = request;
    if ("messages" in request) refuseUncounted(request, offer.features);
    return await this.#consult(model, outer, async (signal) => {
      const ids = await this.#idsOf(toCount(request), signal);
      if (!returnNames) return { ids, contextLength: offer.contextLength };
      const names: string[] = [];
      for (const id of ids) {
        names.push(toText(await this.#module.detokenize?.({ model, ids: [id] }, signal)));
      }
      return { ids, contextLength: offer.contextLength, names };
    });
  }

  async detokenize({ model, ids }: DetokenizeRequest, outer: AbortSignal) {
    this.#expect(model, "tokenize");
    return await this.#consult(model, outer, async (signal) => ({
      text: toText(await this.#module.detokenize?.({ model, ids }, signal)),
    }));
  }

  async tokenizerInfo({ model }: TokenizerInfoRequest): Promise<TokenizerInfoReply> {
    const { offer } = this.#expect(model, "tokenize");
    return { config: { tokenizer_class: "CustomModule" }, contextLength: offer.contextLength };
  }

  async close(): Promise<void> {
    const { log } = this.#options;
    const closing = (async () => await this.#module.close?.())();
    closing.catch((error: unknown) => log.error({ err: error }, "close of the module failed"));
    await settleWithin([closing], MODULE_CLOSE_MS_MAX);
  }

  /** @throws AppError `overloaded` where calls that were left long ago still hold every place. */
  async #enter(call: ModuleCall): Promise<Place> {
    try {
      const slot = await this.#places.enter(call.signal).slot;
      this.#heard += 1;
      const leave = () => {
        this.#heard -= 1;
      };
      return { leave, end: () => slot.release() };
    } catch (error) {
      call.settle();
      if (isAppError(error) && error.code === "overloaded") throw new Crowded(error);
      throw error;
    }
  }

  /** How long the prompt is and the answer may be. @throws AppError `context-length-exceeded` */
  async #measurePrompt(request: GenerateRequest, { offer }: ServedCustom, call: ModuleCall) {
    const { contextLength, features, name } = offer;
    const guessed = Math.ceil(measureRequest(request).promptCharacters / CHARACTERS_A_TOKEN);
    const counted = features.includes("tokenize")
      ? await call.until(this.#countPrompt(request, call.signal))
      : undefined;
    const room = contextLength - (counted ?? guessed);
    if (room < 1) {
      const count = counted ?? `some ${guessed}`;
      throw new AppError("context-length-exceeded", {
        message: `The prompt has ${count} tokens; ${name} holds ${contextLength}, the answer included. Shorten it.`,
        param: "messages",
      });
    }
    return { counted, guessed, maxTokens: Math.min(request.maxTokens ?? room, room) };
  }

  async #countPrompt(request: GenerateRequest, signal: AbortSignal): Promise<number> {
    const { model, prompt } = request;
    if (Array.isArray(prompt)) return prompt.length;
    const counted = prompt === undefined ? toCount(request) : { model, text: prompt };
    return (await this.#idsOf(counted, signal)).length;
  }

  async #idsOf(request: ReturnType<typeof toCount>, signal: AbortSignal): Promise<number[]> {
    return toIds(await this.#module.tokenize?.(request, signal));
  }

  /** One reply for one call, which takes a place. */
  async #ask<T>(
    model: string,
    outer: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#pauses.check(model);
    const call = new ModuleCall(outer, this.#silenceMsMax);
    try {
      const place = await this.#enter(call);
      const working = work(call.signal);
      working.then(place.end, place.end);
      const reply = await call.until(working).finally(place.leave);
      this.#pauses.clear(model);
      return reply;
    } catch (thrown) {
      throw this.#see(model, thrown, call);
    } finally {
      call.settle();
    }
  }

  /** One reply for one call, which waits for nobody. */
  async #consult<T>(
    model: string,
    outer: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const call = new ModuleCall(outer, this.#silenceMsMax);
    try {
      return await call.until(work(call.signal));
    } catch (thrown) {
      throw this.#see(model, thrown, call);
    } finally {
      call.settle();
    }
  }

  /** What went wrong may ask for a pause; that there was no place does not. */
  #see(model: string, thrown: unknown, { signal }: ModuleCall): AppError {
    if (thrown instanceof Crowded) return thrown.error;
    const hidden = Object.values(this.#options.options ?? {});
    const error = toModuleError(thrown, signal, { model, hidden });
    this.#pauses.see(model, error);
    return error;
  }

  #expect(name: string, feature: ModelFeature): ServedCustom {
    const model = this.#options.module.models.get(name);
    if (model === undefined) {
      throw new AppError("model-not-found", {
        message: `This worker does not offer the model "${name}".`,
        param: "model",
      });
    }
    if (model.offer.features.includes(feature)) return model;
    throw new AppError("not-supported", {
      message: `The model ${name} cannot be asked for ${feature}.`,
      param: "model",
    });
  }
}
