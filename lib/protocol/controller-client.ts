import { Agent } from "undici";
import * as z from "zod";
import { AppError, ERROR_CODE_LIST, isAppError } from "@/lib/errors";
import { HEARTBEAT_TIMEOUT_MS } from "@/lib/fleet-limits";
import { paths } from "@/lib/paths";
import { type HandedModels, handedModelsSchema, type ToldProblems } from "./external-models";
import {
  type HeartbeatBody,
  type HeartbeatReply,
  heartbeatReplySchema,
  type RegisterBody,
  type RegisterReply,
  registerReplySchema,
} from "./registration";
import { fromTransportError } from "./transport-error";

/** As much of the web's error shape as a worker needs. */
const refusalSchema = z.object({
  error: z.object({
    code: z.enum(ERROR_CODE_LIST),
    message: z.string(),
    param: z.string().optional(),
  }),
});

export type ControllerClientOptions = {
  /** Base URL of the web process. */
  url: string;
  /** The secret that all workers share, or a token of this one. */
  secret: string;
  callMsMax?: number;
};

/**
 * Worker → web. Every method throws AppErrors only: the controller's own refusals with their code
 * (`not-found`: it has forgotten this worker, `unauthenticated`: the secret differs);
 * `upstream-invalid` when it cannot be reached or is no controller; `timeout` when it stays silent.
 */
export class ControllerClient {
  readonly url: string;
  readonly #secret: string;
  readonly #callMsMax: number;
  // One call after the other; a second connection serves the leave beside a late beat.
  readonly #agent = new Agent({ connections: 2, pipelining: 1 });

  constructor({ url, secret, callMsMax = HEARTBEAT_TIMEOUT_MS }: ControllerClientOptions) {
    this.url = url.replace(/\/+$/, "");
    this.#secret = secret;
    this.#callMsMax = callMsMax;
  }

  register(body: RegisterBody, signal: AbortSignal): Promise<RegisterReply> {
    return this.#call(
      { method: "POST", path: paths.api.workers, body, signal },
      registerReplySchema,
    );
  }

  heartbeat(workerId: string, body: HeartbeatBody, signal: AbortSignal): Promise<HeartbeatReply> {
    const path = paths.api.workerHeartbeat(workerId);
    return this.#call({ method: "POST", path, body, signal }, heartbeatReplySchema);
  }

  async leave(workerId: string, instanceId: string, signal: AbortSignal): Promise<void> {
    const path = paths.api.worker(workerId, instanceId);
    await this.#call({ method: "DELETE", path, body: undefined, signal }, z.unknown());
  }

  /**
   * The platform's external models with their keys, and the tag of that answer; undefined where it is still the
   * one of `tag`.
   */
  async externalModels(
    tag: string | undefined,
    signal: AbortSignal,
  ): Promise<{ tag: string; models: HandedModels["models"] } | undefined> {
    const path = paths.api.workerExternalModels;
    const reply = await this.#send({ method: "GET", path, tag, body: undefined, signal }, (it) => ({
      ...it,
      value: it.status === 304 ? undefined : handedModelsSchema.parse(it.value),
    }));
    return reply.value && { tag: reply.tag, models: reply.value.models };
  }

  async tellProblems(body: ToldProblems, signal: AbortSignal): Promise<void> {
    const path = paths.api.workerExternalModels;
    await this.#call({ method: "POST", path, body, signal }, z.unknown());
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #call<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
    return this.#send(call, ({ value }) => schema.parse(value));
  }

  async #send<T>(call: Call, take: (answer: Answer) => T): Promise<T> {
    const { signal } = call;
    const abort = new AbortController();
    const onAbort = () => abort.abort(signal.reason);
    const message = `The controller at ${this.url} did not answer within ${this.#callMsMax / 1_000} s.`;
    const timer = setTimeout(
      () => abort.abort(new AppError("timeout", { message })),
      this.#callMsMax,
    );
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return take(await this.#exchange(call, abort.signal));
    } catch (error) {
      const cause = abort.signal.aborted ? abort.signal.reason : error;
      if (isAppError(cause)) throw cause;
      if (signal.aborted) {
        throw new AppError("client-closed", { message: "The call was cancelled.", cause });
      }
      throw fromTransportError(cause, `The controller at ${this.url}`, "upstream-invalid");
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #exchange({ method, path, tag, body }: Call, signal: AbortSignal): Promise<Answer> {
    const url = new URL(`${this.url}${path}`);
    const reply = await this.#agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: {
        authorization: `Bearer ${this.#secret}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(tag === undefined ? {} : { "if-none-match": tag }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal,
    });
    const text = await reply.body.text();
    const { statusCode: status, headers } = reply;
    const isKnown = status === 304 && tag !== undefined;
    if (status < 300 || isKnown) {
      return {
        status,
        tag: String(headers.etag ?? ""),
        value: text === "" ? undefined : JSON.parse(text),
      };
    }
    throw toRefusal(status, text, this.url);
  }
}

type Call = {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /** Of the answer that is known already. */
  tag?: string | undefined;
  body: unknown;
  signal: AbortSignal;
};

type Answer = { status: number; tag: string; value: unknown };

function toRefusal(status: number, text: string, url: string): AppError {
  const parsed = refusalSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    return new AppError("upstream-invalid", {
      message: `What answers at ${url} with status ${status} is not a controller.`,
    });
  }
  const { code, message, param } = parsed.data.error;
  return new AppError(code, { message, param });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's HTML page, say: its status is told, its text is of no use.
    return undefined;
  }
}
