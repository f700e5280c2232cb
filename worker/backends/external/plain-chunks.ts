import type { ServerSentEvent } from "@/lib/util/server-sent-events";
import { judgeReason } from "../finish-reasons";
import { ToolCalls } from "../openai-wire/tool-calls";
import { type CallDelta, callSchema } from "../openai-wire/wire";
import { fromToldError, type UpstreamAbout } from "../upstream-error";
import { DONE, type Fields, parseData, type StreamMender, toFields } from "./mended-stream";

/**
 * OpenAI's chunks as OpenAI itself would send them. The SDK has a reader of its own for each provider, and each
 * takes other ways of the rest for garbage, or for an answer in order: an error beside choices, a filter's reason,
 * calls that share an index or have no id, a refusal, events that keep a connection alive.
 */
export class PlainChunks implements StreamMender {
  /** The server has said why the answer is over. */
  isEnded = false;
  readonly #about: UpstreamAbout;
  readonly #calls = new ToolCalls();

  constructor(about: UpstreamAbout) {
    this.#about = about;
  }

  read({ event, data }: ServerSentEvent): string | undefined {
    if (data.trim() === "") return undefined;
    if (data.trim() === DONE) return DONE;
    const chunk = toFields(parseData(data));
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
