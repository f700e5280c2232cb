import { UPSTREAM_AFTERWORD_MS_MAX, UPSTREAM_EVENT_BYTES_MAX } from "@/lib/upstream-limits";
import { type ServerSentEvent, ServerSentEventReader } from "@/lib/util/server-sent-events";
import { judgeReason } from "../finish-reasons";
import { ToolCalls } from "../openai-wire/tool-calls";
import { type CallDelta, callSchema } from "../openai-wire/wire";
import { fromToldError, type UpstreamAbout } from "../upstream-error";

const DONE = "[DONE]";

type Fields = Record<string, unknown>;

/**
 * A stream of OpenAI's chunks as OpenAI itself would send it. The SDK has a reader of its own for each provider,
 * and each takes other ways of the rest for garbage, or for an answer in order: an error beside choices, a filter's
 * reason, calls that share an index or have no id, a refusal, events that keep a connection alive.
 *
 * @throws AppError into the stream: what the server tells of in the middle of its answer.
 */
export function toPlainChunks(
  body: ReadableStream<Uint8Array>,
  about: UpstreamAbout,
  afterwordMsMax = UPSTREAM_AFTERWORD_MS_MAX,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const pieces = readPieces(reader, about, afterwordMsMax);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        await reader.cancel(error).catch(() => undefined);
      }
    },
    cancel: async (reason) => await reader.cancel(reason),
  });
}

async function* readPieces(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  about: UpstreamAbout,
  afterwordMsMax: number,
): AsyncGenerator<Uint8Array> {
  const events = new ServerSentEventReader(UPSTREAM_EVENT_BYTES_MAX);
  const chunks = new PlainChunks(about);
  const encoder = new TextEncoder();
  let late: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const { value: bytes } = await readNext(reader, chunks.isEnded);
      for (const event of bytes ? events.push(bytes) : events.end()) {
        const data = chunks.read(event);
        if (data !== undefined) yield encoder.encode(`data: ${data}\n\n`);
      }
      if (bytes === undefined) return;
      if (chunks.isEnded) {
        late ??= setTimeout(() => void reader.cancel().catch(() => undefined), afterwordMsMax);
      }
    }
  } finally {
    clearTimeout(late);
  }
}

/** After the reason of its end an answer is whole, whatever becomes of the connection. */
async function readNext(reader: ReadableStreamDefaultReader<Uint8Array>, isEnded: boolean) {
  try {
    return await reader.read();
  } catch (error) {
    if (isEnded) return { value: undefined };
    throw error;
  }
}

class PlainChunks {
  /** The server has said why the answer is over. */
  isEnded = false;
  readonly #about: UpstreamAbout;
  readonly #calls = new ToolCalls();

  constructor(about: UpstreamAbout) {
    this.#about = about;
  }

  /** The event's data as the SDK is to read it; undefined where it says nothing. */
  read({ event, data }: ServerSentEvent): string | undefined {
    if (data.trim() === "") return undefined;
    if (data.trim() === DONE) return DONE;
    const chunk = toFields(parse(data));
    if (event === "error" || (chunk && isError(chunk))) {
      throw fromToldError(chunk ?? data, this.#about);
    }
    // What is no object is left to the SDK to refuse.
    if (chunk === undefined) return data;
    if (chunk.choices === undefined && chunk.usage === undefined) return undefined;
    if (toFields(chunk.usage)?.prompt_tokens === 0) chunk.usage = null;
    const choice = toFields(Array.isArray(chunk.choices) ? chunk.choices[0] : undefined);
    if (choice) this.#mend(choice);
    return JSON.stringify(chunk);
  }

  #mend(choice: Fields): void {
    const delta = toFields(choice.delta);
    if (delta) this.#mendDelta(delta);
    const reason = choice.finish_reason;
    if (typeof reason !== "string") return;
    if (reason === "" || reason === "null") {
      choice.finish_reason = null;
      return;
    }
    this.isEnded = true;
    if (judgeReason(reason) === "length") choice.finish_reason = "length";
  }

  #mendDelta(delta: Fields): void {
    // What OpenAI's models answer instead of content.
    if (delta.refusal) {
      if (!delta.content) delta.content = delta.refusal;
      delete delta.refusal;
    }
    // Each of the SDK's readers knows one of the two names.
    delta.reasoning ??= delta.reasoning_content;
    delta.reasoning_content ??= delta.reasoning;
    if (!Array.isArray(delta.tool_calls)) return;
    delta.tool_calls = delta.tool_calls.flatMap((call) => {
      const parsed = callSchema.safeParse(call);
      return parsed.success ? this.#mendCall(parsed.data) : [call];
    });
  }

  /** One entry for one: the SDK's reader of xAI's takes no call in parts. */
  #mendCall(call: CallDelta): Fields[] {
    const [first, second] = this.#calls.take(call);
    if (first === undefined) return [];
    const { index } = first;
    if (first.type === "tool-call-delta") return [{ index, function: { arguments: first.text } }];
    const text = second?.type === "tool-call-delta" ? second.text : "";
    const { id, name } = first;
    return [{ index, id, type: "function", function: { name, arguments: text } }];
  }
}

const isError = ({ error, object }: Fields) => error != null || object === "error";

function toFields(value: unknown): Fields | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  // Of an object every field is something.
  return isObject ? (value as Fields) : undefined;
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    // Never quoted: it may hold a caller's text.
    return undefined;
  }
}
