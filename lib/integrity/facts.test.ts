/** Goal: what ballots keep of a conversation are right numbers, and a language only where one can be told. */
import { expect, test } from "vitest";
import { guessLanguage } from "@/lib/rating/guess-language";
import { markPrompts } from "@/lib/rating/prompt-marks";
import { countMarks } from "./answer-marks";

test("marks are counted over all answers of a side, and code is code", () => {
  const first =
    "# Title\n\n- one\n- two **bold** and __so__\n1. three\n\n```py\n# no header\n- no list\n```\n";
  const second = "## Two\n   ### Three\n**a** **b**\n~~~\n**no**\n```\n~~~\ntext";
  expect(
    countMarks([
      { content: first, completionTokens: 30 },
      { content: second, completionTokens: 12 },
    ]),
  ).toEqual({
    ...{ tokens: 42, characters: first.length + second.length, headers: 3, lists: 3, bold: 4 },
    ...{ codeBlocks: 2, isRefusal: false },
  });
  expect(countMarks([{ content: "x", completionTokens: null }]).tokens).toBeNull();
  const refused = { content: "I'm sorry, but I can't help with that.", completionTokens: 9 };
  expect(countMarks([refused, { content: "Fine.", completionTokens: 2 }]).isRefusal).toBe(true);
});

test("prompts are marked for code and formulas", () => {
  expect(markPrompts(["What is love?"])).toEqual({
    ...{ characters: 13, tokens: 3, hasCode: false, hasMath: false, isCoding: false },
    ...{ isMath: false, isCreative: false, isInstruction: false, hardSignals: 0 },
  });
  expect(markPrompts(["愛とは何ですか"]).tokens).toBe(7);
  expect(markPrompts(["Fix:\n```\nx\n```"]).hasCode).toBe(true);
  expect(markPrompts(["def f(x):\n  return x"]).hasCode).toBe(true);
  expect(markPrompts(["What is 3 + 4?"]).hasMath).toBe(true);
  expect(markPrompts(["Integrate $x^2$"]).hasMath).toBe(true);
  expect(markPrompts(["It costs $5 or $6"]).hasCode).toBe(false);
});

test("no text of a visitor's takes longer than its length", () => {
  // Quadratic, each of these would outlast the test's limit by minutes.
  for (const part of ["\n", " ", "\t", "1 ", "$", "*", "_", "from a", "select "]) {
    const text = part.repeat(2_000_000 / part.length);
    expect(markPrompts([text]).characters).toBe(text.length);
    expect(countMarks([{ content: text, completionTokens: 1 }]).characters).toBe(text.length);
  }
});

test.each([
  ["en", "What is the capital of France?"],
  ["de", "Wie ist das Wetter und was soll ich dazu sagen?"],
  ["fr", "Quelle est la capitale de la France et pourquoi ?"],
  ["es", "¿Cuál es la capital de España y por qué?"],
  ["pt", "Qual é a capital do Brasil e por que não é outra?"],
  ["it", "Qual è la capitale e perché non è un'altra?"],
  ["nl", "Wat is de hoofdstad van het land en waarom niet een andere?"],
  ["pl", "Jak jest po polsku i dlaczego nie?"],
  ["tr", "Bu çok güzel bir şey ve nasıl?"],
  ["zh", "法国的首都是哪里？"],
  ["ja", "フランスの首都はどこですか。"],
  ["ko", "프랑스의 수도는 어디입니까?"],
  ["ru", "Что такое любовь и как её найти?"],
  ["uk", "Що таке любов і де її знайти?"],
  ["ar", "ما هي عاصمة فرنسا؟"],
  ["el", "Ποια είναι η πρωτεύουσα;"],
  [null, "hi"],
  [null, "12345 + 67890 = ?"],
  [null, "Paris Berlin Roma"],
  [null, "```\nfor x in the of and to\n```"],
  [null, ""],
])("%s: %j", (language, text) => {
  expect(guessLanguage(text)).toBe(language);
});
