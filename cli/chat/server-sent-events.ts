import { EVENT_BYTES_MAX } from "@/lib/limits";
import { ChatError } from "./chat-error";

/**
 * The data of server-sent events (HTML, 9.2): lines end in CR, LF or both, events at an empty line, and
 * several lines of data are one text. Names, ids and comments are nothing to a chat.
 *
 * @throws ChatError where a line or an event is longer than any answer's piece.
 */
export async function* readServerSentEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8");
  let rest = "";
  let data: string[] = [];
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the end may be the first half of a line's end.
    const isHalf = rest.endsWith("\r");
    const lines = (isHalf ? rest.slice(0, -1) : rest).split(/\r\n|\r|\n/);
    rest = (lines.pop() ?? "") + (isHalf ? "\r" : "");
    for (const line of lines) {
      if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
      if (line !== "" || data.length === 0) continue;
      yield data.join("\n");
      data = [];
    }
    if (rest.length + data.reduce((sum, it) => sum + it.length, 0) > EVENT_BYTES_MAX) {
      throw new ChatError("broken-answer", "The server sends a piece that has no end.");
    }
  }
  // Some servers end with their last line.
  const last = rest.startsWith("data:") ? [...data, rest.slice(5).trim()] : data;
  if (last.length > 0) yield last.join("\n");
}
