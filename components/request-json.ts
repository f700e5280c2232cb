import type * as z from "zod";
import type { ErrorCode } from "@/lib/errors";
import { PAGE_REQUEST_MS_MAX } from "@/lib/limits";
import { loadViews, type Views } from "./load-views";

/** A request that did not give what was asked: the server's own sentence, or ours when no reply came. */
export class RequestError extends Error {
  readonly code: ErrorCode | "unreachable";
  /** The field of the request that the server found fault with, as a dotted path. */
  readonly param: string | undefined;

  constructor(
    code: ErrorCode | "unreachable",
    message: string,
    { param, cause }: { param?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.name = "RequestError";
    this.code = code;
    this.param = param;
  }
}

export function toRequestError(error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  return new RequestError("unreachable", "The server could not be reached.", { cause: error });
}

async function readRefusal(response: Response): Promise<RequestError> {
  // A proxy in between may answer with a page of its own.
  const body: unknown = await response.json().catch(() => null);
  const { errorReplySchema } = await loadViews();
  const parsed = errorReplySchema.safeParse(body);
  if (parsed.success) {
    const { code, message, param } = parsed.data.error;
    return new RequestError(code, message, { param });
  }
  return new RequestError("unreachable", `The server answered with status ${response.status}.`);
}

export type SendOptions = {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
};

/** Sends JSON and resolves with a good response, whatever its body. */
export async function send(path: string, options: SendOptions = {}): Promise<Response> {
  const hasBody = options.body !== undefined;
  const response = await fetch(path, {
    method: options.method ?? (hasBody ? "POST" : "GET"),
    ...(hasBody && {
      headers: { "content-type": "application/json" },
      body: JSON.stringify(options.body),
    }),
    ...(options.signal && { signal: options.signal }),
  }).catch((error: unknown) => {
    throw options.signal?.aborted ? error : toRequestError(error);
  });
  if (!response.ok) throw await readRefusal(response);
  return response;
}

/** The reply to a request, checked by the schema that `pick` takes from the views. */
export function requestJson<T>(
  path: string,
  pick: (views: Views) => z.ZodType<T>,
  options: SendOptions = {},
): Promise<T> {
  return requestChecked(path, loadViews().then(pick), options);
}

/** The reply to a request, checked by a schema that is loaded beside it. */
export async function requestChecked<T>(
  path: string,
  loadingSchema: Promise<z.ZodType<T>>,
  options: SendOptions = {},
): Promise<T> {
  const limit = AbortSignal.timeout(PAGE_REQUEST_MS_MAX);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  const [response, schema] = await Promise.all([send(path, { ...options, signal }), loadingSchema]);
  return schema.parse(await response.json());
}
