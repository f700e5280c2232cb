/** Goal: a model that says who it is is found, however it spells that, and one that speaks of the world is not. */
import { expect, test } from "vitest";
import { findTellTale, type ModelNames, toTellTales } from "./tell-tales";

const find = (model: ModelNames, text: string, prompt = "Hello", innocent: string[] = []) =>
  findTellTale(text, toTellTales(model, innocent), prompt);

const GPT = { name: "openai/gpt-4-turbo", organisation: "OpenAI" };
const LLAMA = { name: "meta-llama/Llama-3.1-8B-Instruct", organisation: "Meta" };
const QWEN = { name: "Qwen2.5-7B-Instruct", organisation: "Alibaba Cloud" };
const SMOL = { name: "HuggingFaceTB/SmolLM2-135M-Instruct", organisation: "Hugging Face" };
const CLAUDE = { name: "claude-3-opus", organisation: "Anthropic" };
const PICO = { name: "pico-s", organisation: "Parley" };

test.each<[ModelNames, string]>([
  [GPT, "As GPT-4, I think so."],
  [GPT, "you are talking to gpt4"],
  [GPT, "I run GPT - 4 inside"],
  [GPT, "**G P T** 4"],
  [GPT, "ＧＰＴ‑４ is what I am"],
  [GPT, "G\u200bP\u200bT-4"],
  [GPT, "I was made at Open AI."],
  [GPT, "ｏｐｅｎａｉ"],
  [GPT, "ОpenАI"],
  [LLAMA, "I'm Llama, a model."],
  [LLAMA, "I am a large language model, Llama 3, trained by people."],
  [LLAMA, "Llama-3 at your service"],
  [LLAMA, "I was created by Meta."],
  [LLAMA, "Je suis Llama."],
  [LLAMA, "Soy llama"],
  [QWEN, "我是Qwen，由阿里云开发"],
  [QWEN, "저는Qwen입니다"],
  [QWEN, "I am developed by Alibaba Cloud."],
  [SMOL, "This is SmolLM2."],
  [SMOL, "I am a model by Hugging Face"],
  [CLAUDE, "My name is Claude!"],
  [CLAUDE, "I'm Claude, made by Anthropic"],
  [CLAUDE, "Anthropic"],
  [CLAUDE, "claude 3 says hi"],
  [PICO, "I am pico-s"],
])("%o gives itself away with %j", (model, text) => {
  expect(find(model, text)).toBeDefined();
});

test.each<[ModelNames, string]>([
  [GPT, "Looking it up takes O(1) or 4 steps; the egpt file, chapter 4."],
  [GPT, "The large model, a turbo engine, and 4 instructions."],
  [LLAMA, "The llama is an animal of South America. I would say a llama eats grass."],
  [LLAMA, "Mi perro se llama Toby."],
  [LLAMA, "There are 3 meta studies; 8 b; instruct me."],
  [QWEN, "It weighs 2.5 kg and costs 7. Alibaba and the forty thieves."],
  [SMOL, "a smol dog, a large cat; hugging her face"],
  [CLAUDE, "Claude Monet painted water lilies. A magnum opus of 3 parts."],
  [PICO, "pico de gallo, parley, and 5 s. The pico model is small."],
  [{ name: "command-r" }, "Run this command: r -f x"],
  [{ name: "chat-mini-large" }, "a chat, a mini, a large one"],
  [{ name: "fast", aliases: ["default"] }, "fast cars by default"],
  [{ name: "o1" }, "O(1) is constant; o, 1"],
])("%o is not given away by %j", (model, text) => {
  expect(find(model, text)).toBeUndefined();
});

test("what the visitor named tells nothing, unless the model says that it is its own", () => {
  const prompt = "Compare GPT-4 with Claude";
  expect(find(GPT, "GPT-4 is larger than many.", prompt)).toBeUndefined();
  expect(find(GPT, "I am GPT-4, so I am biased.", prompt)).toBe("gpt-4");
});

test("an operator adds phrases and takes words out", () => {
  const text = "Ask the Oracle of Delphi";
  expect(find({ name: "x-7", phrases: ["oracle of delphi"] }, text)).toBe("oracle of delphi");
  expect(find({ name: "zebra-9b" }, "a zebra runs")).toBe("zebra");
  expect(find({ name: "zebra-9b" }, "a zebra runs", "", ["Zebra"])).toBeUndefined();
  expect(find({ name: "model-x", aliases: ["house-bot"] }, "I am house-bot")).toBe("house-bot");
});

test("a sentence about oneself ends with it", () => {
  expect(find(LLAMA, "I am glad to help. A llama is an animal.")).toBeUndefined();
  expect(find(LLAMA, "I am\nLlamas: a llama is an animal.")).toBeUndefined();
});

test("long texts of any kind are read once: a pattern that takes their square would never end here", () => {
  const tellTales = toTellTales(GPT);
  for (const part of ["g ", "gpt", "i am ", "o p e n ", "\u0301a"]) {
    expect(findTellTale(part.repeat(100_000 / part.length), tellTales, "gpt gpt")).toBeUndefined();
  }
});
