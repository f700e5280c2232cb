import { expect, test } from "vitest";
import { ChatTemplate, findChatTemplate } from "./chat-template";
import { tokenizerConfigSchema } from "./tokenizer-schema";

const config = tokenizerConfigSchema.parse({ bos_token: { content: "<s>" }, eos_token: "</s>" });

test("templates see messages, their tokens' names and the generation prompt", () => {
  const source =
    "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
  expect(new ChatTemplate(source, config).render([{ role: "user", content: "Hi" }])).toBe(
    "<s>[user]Hi</s>[assistant]",
  );
});

test("a model without a template gets the neutral one, and stops before speaking for others", () => {
  const template = new ChatTemplate(undefined, config);
  expect(template.isNeutral).toBe(true);
  expect(
    template.render([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
    ]),
  ).toBe("System: Be brief.\n\nUser: Hi\n\nAssistant:");
  expect(template.stopStrings).toContain("\n\nUser:");
});

test("what a template refuses is the caller's to change", () => {
  const template = new ChatTemplate("{{ raise_exception('roles must alternate') }}", config);
  expect(() => template.render([{ role: "user", content: "Hi" }])).toThrow(
    expect.objectContaining({
      code: "invalid-request",
      param: "messages",
      message: expect.stringContaining("roles must alternate"),
    }),
  );
});

test("a template that is no Jinja is refused when the model is loaded", () => {
  expect(() => new ChatTemplate("{% for %}", config)).toThrow(/chat template cannot be read/);
});

test("among named templates the default one is taken", () => {
  const named = [
    { name: "tool_use", template: "tools" },
    { name: "default", template: "chat" },
  ];
  expect(findChatTemplate(tokenizerConfigSchema.parse({ chat_template: named }))).toBe("chat");
  expect(findChatTemplate(tokenizerConfigSchema.parse({ chat_template: "one" }))).toBe("one");
  expect(findChatTemplate(tokenizerConfigSchema.parse({}))).toBeUndefined();
});
