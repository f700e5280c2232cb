/**
 * Goal: a person at a terminal can chat, stop, regenerate, save, load, compare and resize.
 * Method: the real program in a pseudo-terminal, against a server whose answers the test writes; what is
 * looked at is the screen of a real terminal (xterm) and what has scrolled away above it.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { ChatServer } from "./__fixtures__/chat-server";
import { canOpenTerminals, PseudoTerminal, type Size } from "./__fixtures__/pseudo-terminal";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "parley-chat-"));
const open: { close(): void }[] = [];
let server: ChatServer;

beforeEach(async () => {
  server = await new ChatServer().start();
});
afterEach(async () => {
  for (const it of open.splice(0)) it.close();
  await server.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

const ENTER = `import { enter } from ${JSON.stringify(join(root, "cli/enter.mjs"))};
process.exitCode = await enter(${JSON.stringify(root)}, process.argv.slice(1));`;

function chat(words: readonly string[] = [], size: Size = { columns: 80, rows: 24 }) {
  const program = [process.execPath, "--input-type=module", "-e", ENTER, "--"];
  const flags = ["chat", "--base-url", server.url, ...words];
  const env = { ...process.env, XDG_STATE_HOME: folder, PARLEY_CONFIG: "none" };
  const terminal = new PseudoTerminal([...program, ...flags], { ...size, cwd: folder, env });
  open.push(terminal);
  return terminal;
}

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
const ENTER_KEY = "\r";
const CTRL_C = "\x03";
const CTRL_D = "\x04";

describe.runIf(canOpenTerminals)("chat in a terminal", () => {
  test("writes Markdown as it comes, and remembers what was said", async () => {
    const terminal = chat(["--system", "Be brief.", "--temperature", "0.5", "--seed", "7"]);
    await terminal.untilSeen("alpha at http://127.0.0.1");
    terminal.type(`Hello${ENTER_KEY}`);
    const first = await server.asked();
    expect(first.asked).toMatchObject({
      ...{ model: "alpha", temperature: 0.5, seed: 7, stream: true },
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello" },
      ],
    });
    first.write("## Greeting\n\nThis is **bo");
    // Bold from its first letter, without its marks.
    await terminal.untilSeen(/Greeting\n\nThis is bo$/m);
    expect(terminal.written).toContain("\x1b[1mbo");
    first.write("ld** and `code`.\n\n- one\n- two\n").end();
    await terminal.untilSeen("5 tokens");
    expect(terminal.all).toContain("Greeting\n\nThis is bold and code.\n\n• one\n• two\n");
    terminal.type(`And now?${ENTER_KEY}`);
    const second = await server.asked();
    expect(second.asked.messages.slice(1).map(({ role }) => role)).toEqual([
      ...["user", "assistant", "user"],
    ]);
    second.write("Good bye.").end();
    await terminal.untilSeen("Good bye.");
    await terminal.untilSeen(/5 tokens[\s\S]*5 tokens/);
    terminal.type(CTRL_D);
    expect(await terminal.exited).toBe(0);
  });

  test("Ctrl-C stops the answer and not the program; /regen asks again", async () => {
    const terminal = chat();
    await terminal.untilSeen(">");
    terminal.type(`Count${ENTER_KEY}`);
    const first = await server.asked();
    first.write("One, two");
    await terminal.untilSeen("One, two");
    terminal.type(CTRL_C);
    // The server hears of it as well.
    await first.left;
    await terminal.untilSeen("stopped");
    terminal.type(`/regen${ENTER_KEY}`);
    const again = await server.asked();
    expect(again.asked.messages).toEqual([{ role: "user", content: "Count" }]);
    again.write("One, two, three.").end();
    await terminal.untilSeen("One, two, three.");
    await terminal.untilSeen("5 tokens");
    terminal.type(CTRL_C);
    await terminal.untilSeen("Ctrl-C again, or Ctrl-D, leaves.");
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(0);
    expect(terminal.all).toContain("exit...");
  });

  test("saves what FastChat reads, and loads what FastChat saved", async () => {
    const terminal = chat(["--system", "Be kind."]);
    await terminal.untilSeen(">");
    terminal.type(`Hi${ENTER_KEY}`);
    (await server.asked()).write("Hello, you.").end();
    await terminal.untilSeen("5 tokens");
    terminal.type(`!!save talk${ENTER_KEY}`);
    await terminal.untilSeen("saving... talk.json");
    const path = join(folder, "talk.json");
    await terminal.until(() => existsSync(path));
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      ...{ template_name: "chatgpt", system_message: "Be kind.", offset: 0 },
      roles: ["user", "assistant"],
      messages: [
        ["user", "Hi"],
        ["assistant", "Hello, you."],
      ],
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const theirs = {
      ...{ template_name: "vicuna_v1.1", system_message: "A chat.", offset: 0 },
      roles: ["USER", "ASSISTANT"],
      messages: [
        ["USER", "What is 1+1?"],
        ["ASSISTANT", "Two."],
      ],
    };
    writeFileSync(join(folder, "theirs.json"), JSON.stringify(theirs));
    terminal.type(`/load theirs${ENTER_KEY}`);
    await terminal.untilSeen("Two.");
    terminal.type(`And 2+2?${ENTER_KEY}`);
    const asked = await server.asked();
    expect(asked.asked.messages).toEqual([
      { role: "system", content: "A chat." },
      { role: "user", content: "What is 1+1?" },
      { role: "assistant", content: "Two." },
      { role: "user", content: "And 2+2?" },
    ]);
    asked.write("Four.").end();
    await terminal.untilSeen("Four.");
  });

  test("compares two models in columns, and below each other where they have no room", async () => {
    const terminal = chat([], { columns: 100, rows: 20 });
    await terminal.untilSeen(">");
    terminal.type(`/compare alpha beta Which is it?${ENTER_KEY}`);
    const sides = [await server.asked(), await server.asked()];
    const one = sides.find(({ asked }) => asked.model === "alpha")!;
    const other = sides.find(({ asked }) => asked.model === "beta")!;
    one.write("Left hand");
    other.write("Right hand");
    await terminal.untilSeen(/^Left hand +│ Right hand$/m);
    expect(terminal.view).toMatch(/^a: alpha +│ b: beta$/m);
    terminal.resize({ columns: 60, rows: 20 });
    await terminal.until(({ view }) => /a: alpha\nLeft hand\n\nb: beta\nRight hand/.test(view));
    terminal.resize({ columns: 100, rows: 20 });
    await terminal.until(({ view }) => /^Left hand +│ Right hand$/m.test(view));
    one.write("\nmore").end();
    other.end();
    await terminal.untilSeen("/vote a|b|tie|bothbad");
    // Whatever the sizes on the way, each answer stands there once.
    expect(terminal.all.match(/Right hand/g)).toHaveLength(1);
    expect(terminal.view).toMatch(/^more +│ /m);
    // Nor is anything gone that stood above.
    expect(terminal.view).toMatch(
      /Ctrl-D leaves\.\n> \/compare alpha beta Which is it\?\na: alpha/,
    );
    terminal.type(`/vote b${ENTER_KEY}`);
    await terminal.untilSeen("It is on no leaderboard");
    terminal.type(`/save both${ENTER_KEY}`);
    await terminal.untilSeen("saving... both.json");
    const path = join(folder, "both.json");
    await terminal.until(() => existsSync(path));
    const saved = JSON.parse(readFileSync(path, "utf8"));
    expect(saved.parley.turns).toEqual([
      {
        ...{ prompt: "Which is it?", vote: "b", models: ["alpha", "beta"] },
        answers: ["Left hand\nmore", "Right hand"],
      },
    ]);
    // FastChat reads the answer that was preferred.
    expect(saved.messages[1]).toEqual(["assistant", "Right hand"]);
  });

  test("a terminal that changes its size in an answer shows every word once", async () => {
    const terminal = chat([], { columns: 70, rows: 12 });
    await terminal.untilSeen(">");
    terminal.type(`Tell${ENTER_KEY}`);
    const answer = await server.asked();
    const words = Array.from({ length: 40 }, (_, index) => `word${index}`);
    answer.write(words.slice(0, 20).join(" "));
    await terminal.untilSeen("word19");
    terminal.resize({ columns: 30, rows: 12 });
    answer.write(` ${words.slice(20, 30).join(" ")}`);
    await terminal.untilSeen("word29");
    terminal.resize({ columns: 90, rows: 12 });
    answer.write(` ${words.slice(30).join(" ")}`).end();
    await terminal.untilSeen("5 tokens");
    for (const word of words) {
      expect(terminal.all.match(new RegExp(`\\b${word}\\b`, "g")), word).toHaveLength(1);
    }
  });

  test("takes many lines, pastes, and prompts of before by arrow keys", async () => {
    const terminal = chat(["--history-file", join(folder, "own-history")]);
    await terminal.untilSeen(">");
    terminal.type("one\\\rtwo\x1b\rthree");
    await terminal.untilSeen(/> one\n {2}two\n {2}three/);
    terminal.type(`\x1b[200~\rfour\rfünf 日本\x1b[201~${ENTER_KEY}`);
    const first = await server.asked();
    expect(first.asked.messages[0]?.content).toBe("one\ntwo\nthree\nfour\nfünf 日本");
    first.write("Noted.").end();
    await terminal.untilSeen("5 tokens");
    terminal.type("draft\x1b[A\x1b[A");
    await terminal.untilSeen(/> one\n {2}two[\s\S]*> one\n {2}two/);
    terminal.type(ENTER_KEY);
    const again = await server.asked();
    expect(again.asked.messages.at(-1)?.content).toContain("fünf 日本");
    again.end();
    expect(statSync(join(folder, "own-history")).mode & 0o777).toBe(0o600);
  });

  test("no answer moves the cursor, renames the window or writes to the clipboard", async () => {
    const terminal = chat();
    await terminal.untilSeen(">");
    terminal.type(`Attack${ENTER_KEY}`);
    const attack = "\x1b]0;owned\x07\x1b]52;c;aGk=\x07\x1b[2J\x1b[H\u009b31mred\u202etxt";
    (await server.asked()).write(`before ${attack} after`).end();
    await terminal.untilSeen("after");
    await terminal.untilSeen("5 tokens");
    expect(terminal.all).toContain("alpha at");
    for (const bytes of ["\x1b]0", "\x1b]52", "\x1b[2J", "\u009b", "\u202e"]) {
      expect(terminal.written).not.toContain(bytes);
    }
  });

  test("Ctrl-Z hands the terminal over during an answer, which goes on below when it is back", async () => {
    const flags = ["chat", "--base-url", server.url];
    const program = [process.execPath, "--input-type=module", "-e", ENTER, "--", ...flags];
    const env = { ...process.env, XDG_STATE_HOME: folder, PARLEY_CONFIG: "none", PS1: "shell$ " };
    const shell = ["bash", "--norc", "--noprofile", "-i"];
    const terminal = new PseudoTerminal(shell, { columns: 80, rows: 24, cwd: folder, env });
    open.push(terminal);
    await terminal.untilSeen("shell$");
    writeFileSync(join(folder, "run.sh"), `exec ${program.map(quote).join(" ")}\n`);
    // A shell between, as npx puts one there.
    terminal.type("sh -c 'sh run.sh; true'\r");
    await terminal.untilSeen("Ctrl-D leaves.");
    terminal.type(`Count${ENTER_KEY}`);
    const answer = await server.asked();
    answer.write("One, two");
    await terminal.untilSeen("One, two");
    terminal.type("\x1a");
    await terminal.untilSeen(/Stopped/);
    terminal.type("echo still there\r");
    await terminal.untilSeen(/^still there$/m);
    terminal.type("fg\r");
    answer.write(", three.").end();
    await terminal.untilSeen("5 tokens");
    expect(terminal.all).toMatch(/^still there\n[\s\S]*^One, two, three\.$/m);
    terminal.type("And\x1a");
    await terminal.untilSeen(/Stopped[\s\S]*Stopped/);
    terminal.type("fg\r");
    await terminal.untilSeen(/fg\n[^\n]*\n> And$/);
    // Drawn once before the terminal is ours again: what is typed until then is edited by the system.
    await terminal.until(({ written }) =>
      written.slice(written.lastIndexOf("fg\r\n")).includes("\x1b[?2004h"),
    );
    terminal.type(`\x15\x04`);
    await terminal.untilSeen("exit...");
  });

  test("whoever ends it from outside leaves its terminal as it was", async () => {
    const terminal = chat();
    await terminal.untilSeen(">");
    terminal.type(`Hi${ENTER_KEY}`);
    (await server.asked()).write("Half an");
    await terminal.untilSeen("Half an");
    terminal.kill("SIGTERM");
    expect(await terminal.exited).toBe(null);
    await terminal.until(({ written }) => written.endsWith("\x1b[?2004l\x1b[?25h"));
  });

  test("shows turns of many lines, tabs and others' line ends as they are", async () => {
    const terminal = chat([], { columns: 40, rows: 30 });
    await terminal.untilSeen(">");
    const turn = [
      ["user", "first line of the prompt\nsecond\tline"],
      ["assistant", "a\tb"],
    ];
    writeFileSync(join(folder, "lines.json"), JSON.stringify({ messages: turn }));
    terminal.type(`/load lines${ENTER_KEY}`);
    await terminal.untilSeen(/^> first line of the prompt\n {2}second {4}line\na {4}b$/m);
  });

  test("says in words what went wrong, and goes on", async () => {
    const terminal = chat();
    await terminal.untilSeen(">");
    server.refusal = {
      ...{ status: 429, headers: { "retry-after": "3" } },
      body: { error: { message: "Too many requests." } },
    };
    terminal.type(`Hi${ENTER_KEY}`);
    await terminal.untilSeen("Too many requests. Ask again in 3 s.");
    server.refusal = undefined;
    terminal.type(`/regen${ENTER_KEY}`);
    const answer = await server.asked();
    expect(answer.asked.messages).toEqual([{ role: "user", content: "Hi" }]);
    answer.write("Half");
    await terminal.untilSeen("Half");
    answer.break();
    await terminal.untilSeen("The connection broke before the answer was finished.");
    terminal.type(`/model gamma${ENTER_KEY}`);
    await terminal.untilSeen("No model is called gamma. There are: alpha, beta.");
    terminal.type(`/frobnicate${ENTER_KEY}`);
    await terminal.untilSeen("There is no /frobnicate");
  });
});
