import { expect, test } from "vitest";
import type { GuiseName, ServedStandIn } from "@/lib/stand-ins/openai-guises";
import { type OpenAiServerOptions, startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { requestLog } from "@/lib/telemetry/log";
import { backendContract } from "../backend-contract";
import { backendFaults } from "../backend-faults";
import { createOpenAiCompatibleBackend, type OpenAiCompatibleOptions } from "./openai-compatible";

const never = new AbortController().signal;

type Asked = { server?: Partial<OpenAiServerOptions>; options?: Partial<OpenAiCompatibleOptions> };

async function start(guise: GuiseName, { server = {}, options = {} }: Asked = {}) {
  const standIn = await startOpenAiServer({ guise, ...server });
  const backend = await createOpenAiCompatibleBackend(
    {
      ...{ baseUrl: standIn.baseUrl, headers: () => ({}), models: [], mayProbe: true },
      ...{ honours: [], lacks: [], embedders: ["stand-in-embedder"], slots: 3 },
      ...options,
    },
    { log: requestLog, signal: never },
  );
  return { standIn, backend };
}

for (const guise of ["sglang", "tgi", "llama.cpp", "ollama", "lm-studio", "generic"] as const) {
  backendContract(`openai-compatible before ${guise}`, async () => {
    const { standIn, backend } = await start(guise);
    return { backend, model: "stand-in", close: standIn.close };
  });
}

const KEY = "sk-secret-of-the-upstream";

for (const guise of ["generic", "sglang", "llama.cpp", "ollama", "tgi", "parley"] as const) {
  backendFaults(`openai-compatible before ${guise}`, {
    start: async ({ tokenMs, silenceMs }) => {
      const { standIn, backend } = await start(guise, {
        server: { tokenMs, key: KEY },
        options: {
          headers: () => ({ authorization: `Bearer ${KEY}` }),
          ...{ silenceMsMax: silenceMs, mayProbe: false },
        },
      });
      const answers = () => standIn.asked.filter(({ path }) => path.endsWith("/completions"));
      return {
        ...{ backend, model: "stand-in", close: standIn.close, setFault: standIn.setFault },
        askedCount: () => answers().length,
        closedEarly: async () => (await answers().at(-1)?.closedEarly) ?? false,
        hidden: [KEY, new URL(standIn.url).host],
      };
    },
  });
}
