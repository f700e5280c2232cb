import { expect, test } from "vitest";
import { conversationSchema } from "@/lib/adapters/conversation-record";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { VICUNA } from "./__fixtures__/fastchat-worker";
import { toPrompt } from "./to-prompt";

const template = (more: object = {}) => conversationSchema.parse({ ...VICUNA, ...more });
const request = (more: Partial<GenerateRequest>): GenerateRequest => ({
  ...{ requestId: "r", model: "m", messages: [], sampling: {}, stop: [] },
  ...more,
});

test("system messages stand together at the beginning, wherever they were", () => {
  const messages = [
    textMessage("system", "One."),
    textMessage("user", "Hi"),
    textMessage("system", "Two."),
    textMessage("assistant", "Yes?"),
    textMessage("user", "Go on"),
  ];
  expect(toPrompt(request({ messages }), template())).toBe(
    "One.\n\nTwo. USER: Hi ASSISTANT: Yes?</s>USER: Go on ASSISTANT:",
  );
  const [, ...rest] = messages.filter(({ role }) => role !== "system");
  expect(toPrompt(request({ messages: rest }), template())).toMatch(/^A chat\. /);
});

test("a template without a place for the system says so, and only then", () => {
  const messages = [textMessage("user", "Hi"), textMessage("system", "Be brief.")];
  const ask = (more: object) => () => toPrompt(request({ messages }), template(more));
  expect(ask({ sep_style: 21 })).toThrow("no place for a system message");
  expect(ask({ system_template: "Fixed." })).toThrow("no place for a system message");
  expect(ask({ system_template: "{{system_message}}" })).toThrow("no place");
  expect(ask({ system_template: "<{system_message}>" })).not.toThrow();
  const empty = request({ messages: [textMessage("system", ""), textMessage("user", "Hi")] });
  expect(toPrompt(empty, template({ sep_style: 21 }))).toContain("Hi");
});

test("a prompt goes as it is, and not as tokens", () => {
  expect(toPrompt(request({ prompt: " as is\n" }), template())).toBe(" as is\n");
  expect(() => toPrompt(request({ prompt: [1, 2] }), template())).toThrow("no tokens");
});
