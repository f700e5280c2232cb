import { type Adapter, always, NEVER, named, SAYS_CHAT } from "./adapter";

const OPENAI_MODELS = [
  ...["gpt-3.5-turbo", "gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613", "gpt-3.5-turbo-1106"],
  ...["gpt-3.5-turbo-0125", "gpt-4", "gpt-4-0314", "gpt-4-0613", "gpt-4-turbo"],
  ...["gpt-4-1106-preview", "gpt-4-0125-preview", "gpt-4-turbo-browsing"],
  ...["gpt-4-turbo-2024-04-09", "gpt2-chatbot", "im-also-a-good-gpt2-chatbot"],
  ...["im-a-good-gpt2-chatbot", "gpt-4o-mini-2024-07-18", "gpt-4o-2024-05-13"],
  ...["gpt-4o-2024-08-06", "chatgpt-4o-latest-20240903", "chatgpt-4o-latest"],
  ...["o1-preview", "o1-mini"],
];
const ANTHROPIC_MODELS = [
  ...["claude-1", "claude-2", "claude-2.0", "claude-2.1", "claude-3-haiku-20240307"],
  ...["claude-3-haiku-20240307-vertex", "claude-3-sonnet-20240229"],
  ...["claude-3-sonnet-20240229-vertex", "claude-3-5-sonnet-20240620"],
  ...["claude-3-opus-20240229", "claude-instant-1", "claude-instant-1.2"],
];

