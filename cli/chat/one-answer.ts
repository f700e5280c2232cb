import { safeText } from "../screen/safe-text";
import type { Terminal } from "../terminal";
import type { ChatError } from "./chat-error";
import type { ChatEvent, ChatRequest, ChatSource } from "./chat-source";
import { WordStream } from "./word-stream";

/** Prints one answer and nothing else, as it comes. @throws ChatError */
export async function printAnswer(
  source: ChatSource,
  request: ChatRequest,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<void> {
  const words = new WordStream();
  let hasText = false;
  try {
    for await (const event of source.ask(request, signal)) {
      if (event.type !== "text") continue;
      const shown = safeText(words.push(event.text));
      if (shown === "") continue;
      hasText = true;
      terminal.write(shown);
      await terminal.drain?.();
    }
  } finally {
    if (hasText) terminal.write("\n");
  }
}

/** What `--json` prints, a line each. */
export type PrintedEvent =
  | { type: "start"; model: string; server: string }
  | ChatEvent
  | { type: "error"; code: string; message: string }
  | { type: "stopped" };

/** The last line, of whatever came before it. */
export function printError(error: ChatError, { write }: Terminal): void {
  const event: PrintedEvent = { type: "error", code: error.code, message: error.line };
  write(`${JSON.stringify(event)}\n`);
}

/** The events of one answer, one a line. @throws ChatError */
export async function printEvents(
  source: ChatSource,
  request: ChatRequest,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<void> {
  const print = (event: PrintedEvent) => terminal.write(`${JSON.stringify(event)}\n`);
  print({ type: "start", model: request.model, server: source.where });
  for await (const event of source.ask(request, signal)) {
    print(event);
    await terminal.drain?.();
  }
  if (signal.aborted) print({ type: "stopped" });
}
