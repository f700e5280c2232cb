import { describe, expect, test } from "vitest";
import { detectAnswerFormat } from "./answer/detect-answer-format";
import { type AnswerWish, planAnswer } from "./answer-plan";
import { ChatTemplate } from "./text/chat-template";

const added = (content: string, id: number) => ({ id, content, special: false });
const THINKER = detectAnswerFormat({
  chatTemplate: new ChatTemplate(
    "{% for m in messages %}{{ m.content }}{% endfor %}<think></think>",
    {},
  ),
  addedTokens: [added("<think>", 1), added("</think>", 2)],
});
const PLAIN = detectAnswerFormat({
  chatTemplate: new ChatTemplate("{% for m in messages %}{{ m.content }}{% endfor %}", {}),
  addedTokens: [],
});
const schema = { type: "object", properties: { a: { type: "integer" } } };
const tools = [{ name: "f", parameters: schema, isStrict: true }];
const grammar = { type: "json-schema", schema } as const;
const ask = (choice: "auto" | "none" | "required" | { name: string }): AnswerWish => ({
  toolRequest: { tools, choice, isParallel: true },
});

describe("a plan", () => {
  test("of a plain answer is nothing: no grammar, and all of it text", () => {
    expect(planAnswer({}, PLAIN, "Hi")).toEqual({ grammar: undefined, splitter: undefined });
    expect(planAnswer({ splitReasoning: true }, PLAIN, "Hi").splitter).toBeUndefined();
    expect(planAnswer(ask("none"), PLAIN, "Hi")).toEqual({
      grammar: undefined,
      splitter: undefined,
    });
  });

  test("holds calls to their tools where they must come, and text to its shape where they may not", () => {
    const forced = planAnswer({ ...ask("required"), grammar }, PLAIN, "Hi");
    expect(forced.grammar?.type).toBe("structure");
    expect(JSON.stringify(forced.grammar)).toContain(JSON.stringify(schema));
    expect(forced.splitter).toBeDefined();
    expect(planAnswer({ ...ask("none"), grammar }, PLAIN, "Hi").grammar).toEqual(grammar);
  });

  test("has something looser to fall back to where calls are demanded of tools that are not strict", () => {
    const loose = [{ name: "f", parameters: schema }, ...tools.map((it) => ({ ...it, name: "g" }))];
    const plan = (choice: "auto" | "required", all: typeof loose) =>
      planAnswer({ toolRequest: { tools: all, choice, isParallel: true } }, PLAIN, "Hi");
    const { grammar: held, looserGrammar } = plan("required", loose);
    const countOf = (spec: unknown) =>
      JSON.stringify(spec).split(JSON.stringify(schema.properties)).length - 1;
    expect(countOf(held)).toBe(2 * countOf(looserGrammar));
    expect(countOf(looserGrammar)).toBeGreaterThan(0);
    expect(plan("required", loose.slice(1)).looserGrammar).toBeUndefined();
    expect(plan("auto", loose).looserGrammar).toBeUndefined();
  });

  test("is calls or text of the asked shape where both are free to come", () => {
    const { grammar: both } = planAnswer({ ...ask("auto"), grammar }, PLAIN, "Hi");
    if (both?.type !== "structure" || both.structure.type !== "one-of") throw new Error("not both");
    expect(both.structure.parts).toHaveLength(2);
    expect(both.structure.parts[1]).toEqual(grammar);
    const loose = [{ name: "f" }];
    const free = { toolRequest: { tools: loose, choice: "auto", isParallel: true } } as const;
    expect(planAnswer(free, PLAIN, "Hi").grammar).toBeUndefined();
  });

  test("lets a model that reasons do so before the shape begins, told apart", () => {
    const { grammar: reasoned, splitter } = planAnswer(
      ...([{ grammar, splitReasoning: true }, THINKER, "Hi <think>\n"] as const),
    );
    const [reasoning, , answer] = partsOf(reasoned);
    expect(reasoning).toMatchObject({ type: "tag", begin: "", end: "</think>" });
    expect(answer).toEqual(grammar);
    const parts = [...(splitter?.push("hm</think>{", 3) ?? []), ...(splitter?.flush() ?? [])];
    expect(parts.map((part) => part.type)).toEqual(["reasoning", "text"]);
    // Calls are looked for behind the reasoning, so it may come before them too.
    const [beforeCalls] = partsOf(planAnswer(ask("required"), THINKER, "Hi <think>").grammar);
    expect(beforeCalls).toEqual(reasoning);
    // Nobody asked to have it told apart, so the answer is its shape and nothing else.
    expect(planAnswer({ grammar }, THINKER, "Hi <think>").grammar).toEqual(grammar);
  });
});

function partsOf(spec: ReturnType<typeof planAnswer>["grammar"]) {
  if (spec?.type !== "structure" || spec.structure.type !== "sequence") throw new Error("no parts");
  return spec.structure.parts;
}
