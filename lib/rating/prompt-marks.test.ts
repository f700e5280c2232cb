/**
 * Goal: the rules of categories find what people would, on prompts written for this test, and take no time.
 * Method: a table of own prompts in eleven languages with the categories that a reader gives each. The rules were
 * written against its first part; the last 68 were kept back until they stood. Precision and recall are printed
 * and held to floors below what was measured, so that a change that loses much is seen.
 */
import { expect, test } from "vitest";
import { CATEGORIES, LABELLED_CATEGORIES } from "@/lib/vote-categories";
import prompts from "./__fixtures__/prompts.json";
import { categoryNames, toCategories } from "./categories";
import { markPrompts } from "./prompt-marks";
import { isRefusal } from "./refusal";

const told = prompts.map((row) => ({
  ...row,
  told: categoryNames(
    toCategories({ turn: 1, labels: null, prompt: markPrompts([row.text]) }),
  ) as string[],
}));

/** Of the part kept back; measured 1.00 each but for hard, 0.83 and 0.83. */
const FLOORS = { coding: 0.9, math: 0.9, creative: 0.9, "instruction-following": 0.8, hard: 0.6 };

test.each(LABELLED_CATEGORIES)("%s is found where readers find it", (category) => {
  for (const keptBack of [false, true]) {
    const rows = told.filter((row) => row.keptBack === keptBack);
    const isTold = (row: (typeof told)[number]) => row.told.includes(category);
    const hits = rows.filter((row) => isTold(row) && row.is.includes(category)).length;
    const precision = hits / rows.filter(isTold).length;
    const recall = hits / rows.filter((row) => row.is.includes(category)).length;
    process.stdout.write(
      `${category}, ${keptBack ? "kept back" : "written against"}: precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)}, ${rows.length} prompts\n`,
    );
    expect(precision).toBeGreaterThanOrEqual(FLOORS[category]);
    expect(recall).toBeGreaterThanOrEqual(FLOORS[category]);
  }
});

test("the table names categories that there are", () => {
  for (const { is } of prompts) for (const name of is) expect(CATEGORIES).toContain(name);
});

test("a long prompt is read at its beginning and its end", () => {
  const filler = "Lorem ipsum dolor sit amet. ".repeat(2_000);
  expect(markPrompts([`Write a poem about this: ${filler}`]).isCreative).toBe(true);
  expect(markPrompts([`${filler}\nWrite a poem about this.`]).isCreative).toBe(true);
  expect(markPrompts([filler])).toMatchObject({ isCreative: false, tokens: filler.length / 4 });
});

test("what stands in code is no instruction and no sum", () => {
  const code = "```\n# must not use exactly 3 words, write a poem\nx = 3 + 4\n```";
  expect(markPrompts([`See\n${code}`])).toMatchObject({
    ...{ hasCode: true, isCreative: false, isInstruction: false, isMath: false },
  });
});

test("hostile prompts and answers take no longer than others of their length", () => {
  // Quadratic, each of these would outlast the test's limit.
  const parts = [
    ..."\n| |\t|1 |1. |- |$|$=|*|a|write |write a|tell me the |写|書い|in the |as a |each |without |exactly ".split(
      "|",
    ),
    ...[
      "3 words ",
      "my ",
      "schreib",
      "I can't ",
      "sorry, ",
      "no ",
      "f(x) ",
      "2x + ",
      "don't ",
      "。",
    ],
  ];
  for (const part of parts) {
    const text = part.repeat(50_000 / part.length);
    expect(markPrompts([text]).characters).toBe(text.length);
    expect(isRefusal(text)).toBe(false);
    expect(typeof isRefusal(text.slice(0, 1_200))).toBe("boolean");
  }
});

test.each([
  "I'm sorry, but I can't help with that.",
  "I cannot assist with this request.",
  "I’m sorry, but as an AI language model I cannot provide medical advice. Please see a doctor.",
  "As an AI developed to be helpful, I can't create content that demeans people.\n\nI could instead:\n- explain the history\n- suggest a kinder joke",
  "Unfortunately, I am unable to comply with this request, since it asks for personal data.",
  "I understand you are curious, but I won't provide instructions for that.",
  "I must decline.",
  "Sorry, that's not something I can help with.",
  "Es tut mir leid, aber dabei kann ich dir leider nicht helfen.",
  "Leider kann ich diese Anfrage nicht beantworten.",
  "Das kann ich nicht tun.",
  "Je suis désolé, mais je ne peux pas vous aider avec cette demande.",
  "Lo siento, pero no puedo ayudarte con eso.",
  "Desculpe, mas não posso ajudar com isso.",
  "Mi dispiace, ma non posso aiutarti con questa richiesta.",
  "Извините, но я не могу помочь с этой просьбой.",
  "很抱歉，我无法提供这类信息。",
  "对不起，我不能帮助你完成这个请求。",
  "申し訳ありませんが、そのご依頼にはお応えできません。",
  "죄송합니다. 그 요청은 도와드릴 수 없습니다.",
])("refuses: %s", (answer) => {
  expect(isRefusal(answer)).toBe(true);
});

test.each([
  "",
  "Paris is the capital of France.",
  'When a bot says "I can\'t help with that", it usually means that a filter was hit.',
  "I can't believe how good that film is! You should see it.",
  "I'm sorry to hear that you are ill. Rest, drink tea, and see a doctor if the fever stays.",
  "I'm sorry, but there is a bug in line 3: the loop runs one step too far.",
  "I cannot find an error in your code. It returns the right sum for every case that I tried.",
  "I can't recommend this book enough.",
  "Unfortunately the train was late, so we missed the ferry.",
  "I can't write this in one line, so here it is in two:\n```py\na = 1\nb = 2\n```",
  `I can't give a single answer, so let me lay out what is known. ${"Each view has its own reasons. ".repeat(60)}`,
  "I can't share everything, but here are tips:\n1. One\n2. Two\n3. Three\n4. Four\n5. Five",
  "Das kann nicht stimmen: 7 mal 8 ist 56.",
  "Ich kann das gut verstehen und würde es nicht anders machen.",
  "Leider regnet es morgen, und es wird nicht wärmer als 8 Grad.",
  "Lo siento mucho por tu pérdida. Tómate tiempo y habla con alguien.",
  "我不能吃辣，所以选了清汤。",
  "すみません、駅はどこですか、と言います。",
])("does not refuse: %s", (answer) => {
  expect(isRefusal(answer)).toBe(false);
});
