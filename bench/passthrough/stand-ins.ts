import { startAnthropicServer } from "@/lib/stand-ins/anthropic-server";
import { startBedrockServer } from "@/lib/stand-ins/bedrock-server";
import { startCohereServer } from "@/lib/stand-ins/cohere-server";
import { startGoogleServer } from "@/lib/stand-ins/google-server";
import { startHuggingfaceServer } from "@/lib/stand-ins/huggingface-server";
import { startOllamaServer } from "@/lib/stand-ins/ollama-server";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import type { StandIn } from "@/lib/stand-ins/stand-in-server";
import { MODELS, type WayName } from "./ways";

const CONTEXT_LENGTH = 2_048;
const openAi = (name: WayName, guise: "generic" | "vllm") => () =>
  startOpenAiServer({
    guise,
    models: [{ id: MODELS[name], contextLength: CONTEXT_LENGTH, kind: "chat" }],
  });
const named = (name: WayName) => ({ models: [MODELS[name]] });

/** Who is behind each way. */
export const STAND_INS: Record<WayName, () => Promise<StandIn>> = {
  "openai-compatible": openAi("openai-compatible", "generic"),
  vllm: openAi("vllm", "vllm"),
  openai: openAi("openai", "generic"),
  anthropic: () => startAnthropicServer(named("anthropic")),
  google: () => startGoogleServer(named("google")),
  bedrock: () => startBedrockServer(named("bedrock")),
  cohere: () => startCohereServer(named("cohere")),
  huggingface: () =>
    startHuggingfaceServer({
      models: [{ id: MODELS.huggingface, contextLength: CONTEXT_LENGTH, kind: "chat" }],
    }),
  custom: () => startOllamaServer(named("custom")),
};
