import { CHAT_PROMPT_CHARACTERS_MAX } from "@/lib/terminal-limits";
import { StartError } from "@/lib/util/start-error";

/** What ends a message of a program (ProgrammaticChatIO of FastChat's cli.py). */
export const END_OF_MESSAGE = " __END_OF_A_MESSAGE_47582648__\n";

/** Messages of a program, one after the other. A message that its input's end cuts off is none. */
export class MessageReader {
  readonly #chunks: AsyncIterator<Buffer | string>;
  readonly #decoder = new TextDecoder();
  #rest = "";

  constructor(input: AsyncIterable<Buffer | string>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  async next(): Promise<string | undefined> {
    // What was searched already is not searched again.
    for (let from = 0; ; ) {
      const at = this.#rest.indexOf(END_OF_MESSAGE, from);
      if (at !== -1) {
        const message = this.#rest.slice(0, at);
        this.#rest = this.#rest.slice(at + END_OF_MESSAGE.length);
        return message;
      }
      refuseLonger(this.#rest);
      from = Math.max(0, this.#rest.length - END_OF_MESSAGE.length);
      const { done, value } = await this.#chunks.next();
      if (done) return undefined;
      this.#rest +=
        typeof value === "string" ? value : this.#decoder.decode(value, { stream: true });
    }
  }
}

/** All that is piped in. @throws StartError when it is more than any model takes. */
export async function readPiped(input: AsyncIterable<Buffer | string>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of input) {
    text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    refuseLonger(text);
  }
  return text + decoder.decode();
}

function refuseLonger(text: string): void {
  if (text.length <= CHAT_PROMPT_CHARACTERS_MAX) return;
  throw new StartError({
    message: `What is piped in has more than ${CHAT_PROMPT_CHARACTERS_MAX} characters.`,
    remedy: "Send a part of it.",
  });
}
