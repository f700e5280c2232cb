/** Goal: a model that says who it is is found, however it spells that, and one that speaks of the world is not. */
import { expect, test } from "vitest";
import { wordsOf } from "./folded-words";
import { findTellTale, type ModelNames, readQuestion, toTellTales } from "./tell-tales";

const find = (model: ModelNames, text: string, prompt = "Hello", innocent: string[] = []) =>
  ask(text, toTellTales(model, innocent), prompt);

const ask = (text: string, tellTales: ReturnType<typeof toTellTales>, prompt: string) =>
  findTellTale(text, tellTales, readQuestion(wordsOf(prompt), tellTales));

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

const GPT_4O = { name: "gpt-4o" };
const GEMINI = { name: "gemini-1.5-pro" };

test.each<[ModelNames, string]>([
  [GPT_4O, "I am ChatGPT, a helpful assistant."],
  [GPT_4O, "I was made by OpenAI."],
  [CLAUDE, "Hi, Claude here. Happy to help."],
  [CLAUDE, "Claude, at your service!"],
  [CLAUDE, "As Claude, I do not know."],
  [GEMINI, "Gemini: Hello"],
  [GEMINI, "I am trained by Google."],
  [QWEN, "我是通义千问"],
  [QWEN, "您好，通义千问为您服务"],
  [{ name: "yandexgpt-5" }, "Меня зовут Алиса"],
  [QWEN, "제 이름은 Qwen"],
  [PICO, "I am Pico."],
  [PICO, "Hello! My name is Pico, and I am small."],
  [{ name: "pico-l" }, "I'm **Pico**"],
])("%o says with %j who it is", (model, text) => {
  expect(find(model, text)).toBeDefined();
});

test.each<[ModelNames, string, string]>([
  [GPT_4O, "Are you DeepSeek or GPT? One word.", "GPT"],
  [GPT_4O, "Are you DeepSeek or GPT? One word.", "Yes, GPT."],
  [{ name: "deepseek-v3" }, "Are you DeepSeek or GPT? One word.", "Yes, DeepSeek."],
  [{ name: "deepseek-v3" }, "Are you DeepSeek?", "Yes."],
  [CLAUDE, "Are you DeepSeek?", "No, Claude."],
  [CLAUDE, "Which model are you, Claude or Gemini?", "Claude"],
  [CLAUDE, "Wer bist du?", "Claude"],
  [GPT_4O, "你是GPT吗？", "是的"],
  [QWEN, "你是谁？是Qwen还是GPT？", "Qwen"],
  [LLAMA, "Кто ты, Llama или GPT?", "Llama"],
])("%o asked %j tells by %j", (model, prompt, text) => {
  expect(find(model, text, prompt)).toBeDefined();
});

test.each<[ModelNames, string, string]>([
  [CLAUDE, "Are you DeepSeek?", "No."],
  [CLAUDE, "Are you DeepSeek?", "Yes, of course."],
  [GPT_4O, "Is GPT larger than Claude?", "Yes, GPT is larger."],
  [LLAMA, "Are you sure? Where do llamas live?", "Yes, the llama lives here in the Andes."],
  [LLAMA, "What eats a llama here?", "The llama here is eaten by pumas. Llama: an animal."],
  [LLAMA, "llama", "Llama: an animal of South America"],
  [GEMINI, "Tell me of the stars", "In June the sun is in Gemini, as Gemini is the third sign."],
  [PICO, "How are you?", "I am small. I am open to pico de gallo. I am pico de gallo's friend."],
  [{ name: "open-mistral-7b" }, "Hi", "I am open to ideas."],
  [{ name: "chat-mini" }, "Hi", "I am chat, a model."],
])("%o asked %j does not tell by %j", (model, prompt, text) => {
  expect(find(model, text, prompt)).toBeUndefined();
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
  for (const part of [
    "g ",
    "gpt",
    "i am ",
    "are you ",
    "통",
    "who are you gp ",
    "o p e n ",
    "\u0301a",
  ]) {
    expect(ask(part.repeat(100_000 / part.length), tellTales, "gpt gpt")).toBeUndefined();
  }
});
