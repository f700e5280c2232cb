import { UPSTREAM_EVENT_BYTES_MAX } from "@/lib/upstream-limits";
import { ServerSentEventReader } from "@/lib/util/server-sent-events";
import type { BodyFields } from "../openai-wire/dialect";
import { endedHalfWay, readChunk } from "../openai-wire/generate";
import type { WireCall } from "../openai-wire/request-body";
import type { Chunk } from "../openai-wire/wire";
import type { UpstreamAbout } from "../upstream-error";
import { toCompletionChunk } from "./generate-chunks";
import type { HostCall } from "./host-call";
import type { HostedEntry } from "./hosted-model";
import type { Library } from "./library";
import { fromLibraryError } from "./library-error";

export type Asking = HostedEntry & { call: HostCall; about: UpstreamAbout; library: Library };

/**
 * Asks, and resolves with the chunks when the first of them is there. TGI's own wire is asked without the library,
 * which has a way to it that its makers are about to take away.
 *
 * @throws AppError
 */
export async function askHost(wire: WireCall, asking: Asking): Promise<AsyncIterable<Chunk>> {
  const chunks = readChunks(wire, asking);
  const first = await chunks.next();
  return resume(first, chunks);
}

async function* resume(
  first: IteratorResult<Chunk>,
  rest: AsyncGenerator<Chunk>,
): AsyncGenerator<Chunk> {
  if (first.done) return;
  try {
    yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

async function* readChunks(wire: WireCall, asking: Asking): AsyncGenerator<Chunk> {
  const { call, about, model } = asking;
  const isOwnWire = model.api === "generate";
  const values = isOwnWire ? readGenerate(wire.body, asking) : askLibrary(wire, asking);
  let isEnded = false;
  try {
    for await (const value of values) {
      const chunk = isOwnWire ? toCompletionChunk(value, about) : readChunk(value, about);
      isEnded ||= chunk.choices?.[0]?.finish_reason != null;
      yield chunk;
    }
  } catch (thrown) {
    throw fromLibraryError(thrown, call.signal, about);
  }
  // The library takes a stream that breaks off in good order for one that has ended.
  if (!isEnded) throw endedHalfWay();
}

function askLibrary({ path, body }: WireCall, asking: Asking): AsyncGenerator<unknown> {
  const { library, call, model, token } = asking;
  const { endpoint, provider, billTo } = model;
  const place =
    endpoint === undefined ? { provider: provider ?? "auto" } : { endpointUrl: endpoint };
  const options = {
    fetch: call.fetch,
    retry_on_error: false,
    ...(billTo !== undefined && { billTo }),
  };
  const own = { ...place, ...(token !== undefined && { accessToken: token }) };
  // The body is made by our own table of what the place honours; its types are the library's guess of all of them.
  const chat = body as unknown as Parameters<Library["chatCompletionStream"]>[0];
  return path === "/chat/completions"
    ? library.chatCompletionStream({ ...chat, ...own }, options)
    : library.textGenerationStream({ ...toCompletionArguments(body), ...own }, options);
}

/** The library puts a prompt under `inputs`, and its limit under parameters of TGI's name. */
function toCompletionArguments({ prompt, max_tokens: max, ...rest }: BodyFields) {
  return {
    ...rest,
    inputs: String(prompt),
    ...(typeof max === "number" && { parameters: { max_new_tokens: max } }),
  };
}

async function* readGenerate(body: BodyFields, asking: Asking): AsyncGenerator<unknown> {
  const { call, model, token } = asking;
  const headers = new Headers({ "content-type": "application/json" });
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  const response = await call.fetch(toGenerateUrl(model.endpoint ?? ""), {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  const events = new ServerSentEventReader(UPSTREAM_EVENT_BYTES_MAX);
  // Node's streams are iterable; the types of the DOM do not know.
  for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    for (const { data } of events.push(bytes)) if (data !== "") yield parse(data);
  }
  for (const { data } of events.end()) if (data !== "") yield parse(data);
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // What is no JSON is no token. It is never quoted: it may hold a caller's text.
    return undefined;
  }
}

/** Below the address of a server, or what stands there already. */
export function toGenerateUrl(endpoint: string): string {
  const address = endpoint.replace(/\/+$/, "").replace(/\/v1$/, "");
  return address.endsWith("/generate_stream") ? address : `${address}/generate_stream`;
}
