import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { Conversation } from "./conversation";
import { findSaved, loadConversation, saveConversation } from "./conversation-file";

const folder = mkdtempSync(join(tmpdir(), "parley-saved-"));
const place = (name: string) => join(folder, name);
beforeAll(() => {
  mkdirSync(place("folder.d"));
  writeFileSync(place("file"), "no folder");
  execFileSync("mkfifo", [place("pipe.json")]);
});
afterAll(() => rmSync(folder, { recursive: true }));

function talk(): Conversation {
  const conversation = new Conversation({ system: "Be brief.", roles: ["user", "assistant"] });
  conversation.add({ prompt: "Hi", answers: ["Hello."], models: ["alpha"] });
  return conversation;
}

function lineOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof StartError) return error.line;
    throw error;
  }
  return "";
}

test.each([
  ["nowhere/talk.json", "there is no such folder. Make it, or name another."],
  ["file/talk.json", "a part of that path is a file. Name another folder."],
  ["folder.d", "it is a folder. Name a file in it."],
  [`${"x".repeat(300)}.json`, "its name is too long. Name a shorter one."],
])("%s cannot be written, and nothing is left of trying", (name, why) => {
  const path = place(name);
  expect(lineOf(() => saveConversation(talk(), path))).toBe(`${path} cannot be written: ${why}`);
  expect(readdirSync(folder).sort()).toEqual(["file", "folder.d", "pipe.json"]);
});

const theirs = {
  ...{ template_name: "vicuna_v1.1", system_message: "A chat.", offset: 0 },
  roles: ["USER", "ASSISTANT"],
};
const pair = [
  ["USER", "What is 1+1?"],
  ["ASSISTANT", "Two."],
];

test.each<[string, string | object, RegExp]>([
  ["half a file", '{"roles": [', /is no JSON/],
  ["an empty file", "", /is no JSON/],
  ["another program's", { a: 1 }, /is no saved conversation \(messages\)/],
  ["a list", "[]", /is no saved conversation/],
  ["a message of nobody's", { ...theirs, messages: [["Bob", "Hi"]] }, /has a message of "Bob"/],
  ["answers alone", { ...theirs, messages: [["ASSISTANT", "Hi"]] }, /prompts and answers in turn/],
  [
    "a turn without its model",
    { ...theirs, messages: pair, parley: { turns: [{ prompt: "a", answers: ["b"], models: [] }] } },
    /is no saved conversation \(parley\.turns\.0\.models\)/,
  ],
  [
    "two answers of one model",
    {
      ...{ ...theirs, messages: pair },
      parley: { turns: [{ prompt: "a", answers: ["b", "c"], models: ["one"] }] },
    },
    /is no saved conversation \(parley\.turns\.0\)/,
  ],
])("%s is refused, and what was said before stays", (name, content, why) => {
  const path = place(`${name}.json`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  const conversation = talk();
  expect(lineOf(() => loadConversation(conversation, path))).toMatch(why);
  expect(conversation.toMessages("?").map(({ content }) => content)).toEqual([
    ...["Be brief.", "Hi", "Hello.", "?"],
  ]);
  rmSync(path);
});

test("what has no end is not read", () => {
  const load = (path: string) => lineOf(() => loadConversation(talk(), path));
  expect(load(place("pipe.json"))).toContain("is no file");
  expect(load("/dev/zero")).toContain("is no file");
  expect(load(place("folder.d"))).toContain("is no file");
});

test("FastChat's file is taken whole, with its examples and what was not answered yet", () => {
  const path = place("theirs.json");
  const messages = [...pair, ["USER", "And 2+2?"], ["ASSISTANT", "Four."], ["USER", "?"]];
  writeFileSync(
    path,
    JSON.stringify({ ...theirs, offset: 2, messages: [...messages, ["ASSISTANT", null]] }),
  );
  expect(findSaved(place("theirs"))).toBe(path);
  const conversation = talk();
  loadConversation(conversation, path);
  expect(conversation.turns).toEqual([{ prompt: "And 2+2?", answers: ["Four."], models: [""] }]);
  expect(conversation.toMessages("Go on").map(({ content }) => content)).toEqual([
    ...["A chat.", "What is 1+1?", "Two.", "And 2+2?", "Four.", "Go on"],
  ]);
});
