/**
 * Goal: what others have in vLLM's engines is told, ours is not told twice, and a server that dies in the
 * middle of an answer ends it as what another worker may take over.
 * Method: the backend before a stand-in for vLLM that is loaded, slowed and killed.
 */
import { afterEach, describe, expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { textMessage } from "@/lib/protocol/message";
import { type OpenAiServerOptions, startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { log as realLog } from "@/lib/telemetry/log";
import { createVllmBackend, type VllmOptions } from "./vllm";

const log = realLog.child({}, { level: "silent" });
const never = new AbortController().signal;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(
  server: Partial<OpenAiServerOptions> = {},
  more: Pick<VllmOptions, "probeMsMax" | "probeAgainMs"> = {},
) {
  const standIn = await startOpenAiServer({ guise: "vllm", ...server });
  const options = { headers: () => ({}), models: [], honours: [], lacks: [], watchIntervalMs: 10 };
  const backend = await createVllmBackend(
    { server: { baseUrl: standIn.baseUrl }, ...options, ...more },
    { log, signal: never },
  );
  ends.push(standIn.close, () => backend.close());
  const write = (signal = never) =>
    backend.generate(
      {
        ...{ requestId: "r", model: "stand-in", sampling: {}, stop: [] },
        messages: [textMessage("user", "Tell me of the river.")],
      },
      signal,
    );
  return { standIn, backend, write };
}

/** Looks as long as it takes: the backend looks by itself every few milliseconds. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => void setTimeout(resolve, 5));
}

test("what others have there is its load less ours, over all engines", async () => {
  const { standIn, backend, write } = await start({ tokenMs: 20 });
  const told = () => backend.foreignLoad?.() ?? { running: -1, waiting: -1 };
  expect(told()).toEqual({ running: 0, waiting: 0 });
  standIn.setLoads([
    { running: 4, waiting: 1, cacheShare: 0.5 },
    { running: 2, waiting: 1, cacheShare: 0.9 },
  ]);
  await until(() => told().running === 6);
  expect(told()).toEqual({ running: 6, waiting: 2 });

  // An answer of our own makes seven there, and six of others' as before.
  const abort = new AbortController();
  const looks = () => standIn.asked.filter(({ path }) => path === "/metrics").length;
  for await (const event of write(abort.signal)) {
    if (event.type !== "text-delta") continue;
    const before = looks();
    await until(() => looks() > before + 2);
    expect(told()).toEqual({ running: 6, waiting: 2 });
    abort.abort();
  }
  await standIn.close();
  await until(() => backend.card().models.length === 0);
  expect(told()).toEqual({ running: 0, waiting: 0 });
});

describe("a server that is too busy to be asked whether it calls tools", () => {
  const isQuestion = ({ path, body }: { path: string; body: unknown }) =>
    path === "/v1/chat/completions" && JSON.stringify(body).includes('"stream":false');
  const models = [{ id: "stand-in", contextLength: 2_048, kind: "chat" as const }];

  /** Answers the question only once it is not busy any more. */
  async function startBusy(status: number | undefined, hasAutoTools: boolean) {
    const state = { isBusy: true };
    const started = await start(
      {
        ...{ models, engineFlags: { hasAutoTools } },
        handle: ({ asked, sendJson }) => {
          if (!state.isBusy || !isQuestion(asked)) return false;
          // In the queue, behind everybody else's requests.
          if (status !== undefined) sendJson({ error: { message: "busy", code: status } }, status);
          return true;
        },
      },
      { probeMsMax: status === undefined ? 1_000 : 30_000, probeAgainMs: 20 },
    );
    const features = () => started.backend.card().models[0]?.features ?? [];
    const askedCount = () => started.standIn.asked.filter(isQuestion).length;
    return { ...started, state, features, askedCount };
  }

  test.each([
    ["it says nothing", undefined],
    ["it says 503 without a wait", 503],
    ["it says 429", 429],
    ["a proxy gives up on it", 504],
  ])("is served at once, and asked again: %s", async (_, status) => {
    const { state, features, askedCount, standIn } = await startBusy(status, false);
    await until(() => features().length > 0);
    // What the server would refuse it refuses by itself, in words that name the flag.
    expect(features()).toEqual(expect.arrayContaining(["chat", "tools", "tokenize"]));
    await until(() => askedCount() > 1);
    expect(features()).toContain("tools");
    state.isBusy = false;
    await until(() => !features().includes("tools"));
    expect(features()).toContain("chat");
    // Now it is known.
    const before = askedCount();
    const looks = () => standIn.asked.filter(({ path }) => path === "/metrics").length;
    const seen = looks();
    await until(() => looks() > seen + 5);
    expect(askedCount()).toBe(before);
  });

  test("keeps its tools where it turns out to have them", async () => {
    const { state, features, askedCount, standIn } = await startBusy(503, true);
    state.isBusy = false;
    const before = askedCount();
    await until(() => askedCount() > before);
    const looks = () => standIn.asked.filter(({ path }) => path === "/metrics").length;
    const seen = looks();
    await until(() => looks() > seen + 5);
    expect(askedCount()).toBe(before + 1);
    expect(features()).toContain("tools");
  });
});

test.each([
  { when: "after its first words", tokenMs: 10, hasText: true },
  { when: "before its first word", tokenMs: 60_000, hasText: false },
])(
  "a server that is killed $when ends the answer for another worker to take",
  async ({ tokenMs, hasText }) => {
    const { standIn, backend, write } = await start({ tokenMs });
    const events: GenerateEvent[] = [];
    let error: unknown;
    const answering = (async () => {
      try {
        for await (const event of write()) {
          events.push(event);
          if (event.type === "text-delta") await standIn.close();
        }
      } catch (thrown) {
        error = thrown;
      }
    })();
    if (!hasText) {
      await until(() => events.length > 0);
      await standIn.close();
    }
    await answering;
    expect(isAppError(error) && error.code).toBe("worker-lost");
    expect(isAppError(error) && error.retryable).toBe(true);
    expect(events.some(({ type }) => type === "text-delta")).toBe(hasText);
    // No request is sent to it any more, although its worker lives.
    await until(() => backend.card().models.length === 0);
  },
);
