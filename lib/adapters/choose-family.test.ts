/**
 * Goal: a model gets the template that it was trained on or none, never another family's by accident.
 * Method: names of published models, and names made to mislead, with what FastChat takes for each.
 */
import { describe, expect, test } from "vitest";
import { ADAPTERS } from "./adapters";
import { chooseFamily } from "./choose-family";
import { matchAdapter, toModelName } from "./match-adapter";

const templateOf = (name: string) => chooseFamily({ name }).template?.name;

describe("published models", () => {
  test.each<[string, string]>([
    ["lmsys/vicuna-7b-v1.5", "vicuna_v1.1"],
    ["stable-vicuna-13b-delta", "stable-vicuna"],
    ["openbuddy-llama2-13b-v11.1-bf16", "openbuddy"],
    ["longchat-7b-16k", "vicuna_v1.1"],
    ["CodeLlama-7b-Instruct-hf", "llama-2"],
    ["Phind-CodeLlama-34B-v2", "phind"],
    ["Llama-2-7b-chat-hf", "llama-2"],
    ["Meta-Llama-3-8B-Instruct", "llama-3"],
    ["Llama-3.1-8B-Instruct", "llama-3"],
    ["Llama-3.2-1B-Instruct-onnx-int4", "llama-3"],
    ["Nous-Hermes-13b", "alpaca"],
    ["dolphin-2.2.1-mistral-7b", "dolphin-2.2.1-mistral-7b"],
    ["Nous-Hermes-2-Mixtral-8x7B-DPO", "Nous-Hermes-2-Mixtral-8x7B-DPO"],
    ["OpenHermes-2.5-Mistral-7B", "OpenHermes-2.5-Mistral-7B"],
    ["Mistral-7B-OpenOrca", "mistral-7b-openorca"],
    ["OpenOrcaxOpenChat-Preview2-13B", "open-orca"],
    ["Mistral-7B-Instruct-v0.2", "mistral"],
    ["Mixtral-8x7B-Instruct-v0.1", "mistral"],
    ["Qwen-7B-Chat", "qwen-7b-chat"],
    ["Qwen2.5-Coder-7B-Instruct", "qwen-7b-chat"],
    ["Qwen3-30B-A3B-Instruct-2507", "qwen-7b-chat"],
    ["Qwen2-57B-A14B-Instruct-IQ3_XXS", "qwen-7b-chat"],
    ["Meta-Llama-3.1-8B-Instruct-Q4_K_M-GGUF", "llama-3"],
    ["llama-2-13b-chat.Q5_0", "llama-2"],
    ["Baichuan2-13B-Chat-4bits", "baichuan2-chat"],
    ["deepseek-coder-6.7b-instruct", "deepseek-coder"],
    ["deepseek-llm-7b-chat", "deepseek-chat"],
    ["gemma-2-9b-it", "gemma"],
    ["falcon-7b-instruct", "falcon"],
    ["falcon-180B-chat", "falcon-chat"],
    ["mpt-7b-chat", "mpt-7b-chat"],
    ["mpt-30b-instruct", "mpt-30b-instruct"],
    ["TinyLlama-1.1B-Chat-v1.0", "TinyLlama"],
    ["zephyr-7b-beta", "zephyr"],
    ["stablelm-tuned-alpha-7b", "stablelm"],
    ["internlm-chat-7b", "internlm-chat"],
    ["Yi-34B-Chat", "Yi-34b-chat"],
    ["Baichuan2-7B-Chat", "baichuan2-chat"],
    ["Baichuan-13B-Chat", "baichuan-chat"],
    ["chatglm-6b", "chatglm"],
    ["chatglm2-6b", "chatglm2"],
    ["chatglm3-6b", "chatglm3"],
    ["koala-13b", "koala_v1"],
    ["alpaca-7b", "alpaca"],
    ["WizardLM-13B-V1.2", "vicuna_v1.1"],
    ["WizardCoder-15B-V1.0", "alpaca"],
    ["oasst-sft-4-pythia-12b", "oasst_pythia"],
    ["oasst-sft-6-llama-30b", "oasst_llama"],
    ["openchat_3.5", "openchat_3.5"],
    ["Starling-LM-7B-alpha", "openchat_3.5"],
    ["tulu-2-dpo-70b", "tulu"],
    ["airoboros-l2-13b-2.1", "airoboros_v1"],
    ["airoboros-l2-7b-2.2", "airoboros_v2"],
    ["airoboros-m-7b-3.1.2", "airoboros_v3"],
    ["bagel-dpo-34b-v0.2", "airoboros_v3"],
    ["SOLAR-10.7B-Instruct-v1.0", "solar"],
    ["MetaMath-7B-V1.0", "metamath"],
    ["AquilaChat2-34B", "aquila-legacy"],
    ["AquilaChat2-34B-16K", "aquila"],
    ["AquilaChat2-7B", "aquila-v1"],
    ["AquilaChat-7B", "aquila-chat"],
    ["Orca-2-7b", "orca-2"],
    ["xDAN-L1-Chat-RL-v1", "xdan-v1"],
    ["CAMEL-13B-Combined-Data", "vicuna_v1.1"],
    ["Full-Robin-7b-v2", "Robin"],
    ["phoenix-inst-chat-7b", "phoenix"],
    ["RedPajama-INCITE-7B-Chat", "redpajama-incite"],
    ["RWKV-4-Raven-7B-v12", "rwkv"],
    ["vigogne-2-7b-chat", "vigogne_chat_v2"],
    ["vigostral-7b-chat", "vigogne_chat_v3"],
    ["vigogne-7b-instruct", "vigogne_instruct"],
    ["Llama2-Chinese-7b-Chat", "llama2-chinese"],
    ["llama2-ko-chang-instruct-chat", "polyglot_changgpt"],
    ["polyglot-ko-12.8b-chang-instruct-chat", "polyglot_changgpt"],
    ["mythalion-13b", "metharme"],
    ["xgen-7b-8k-inst", "xgen"],
    ["starchat-beta", "starchat"],
    ["tigerbot-7b-sft", "tigerbot"],
    ["lemur-70b-chat-v1", "lemur-70b-chat"],
    ["Xwin-LM-7B-V0.1", "vicuna_v1.1"],
    ["ReaLM-7b", "ReaLM-7b-v1"],
    ["Yuan2-2B-hf", "yuan2"],
    ["notus-7b-v1", "zephyr"],
    ["CatPPT", "catppt"],
    ["TenyxChat-7B-v1", "tenyxchat"],
    ["gpt4all-13b-snoozy", "snoozy"],
    ["guanaco-33b-merged", "zero_shot"],
    ["manticore-13b-chat-pyg", "manticore"],
    ["BiLLa-7B-SFT", "billa"],
    ["baize-v2-7b", "baize"],
    ["dolly-v2-12b", "dolly_v2"],
    ["codegeex2-6b", "codegeex"],
    ["CuteGPT-13b-ift", "cutegpt"],
    ["consistency-llm-7b-sharegpt48k", "cllm"],
    ["h2ogpt-gm-7b", "h2ogpt"],
    ["open-llama-7b-open-instruct", "alpaca"],
    ["llava-v1.5-7b", "vicuna_v1.1"],
  ])("%s is of the family that wants %s", (name, template) => {
    expect(templateOf(name)).toBe(template);
  });
});

