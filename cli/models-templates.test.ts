/** Goal: templates are listed, explained and rendered from the terminal. Method: the command in process. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runCli } from "./main";

const folder = mkdtempSync(join(tmpdir(), "parley-templates-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(["models", "templates", ...words], {
    root: resolve(import.meta.dirname, ".."),
    write: (text) => {
      written += text;
    },
    writeError: (text) => {
      complaints += text;
    },
  });
  return { code, written, complaints };
}

function file(name: string, value: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
}

test("all of them, as a table and as JSON", async () => {
  const { code, written } = await run();
  expect(code).toBe(0);
  expect(written.split("\n")).toHaveLength(104);
  expect(written).toMatch(/^vicuna_v1\.1 +add-colon-two +vicuna, longchat, /m);
  const { templates } = JSON.parse((await run("--json")).written);
  expect(templates).toHaveLength(102);
  expect(templates.find((it: { name: string }) => it.name === "vicuna_v1.1")).toMatchObject({
    ...{ roles: ["USER", "ASSISTANT"], sep: " ", sep2: "</s>" },
    ...{ system_message: null, system_message_characters: 154 },
  });
});

test("what a model's name gets, and why", async () => {
  const sure = await run("lmsys/vicuna-7b-v1.5");
  expect(sure.written).toContain("vicuna-7b-v1.5 gets the template vicuna_v1.1");
  const { written } = await run("qwen2.5-coder-base");
  expect(written).toContain("gets the neutral template");
  expect(written).toContain("`base`");
  expect(written).toContain("FastChat takes qwen-7b-chat (qwen).");
  expect(JSON.parse((await run("pico-s", "--json")).written)).toEqual({
    ...{ name: "pico-s", template: null, family: null },
    doubt: "no family is known by its name",
    fastchat: { adapter: null, template: "one_shot" },
  });
});

test("a template's own facts", async () => {
  const { written } = await run("Robin");
  expect(written).toContain('roles       "###Human", "###Assistant"');
  expect(written).toContain('stops       "###", 2, 396');
  expect(written).toContain("FastChat's own of 156 characters is left out");
});

test("facts as JSON are a template to change and give back as a file", async () => {
  const { facts } = JSON.parse((await run("vicuna_v1.1", "--json")).written);
  const hi = file("hi4.json", [{ role: "user", content: "Hi" }]);
  const own = file("changed.json", { facts: { ...facts, system_message: "Be kind." } });
  expect((await run(own, "--render", hi)).written).toBe("Be kind. USER: Hi ASSISTANT:");
});

test("a conversation is rendered byte for byte", async () => {
  const messages = [
    { role: "system", content: "S" },
    { role: "user", content: "Hi" },
  ];
  const path = file("hi.json", { messages });
  expect(await run("vicuna_v1.1", "--render", path)).toEqual({
    ...{ code: 0, written: "S USER: Hi ASSISTANT:", complaints: "" },
  });
  const { written } = await run("vicuna-7b-v1.5", "--render", path, "--json");
  expect(JSON.parse(written)).toEqual({
    ...{ template: "vicuna_v1.1", prompt: "S USER: Hi ASSISTANT:" },
    ...{ stop_str: [], stop_token_ids: [] },
  });
  const dropped = await run("gemma", "--render", path);
  expect(dropped.written).toBe("<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n");
  expect(dropped.complaints).toMatch(/^Careful: gemma has no place/);
});

test("FastChat's record of a conversation names its template itself", async () => {
  const path = file("record.json", {
    ...{ template_name: "koala_v1", system_message: "BEGIN", roles: ["USER", "GPT"], offset: 0 },
    messages: [
      ["USER", "Hi"],
      ["GPT", null],
    ],
  });
  expect((await run("--render", path)).written).toBe("BEGIN USER: Hi GPT:");
  const template = file("own.json", { name: "own", roles: ["Q", "A"], sep_style: 6, sep: "|" });
  const hi = file("hi2.json", [{ role: "user", content: "Hi" }]);
  expect((await run(template, "--render", hi)).written).toBe("Q\nHi|A\n");
});

test.each([
  [["--render", "nowhere.json"], 2, "nowhere.json cannot be read."],
  [["pico-s", "--render", "HI"], 1, "a model of that name gets none"],
  [["--render", "HI"], 2, "no template to render with"],
  [["vicuna_v1.1", "--render", "BROKEN"], 2, "not valid JSON"],
  [["--no-such-flag"], 2, "unknown option"],
])("%j ends with %i", async (words, code, reason) => {
  const hi = file("hi3.json", [{ role: "user", content: "Hi" }]);
  const broken = file("broken.json", "{");
  const path = (word: string) => ({ HI: hi, BROKEN: broken })[word] ?? word;
  const ended = await run(...words.map(path));
  expect(ended).toMatchObject({ code, written: "" });
  expect(ended.complaints).toContain(reason);
});
