import { createInterface } from "node:readline";
import type { Keyboard } from "../screen/keyboard";
import type { LineEditor } from "../screen/line-editor";
import { safeText } from "../screen/safe-text";
import { plain } from "../screen/spans";
import type { Terminal, TerminalStreams } from "../terminal";
import { MessageReader } from "./message-reader";
import type { PlainIo } from "./plain-style";

type Writers = Pick<Terminal, "write" | "writeError">;

const onSignal = (act: () => void) => {
  process.on("SIGINT", act);
  return () => void process.off("SIGINT", act);
};

/** For programs: FastChat's marks, and every byte as it came, unless somebody looks. */
export function createProgramIo({ input, output }: TerminalStreams, writers: Writers): PlainIo {
  const messages = new MessageReader(input);
  // A message of FastChat's may be ended by a terminal's interrupt as well: it has no keys of its own.
  return {
    ...writers,
    read: () => messages.next(),
    toShown: output.isTTY ? safeText : (text) => text,
    onInterrupt: onSignal,
    close: () => void input.destroy(),
  };
}

/** For a person: lines are edited as in the rich style. */
export function createPersonIo(
  { editor, keyboard }: { editor: LineEditor; keyboard: Keyboard },
  writers: Writers,
  isMultiline: boolean,
): PlainIo {
  const read = (prompt: string) => editor.read(prompt === "" ? [] : [plain(safeText(prompt))]);
  return {
    ...writers,
    read: isMultiline ? (prompt) => readLines(prompt, read) : read,
    toShown: safeText,
    onInterrupt: (act) => keyboard.onInterrupt(act),
    close: () => keyboard.close(),
  };
}

/** For a terminal that can place no cursor (`TERM=dumb`): lines as the system edits them. */
export function createDumbIo(
  { input }: TerminalStreams,
  writers: Writers,
  isMultiline: boolean,
): PlainIo {
  const lines = createInterface({ input, terminal: false })[Symbol.asyncIterator]();
  const read = async (prompt: string) => {
    writers.write(safeText(prompt));
    const { done, value } = await lines.next();
    return done ? undefined : value;
  };
  return {
    ...writers,
    read: isMultiline ? (prompt) => readLines(prompt, read) : read,
    toShown: safeText,
    onInterrupt: onSignal,
    close: () => void input.destroy(),
  };
}

/** Lines until one that ends the input, as `--multiline` of FastChat's simple style. */
async function readLines(
  prompt: string,
  read: (prompt: string) => Promise<string | undefined>,
): Promise<string | undefined> {
  const first = await read(prompt.replace(/: $/, " [ctrl-d/z on empty line to end]: "));
  if (first === undefined) return undefined;
  const lines = [first.trim()];
  for (let line = await read(""); line !== undefined; line = await read("")) {
    lines.push(line.trim());
  }
  return lines.join("\n");
}