describe("names that mislead", () => {
  test.each<[string, string]>([
    // A bit of another word.
    ["prompt-tuned-7b-chat", "accident"],
    ["camelot-7b", "accident"],
    ["robinson-7b", "accident"],
    ["Taiyi-chat", "accident"],
    ["codegemma-7b-it", "accident"],
    // A common word.
    ["phoenix-mission-log", "`mission`, `log`"],
    // Weights that were not taught to chat.
    ["qwen2.5-coder-base", "`base`"],
    ["Baichuan2-7B-Base", "`base`"],
    ["Llama-2-7b-hf", "taught to chat"],
    ["Mistral-7B-v0.1", "taught to chat"],
    ["Meta-Llama-3-8B", "taught to chat"],
    ["gemma-7b", "taught to chat"],
    ["CodeLlama-7b-Python-hf", "taught to chat"],
    ["Qwen2.5-0.5B", "taught to chat"],
    // Others' trainings on a family's weights.
    ["saiga-mistral-7b-instruct", "`saiga`"],
    ["Qwen-7B-Chat-K-M", "`k`, `m`"],
    ["DeepSeek-R1-Distill-Qwen-7B-Instruct", "`deepseek`, `r1`, `distill`"],
    ["Llama-3-8B-Instruct-Gradient-1048k", "`gradient`"],
    ["Hermes-3-Llama-3.1-8B", "taught to chat"],
    // Two families in one name.
    ["openbuddy-vicuna-7b", "as well as openbuddy"],
    ["zephyr-7b-gemma-v0.1", "gemma as well as zephyr"],
    ["MetaMath-Mistral-7B", "mistral as well as metamath"],
    ["h2ogpt-gm-oasst1-en-2048-open-llama-7b", "as well as h2ogpt"],
    // Generations with turns of their own.
    ["Nous-Hermes-2-Yi-34B", "other models of the family"],
    ["internlm2-chat-7b", "other models"],
    ["openbuddy-llama3.1-8b-v22.3-131k", "other models"],
    ["Falcon3-7B-Instruct", "other models"],
    ["stablelm-2-12b-chat", "other models"],
    ["stablelm-zephyr-3b", "other models"],
    ["Mistral-Nemo-Instruct-2407", "other models"],
    ["deepseek-coder-v2-lite-instruct", "other models"],
    ["CodeLlama-70b-Instruct-hf", "other models"],
    ["TinyLlama-1.1B-intermediate-step-1431k-3T", "other models"],
    // Those that FastChat itself has no prompt for.
    ["vicuna-7b-v0", "no template"],
    ["WizardLM-7B-V1.0", "no template"],
    ["gpt-4", "service"],
    ["gemini-1.5-pro", "service"],
    ["OLMo-7B-Instruct", "transcript"],
    ["Smaug-72B-v0.1", "several families"],
    ["bge-small-en-v1.5", "read texts"],
    ["DeepSeek-V3", "no family"],
    ["Phi-3-mini-4k-instruct", "no family"],
    ["my-model", "no family"],
    ["", "no family"],
    ["..", "no family"],
    ["__proto__", "no family"],
    ["llama-2".repeat(20_000), "longer than"],
    ["snapshots", "no family"],
  ])("%s gets none: %s", (name, reason) => {
    const { template, doubt } = chooseFamily({ name });
    expect(template).toBeUndefined();
    expect(doubt).toContain(reason);
  });

  test("what config.json and the vocabulary say goes before the name", () => {
    const of = (more: object) => chooseFamily({ name: "Qwen-7B-Chat", ...more });
    expect(of({ modelType: "qwen2" }).template?.name).toBe("qwen-7b-chat");
    expect(of({ modelType: "llama" }).doubt).toContain("of the kind llama");
    expect(of({ hasToken: () => true }).template?.name).toBe("qwen-7b-chat");
    expect(of({ hasToken: () => false }).doubt).toContain("no <|im_start|>");
    // Spelled out in its vocabulary: nothing is missed.
    const bare = chooseFamily({ name: "vicuna-7b", hasToken: () => false });
    expect(bare.template?.name).toBe("vicuna_v1.1");
  });
});

