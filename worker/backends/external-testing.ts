import type * as z from "zod";
import { type Credentials, modelEntrySchema } from "@/lib/protocol/model-entry";
import { startAnthropicServer } from "@/lib/stand-ins/anthropic-server";
import { startBedrockServer } from "@/lib/stand-ins/bedrock-server";
import { startCohereServer } from "@/lib/stand-ins/cohere-server";
import { startGoogleServer } from "@/lib/stand-ins/google-server";
import { startResponsesServer } from "@/lib/stand-ins/openai-responses-server";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import type { Fault, StandIn } from "@/lib/stand-ins/stand-in-server";
import { log } from "@/lib/telemetry/log";
import type { Backend } from "../backend";
import { createExternalBackend } from "./external";

/** For tests: the backend before a stand-in of a provider, with the SDK's real packages between them. */

type EntryInput = z.input<typeof modelEntrySchema>;

type Setting = {
  /** With names that the SDK knows, since it has an opinion of what others can. */
  model: string;
  start(model: string, eventMs?: number): Promise<StandIn>;
  path: string;
  credentials: Credentials;
  more?: Partial<EntryInput>;
};

const SECRET = { accessKeyId: "AKIASTANDIN", secretAccessKey: "stand-in" };

export const TRIED = {
  openai: {
    model: "gpt-4o-stand-in",
    start: (id, tokenMs = 0) =>
      startOpenAiServer({
        tokenMs,
        guise: "generic",
        models: [{ id, contextLength: 2_048, kind: "chat", reasons: true }],
        key: "sk-stand-in",
      }),
    path: "/v1",
    credentials: { key: "sk-stand-in" },
  },
  "openai-responses": {
    model: "gpt-4o-stand-in",
    start: (model, eventMs) => startResponsesServer({ models: [model], eventMs }),
    path: "/v1",
    credentials: { key: "sk-stand-in" },
  },
  anthropic: {
    model: "claude-sonnet-4-5",
    start: (model, eventMs) => startAnthropicServer({ models: [model], eventMs }),
    path: "/v1",
    credentials: { key: "sk-ant-stand-in" },
  },
  google: {
    model: "gemini-3-stand-in",
    start: (model, eventMs) => startGoogleServer({ models: [model], eventMs }),
    path: "/v1beta",
    credentials: { key: "goog-stand-in" },
  },
  bedrock: {
    model: "anthropic.claude-3-5-sonnet-20241022-v2:0",
    start: (model, eventMs) => startBedrockServer({ models: [model], eventMs }),
    path: "",
    credentials: SECRET,
    more: { region: "eu-stand-1" },
  },
  cohere: {
    model: "command-stand-in",
    start: (model, eventMs) => startCohereServer({ models: [model], eventMs }),
    path: "/v2",
    credentials: { key: "co-stand-in" },
  },
} as const satisfies Record<string, Setting>;

export type TriedProvider = keyof typeof TRIED;
export const TRIED_PROVIDERS = Object.keys(TRIED) as TriedProvider[];

export type Tried = { backend: Backend; server: StandIn; model: string; close(): Promise<void> };

export type TriedOptions = {
  more?: Partial<EntryInput>;
  credentials?: Credentials;
  fault?: Fault;
  /** Pause of the stand-in before each event. */
  eventMs?: number;
};

export async function startTried(
  provider: TriedProvider,
  { more = {}, credentials, fault, eventMs }: TriedOptions = {},
): Promise<Tried> {
  const setting: Setting = TRIED[provider];
  const server = await setting.start(setting.model, eventMs);
  server.setFault(fault);
  const entry = modelEntrySchema.parse({
    ...{ name: "shown", provider, model: setting.model, baseUrl: server.url + setting.path },
    ...{ features: ["chat", "tools", "images"], contextLength: 2_048, ...setting.more, ...more },
  });
  const known = { entry, credentials: credentials ?? setting.credentials };
  const backend = await createExternalBackend({
    source: { read: async () => ({ models: [known], warnings: [] }), watch: () => undefined },
    ...{ only: [], slots: 4, log },
  });
  const close = async () => {
    await backend.close();
    await server.close();
  };
  return { backend, server, model: entry.name, close };
}
