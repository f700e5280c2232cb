/**
 * Goal: however many readers come and leave, and whenever, each request at the server behind a worker comes to an end,
 * and the next reader is served as the first was.
 * Method: random readers by seed, 32 at once, before the servers' stand-ins; a request that is left open there keeps
 * the test from ending.
 */
import { afterEach, expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import type { GuiseName } from "@/lib/stand-ins/openai-guises";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import type { StandIn } from "@/lib/stand-ins/stand-in-server";
import { log as realLog } from "@/lib/telemetry/log";
import { mapInLanes } from "@/lib/util/map-in-lanes";
import { seededRandom } from "@/lib/util/random";
import type { Backend } from "../backend";
import { startTried, type TriedProvider } from "./external-testing";
import { createOpenAiCompatibleBackend } from "./openai-compatible";
import { createVllmBackend } from "./vllm";

const log = realLog.child({}, { level: "silent" });
const never = new AbortController().signal;
const READERS = 96;
const AT_ONCE = 32;
/** Between two words of the server: readers leave in the middle of answers. */
const TOKEN_MS = 1;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

type Subject = { backend: Backend; server: StandIn; model: string };

async function startWire(guise: GuiseName): Promise<Subject> {
  const server = await startOpenAiServer({ guise, tokenMs: TOKEN_MS });
  const common = { headers: () => ({}), models: [], honours: [], lacks: [] };
  const backend =
    guise === "vllm"
      ? await createVllmBackend(
          { ...common, server: { baseUrl: server.baseUrl } },
          { log, signal: never },
        )
      : await createOpenAiCompatibleBackend(
          { ...common, baseUrl: server.baseUrl, embedders: [], mayProbe: false },
          { log, signal: never },
        );
  ends.push(server.close, () => backend.close());
  return { backend, server, model: "stand-in" };
}

async function startProvider(provider: TriedProvider): Promise<Subject> {
  const { backend, server, model, close } = await startTried(provider, { eventMs: TOKEN_MS });
  ends.push(close);
  return { backend, server, model };
}

const SUBJECTS: [name: string, start: () => Promise<Subject>][] = [
  ["llama.cpp", () => startWire("llama.cpp")],
  ["vllm", () => startWire("vllm")],
  ["openai", () => startProvider("openai")],
  ["anthropic", () => startProvider("anthropic")],
  ["bedrock", () => startProvider("bedrock")],
];

type Reader = { leaves: "never" | "by abort" | "by return"; afterEvents: number };

async function read({ backend, model }: Subject, { leaves, afterEvents }: Reader) {
  const abort = new AbortController();
  const request: GenerateRequest = {
    ...{ requestId: "r", model, messages: [textMessage("user", "Tell me of the river.")] },
    ...{ sampling: {}, stop: [], maxTokens: 12 },
  };
  const types: string[] = [];
  const events = backend.generate(request, abort.signal);
  if (leaves === "by abort" && afterEvents === 0) queueMicrotask(() => abort.abort());
  for await (const event of events) {
    types.push(event.type);
    if (types.length < afterEvents) continue;
    if (leaves === "by return") break;
    if (leaves === "by abort") abort.abort();
  }
  return types;
}

test.each(SUBJECTS)("%s", async (_, start) => {
  const seed = 20_261_122;
  const random = seededRandom(seed);
  const subject = await start();
  const whole = await read(subject, { leaves: "never", afterEvents: 0 });
  expect(whole.at(-1)).toBe("generation-end");
  const readers = Array.from({ length: READERS }, (): Reader => {
    const leaves = (["never", "by abort", "by return"] as const)[Math.floor(random() * 3)];
    return { leaves: leaves ?? "never", afterEvents: Math.floor(random() * 14) };
  });
  await mapInLanes(readers, AT_ONCE, async (reader) => {
    try {
      const types = await read(subject, reader);
      if (reader.leaves === "never") expect(types.at(-1), `seed ${seed}`).toBe("generation-end");
    } catch (error) {
      // Nothing but a reader's own leaving may end an answer.
      if (!isAppError(error) || reader.leaves === "never") throw error;
      expect(error.code, `seed ${seed}`).toBe("client-closed");
    }
  });
  // Each of them is over, at the server too.
  const left = await Promise.all(subject.server.asked.map((asked) => asked.closedEarly));
  expect(left.filter((isEarly) => isEarly).length).toBeGreaterThan(0);
  expect(await read(subject, { leaves: "never", afterEvents: 0 })).toEqual(whole);
});