describe("FastChat's own answer", () => {
  test.each([
    ["qwen2.5-coder-base", "qwen-7b-chat"],
    ["prompt-tuned-7b", "zero_shot"],
    ["chinese-alpaca-2-7b", "alpaca"],
    ["Mistral-Nemo-Instruct-2407", "mistral"],
    ["Llama-3.1-8B-Instruct", "meta-llama-3.1-sp"],
    ["meta-llama/Llama-3.1-405B-Instruct", "meta-llama-3.1"],
    ["gpt-4-turbo-browsing", "api_based_default"],
    ["gpt-4o-mini-2024-07-18", "gpt-mini"],
    ["claude-3-opus-20240229", "claude-3-opus-20240229"],
    ["claude-2.1", "claude"],
    ["bard", "bard"],
    ["gemini-1.5-pro-api", "gemini-1.5-pro"],
    ["vicuna-7b-v0", "one_shot"],
    // The last part of a path goes before the rest of it.
    ["/data/vicuna/koala-13b/", "koala_v1"],
    ["/data/vicuna/mine", "vicuna_v1.1"],
    ["azure-gpt-4", "chatgpt"],
    ["reka-core", "api_based_default"],
    ["grok-2-mini-2024-08-13", "grok-2-mini"],
  ])("%s: %s", (path, template) => {
    expect(matchAdapter(path)?.template).toBe(template);
  });

  test("is nothing for most names", () => {
    for (const name of ["pico-s", "Phi-3-mini-4k-instruct", "gpt-5", "Llama-3.2-1B-Instruct"]) {
      expect(matchAdapter(name)).toBeUndefined();
    }
  });

  test("comes from a hundred rules, each with a name of its own", () => {
    expect(new Set(ADAPTERS.map(({ name }) => name)).size).toBe(ADAPTERS.length);
    expect(ADAPTERS.length).toBeGreaterThan(90);
  });
});

test("a folder's name is its last part, or the id that a hub's cache has for it", () => {
  expect(toModelName("/models/vicuna-7b/")).toBe("vicuna-7b");
  expect(toModelName("C:\\models\\vicuna-7b")).toBe("vicuna-7b");
  expect(toModelName("/c/models--lmsys--vicuna-7b-v1.5/snapshots/0a1b2c/")).toBe(
    "lmsys/vicuna-7b-v1.5",
  );
});
