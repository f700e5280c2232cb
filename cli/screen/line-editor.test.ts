/**
 * Goal: whatever comes from a keyboard, at once or while nobody reads, arrives whole and in order.
 * Method: the editor before a stream of the test's; what it draws goes nowhere.
 */
import { PassThrough } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { CHAT_PROMPT_CHARACTERS_MAX } from "@/lib/terminal-limits";
import { Keyboard } from "./keyboard";
import { LineEditor } from "./line-editor";
import { Screen } from "./screen";

const keyboards: Keyboard[] = [];
afterEach(() => {
  for (const it of keyboards.splice(0)) it.close();
  vi.restoreAllMocks();
});

function open() {
  const modes: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    setRawMode: (mode: boolean) => modes.push(mode),
  });
  let written = "";
  const output = new PassThrough();
  output.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  // What is asked of a terminal's stream here, these have.
  const keyboard = new Keyboard(input as unknown as NodeJS.ReadStream, (text) =>
    output.write(text),
  );
  keyboards.push(keyboard);
  const screen = new Screen(output as unknown as NodeJS.WriteStream, false);
  const editor = new LineEditor({ screen, keyboard, history: () => [], complete: () => [] });
  return { input, keyboard, editor, modes, written: () => written };
}

/** How often something was drawn. */
const countDrawings = (text: string) => text.split("\x1b[?2026h").length - 1;

const settled = () => new Promise((settle) => setImmediate(settle));

test("messages that were typed ahead come one after the other", async () => {
  const { input, editor } = open();
  input.write("one\rtwo\rthr");
  await settled();
  expect(await editor.read([])).toBe("one");
  expect(await editor.read([])).toBe("two");
  const third = editor.read([]);
  input.write("ee\r");
  expect(await third).toBe("three");
});

test("a paste is drawn once, whatever its length, and keeps its lines", async () => {
  const { input, editor, written } = open();
  const line = "日本語 and letters";
  const text = Array.from({ length: 5_000 }, () => line).join("\n");
  const message = editor.read([]);
  // Terminals send ends of lines as the Enter key; some as they are, some both.
  input.write(`\x1b[200~${text.replace("\n", "\r").replace("\n", "\r\n")}\x1b[201~`);
  await settled();
  const drawn = countDrawings(written());
  input.write("\r");
  expect(await message).toBe(text);
  expect(drawn).toBeLessThan(5);
});

test("letters that come at once are drawn at once, too", async () => {
  const { input, editor, written } = open();
  const message = editor.read([]);
  input.write("x".repeat(2_000));
  await settled();
  expect(countDrawings(written())).toBeLessThan(5);
  input.write("\r");
  expect(await message).toBe("x".repeat(2_000));
});

test("a paste beyond the limit is refused as a whole, and says so", async () => {
  const { input, editor, written } = open();
  const message = editor.read([]);
  input.write(`kept\x1b[200~${"x".repeat(CHAT_PROMPT_CHARACTERS_MAX)}\x1b[201~`);
  await vi.waitFor(() => expect(written()).toContain("A prompt has at most"));
  input.write("\r");
  expect(await message).toBe("kept");
});

test("Ctrl-Z stops the program's whole group, also while nobody reads", async () => {
  const kill = vi.spyOn(process, "kill").mockReturnValue(true);
  const { input, editor, modes, written } = open();
  input.write("\x1a");
  await settled();
  // Of `npx`, which waits for us, as well: a shell waits for all of them.
  expect(kill).toHaveBeenCalledWith(0, "SIGTSTP");
  expect(modes).toEqual([true, false]);
  process.emit("SIGCONT");
  expect(modes).toEqual([true, false, true]);
  const message = editor.read([]);
  input.write("ab\x1a");
  await settled();
  expect(kill).toHaveBeenCalledTimes(2);
  const before = written();
  process.emit("SIGCONT");
  await settled();
  // The shell has written where we drew: the line is drawn again, below.
  expect(written().slice(before.length)).toContain("ab");
  input.write("c\r");
  expect(await message).toBe("abc");
});
