import type { TemplateFacts } from "./template-facts";

/** Templates of services that take messages and no prompt: FastChat renders them for its logs and moderation alone, so no weights were trained on them. */
export const SERVICE_TEMPLATES: readonly TemplateFacts[] = [
  { name: "api_based_default", style: "default", roles: ["user", "assistant"] },
  {
    name: "chatgpt",
    style: "default",
    roles: ["user", "assistant"],
    message: "You are a helpful assistant.",
  },
  {
    name: "gpt-4-turbo-2024-04-09",
    style: "default",
    roles: ["user", "assistant"],
    messageLength: 202,
  },
  { name: "gpt-mini", style: "default", roles: ["user", "assistant"], messageLength: 176 },
  {
    name: "pplxai",
    style: "default",
    roles: ["user", "assistant"],
    message: "Be precise and concise.",
  },
  {
    name: "claude-3-haiku-20240307",
    style: "default",
    roles: ["user", "assistant"],
    messageLength: 736,
  },
  {
    name: "claude-3-sonnet-20240229",
    style: "default",
    roles: ["user", "assistant"],
    messageLength: 736,
  },
  {
    name: "claude-3-5-sonnet-20240620-v2",
    style: "default",
    roles: ["user", "assistant"],
    messageLength: 4681,
  },
  {
    name: "claude-3-5-sonnet-20240620",
    style: "default",
    roles: ["user", "assistant"],
    messageLength: 4976,
  },
  {
    name: "claude-3-opus-20240229",
    style: "default",
    roles: ["user", "assistant"],
    messageLength: 1333,
  },
  { name: "meta-llama-3.1", style: "default", roles: ["user", "assistant"], messageLength: 71 },
  {
    name: "meta-llama-3.1-sp",
    style: "default",
    roles: ["user", "assistant"],
    messageLength: 1366,
  },
  { name: "bard", style: "default", roles: ["0", "1"] },
  { name: "gemini", style: "default", roles: ["user", "model"] },
  { name: "gemini-1.5-pro", style: "default", roles: ["user", "model"], messageLength: 627 },
  {
    name: "gemini-1.5-pro-002-test-sp",
    style: "default",
    roles: ["user", "model"],
    messageLength: 163,
  },
  { name: "steerlm", style: "default", roles: ["user", "assistant"] },
  { name: "yandexgpt", style: undefined, roles: ["user", "assistant"] },
  { name: "grok-2", style: "default", roles: ["user", "assistant"], messageLength: 135 },
  { name: "grok-2-mini", style: "default", roles: ["user", "assistant"], messageLength: 140 },
];