/** The first half of FastChat's list. */
export const EARLY_ADAPTERS: readonly Adapter[] = [
  { name: "stable-vicuna", match: named("stable-vicuna"), templates: always("stable-vicuna") },
  {
    name: "vicuna",
    match: named("vicuna"),
    templates: [
      [{ pattern: /v0[^/]*\/?$/ }, "one_shot"],
      [{}, "vicuna_v1.1"],
    ],
  },
  {
    name: "airoboros",
    match: named("airoboros", "spicyboros"),
    templates: [
      [{ pattern: /-3\.|-3p/ }, "airoboros_v3"],
      [{ pattern: /spicyboros|-2\.[2-9]/ }, "airoboros_v2"],
      [{}, "airoboros_v1"],
    ],
    // Llama 3 under their own name.
    not: /70b-3\.[3-9]/,
  },
  { name: "longchat", match: named("longchat"), templates: always("vicuna_v1.1") },
  {
    name: "google-t5",
    match: named("flan-", "fastchat-t5", "codet5p"),
    templates: always("one_shot"),
    never: "it has an encoder, and no template",
  },
  { name: "koala", match: named("koala"), templates: always("koala_v1"), isCommon: true },
  {
    name: "alpaca",
    match: named("alpaca"),
    templates: always("alpaca"),
    ...{ isCommon: true, words: ["lora", "native", "wdiff"] },
  },
  {
    name: "chatglm",
    match: named("chatglm"),
    templates: [
      [named("chatglm2"), "chatglm2"],
      [named("chatglm3"), "chatglm3"],
      [{}, "chatglm"],
    ],
    ...{ not: /chatglm-?[4-9](?!\d*b)/, types: /^chatglm/ },
  },
  {
    name: "codegeex",
    match: named("codegeex"),
    templates: always("codegeex"),
    not: /codegeex-?[3-9](?!\d*b)/,
  },
  { name: "dolly-v2", match: named("dolly-v2"), templates: always("dolly_v2") },
  { name: "oasst-pythia", match: { all: ["oasst", "pythia"] }, templates: always("oasst_pythia") },
  {
    name: "oasst-llama",
    match: { any: ["openassistant-sft-7-llama-30b-hf", "oasst"], none: ["pythia"] },
    templates: always("oasst_llama"),
  },
  {
    name: "openchat-3.5",
    match: { pattern: /openchat.*3\.5|3\.5.*openchat|starling-lm/i },
    templates: always("openchat_3.5"),
  },
  { name: "tenyxchat", match: named("tenyxchat"), templates: always("tenyxchat") },
  {
    name: "stablelm",
    match: named("stablelm"),
    templates: always("stablelm"),
    only: /stablelm-tuned-alpha/,
  },
  { name: "baize", match: named("baize"), templates: always("baize") },
  { name: "rwkv-4", match: named("rwkv-4"), templates: always("rwkv"), only: /raven/ },
  {
    name: "openbuddy",
    match: named("openbuddy"),
    templates: always("openbuddy"),
    // The later ones have control tokens for who speaks.
    not: /llama-?3|qwen-?[23]|v[23]\d(?!\d*b)/,
  },
  {
    name: "phoenix",
    match: named("phoenix"),
    templates: always("phoenix"),
    ...{ isCommon: true, words: ["inst"] },
  },
  { name: "bard", match: { exact: ["bard"] }, templates: always("bard"), never: NEVER.service },
  { name: "palm-2", match: { exact: ["palm-2"] }, templates: always("bard"), never: NEVER.service },
  {
    name: "gemini",
    match: named("gemini", "bard"),
    templates: [
      [{ pattern: /gemini-1\.5-pro-002-test-sp/ }, "gemini-1.5-pro-002-test-sp"],
      [{ pattern: /gemini-1\.5-pro/ }, "gemini-1.5-pro"],
      [{}, "gemini"],
    ],
    never: NEVER.service,
  },
  {
    name: "gemma",
    match: named("gemma"),
    templates: always("gemma"),
    ...{ isCommon: true, says: /^it$/, words: ["google"] },
    ...{ not: /gemma-?[4-9](?!\d*b)/, types: /^gemma[23]?(_text)?$/ },
  },
  {
    name: "chatgpt",
    match: { exact: OPENAI_MODELS },
    templates: [
      [{ pattern: /browsing|o1/ }, "api_based_default"],
      [
        {
          pattern: /gpt-4-turbo-2024-04-09|gpt-4o-2024-0(5-13|8-06)|gpt2-chatbot|chatgpt-4o-latest/,
        },
        "gpt-4-turbo-2024-04-09",
      ],
      [{ pattern: /gpt-4o-mini-2024-07-18/ }, "gpt-mini"],
      [{}, "chatgpt"],
    ],
    never: NEVER.service,
  },
  {
    name: "azure-openai",
    match: { exact: ["azure-gpt-35-turbo", "azure-gpt-4"] },
    templates: always("chatgpt"),
    never: NEVER.service,
  },
  {
    name: "claude",
    match: { exact: ANTHROPIC_MODELS },
    templates: [
      [{ pattern: /claude-3-haiku/ }, "claude-3-haiku-20240307"],
      [{ pattern: /claude-3-sonnet/ }, "claude-3-sonnet-20240229"],
      [{ pattern: /claude-3-5-sonnet/ }, "claude-3-5-sonnet-20240620"],
      [{ pattern: /claude-3-opus/ }, "claude-3-opus-20240229"],
      [{}, "claude"],
    ],
    never: NEVER.service,
  },
  {
    name: "mpt",
    match: { any: ["mpt"], none: ["airoboros"] },
    templates: [
      [named("mpt-7b-chat"), "mpt-7b-chat"],
      [named("mpt-30b-chat"), "mpt-30b-chat"],
      [named("mpt-30b-instruct"), "mpt-30b-instruct"],
      [{}, "zero_shot"],
    ],
    ...{
      isCommon: true,
      says: SAYS_CHAT,
      only: /mpt-(7b-chat|30b-(chat|instruct))/,
      types: /^mpt$/,
    },
  },
  { name: "billa", match: named("billa"), templates: always("billa") },
  {
    name: "redpajama-incite",
    match: named("redpajama-incite"),
    templates: always("redpajama-incite"),
    only: /chat/,
  },
  { name: "h2ogpt", match: named("h2ogpt"), templates: always("h2ogpt"), only: /h2ogpt-gm-/ },
  {
    name: "robin",
    match: named("robin"),
    templates: always("Robin"),
    ...{ isCommon: true, words: ["full"] },
  },
  { name: "snoozy", match: { all: ["gpt4all", "snoozy"] }, templates: always("snoozy") },
  {
    name: "wizardlm",
    match: named("wizardlm"),
    templates: [
      [named("13b", "30b", "70b"), "vicuna_v1.1"],
      [{}, "one_shot"],
    ],
    isCommon: true,
  },
  {
    name: "manticore",
    match: named("manticore"),
    templates: always("manticore"),
    ...{ isCommon: true, words: ["pyg"] },
  },
  {
    name: "guanaco",
    match: named("guanaco"),
    templates: always("zero_shot"),
    ...{ isCommon: true, words: ["merged"] },
  },
  {
    name: "camel",
    match: named("camel"),
    templates: always("vicuna_v1.1"),
    ...{ isCommon: true, words: ["combined", "role", "playing", "data"] },
  },
  {
    name: "polyglot-chang",
    match: { all: ["polyglot", "chang"] },
    templates: always("polyglot_changgpt"),
  },
  { name: "tulu", match: named("tulu"), templates: always("tulu") },
];
