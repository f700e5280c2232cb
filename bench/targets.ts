import { Agent, request } from "node:http";
import * as z from "zod";
import type { Engine } from "@/lib/engine/engine";
import { pickHighest } from "@/lib/engine/sampling/pick-highest";
import { paths } from "@/lib/paths";
import { textMessage } from "@/lib/protocol/message";
import { WorkerClient } from "@/lib/protocol/worker-client";
import type { Sample, Target } from "./load";

/** Every target is asked the same: greedy, and long enough for all bundled models to run into the limit. */
const PROMPT = "Tell me a story about a robot and a lantern.";
const TOKENS_MAX = 64;

/**
 * The graph in a loop, with nothing around it but the choice of the highest logit: what no path can
 * beat. Clients that ask at the same time are one batch from beginning to end.
 */
export function bareLoop(engine: Engine): Target {
  const { runner } = engine.model;
  const promptIds = engine.encodeMessages([{ role: "user", content: PROMPT }]);
  let waiting: ((sample: Sample) => void)[] = [];
  const runBatch = async () => {
    const asked = waiting;
    waiting = [];
    const startedAtMs = performance.now();
    const newest: number[] = [];
    for (const row of asked.keys()) {
      const chunk = { row, start: 0, ids: promptIds, logits: "last" as const };
      newest[row] = pickHighest((await runner.prefill(chunk)).at(0).all);
    }
    const firstTokenMs = performance.now() - startedAtMs;
    for (let count = 1; count < TOKENS_MAX; count++) {
      const length = promptIds.length + count - 1;
      const logits = await runner.decode({
        ids: newest,
        lengths: newest.map(() => length),
        temperatures: newest.map(() => undefined),
      });
      for (const row of asked.keys()) newest[row] = pickHighest(logits.at(row).all);
    }
    for (const done of asked) done({ firstTokenMs, tokenCount: TOKENS_MAX });
  };
  return {
    path: "bare loop",
    ask: () =>
      new Promise((done, fail) => {
        waiting.push(done);
        // The first of a batch starts it once all who ask in this turn have.
        if (waiting.length === 1) setImmediate(() => void runBatch().catch(fail));
      }),
  };
}

export function engineTarget(engine: Engine): Target {
  return {
    path: "engine",
    async ask(signal) {
      const startedAtMs = performance.now();
      const sample = createSample(startedAtMs);
      const events = engine.generate(
        {
          messages: [{ role: "user", content: PROMPT }],
          sampling: { temperature: 0 },
          stop: [],
          maxTokens: TOKENS_MAX,
        },
        signal,
      );
      for await (const event of events) {
        if (event.type === "text-delta") sample.heard();
        if (event.type === "sequence-end") sample.tokenCount = event.completionTokenCount;
      }
      return sample;
    },
  };
}

export type WorkerAccess = { address: string; secret: string };

export function workerTarget(model: string, { address, secret }: WorkerAccess): Target {
  const client = new WorkerClient();
  let count = 0;
  return {
    path: "worker",
    async ask(signal) {
      const sample = createSample(performance.now());
      const body = {
        requestId: `bench-${count++}`,
        model,
        messages: [textMessage("user", PROMPT)],
        sampling: { temperature: 0 },
        stop: [],
        maxTokens: TOKENS_MAX,
      };
      for await (const event of await client.generate(address, body, { secret, signal })) {
        if (event.type === "text-delta") sample.heard();
        if (event.type === "generation-end") sample.tokenCount = event.usage.completionTokens;
        if (event.type === "generation-error") throw new Error(event.message);
      }
      return sample;
    },
  };
}

const chunkSchema = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })),
  usage: z.object({ completion_tokens: z.number() }).nullish(),
});

/** `/v1/chat/completions` as a stream, over `node:http`: the lightest client there is, to measure the server. */
export function chatTarget(model: string, baseUrl: string, apiKey: string | undefined): Target {
  const agent = new Agent({ keepAlive: true });
  const url = new URL(paths.v1.chatCompletions, baseUrl);
  const body = JSON.stringify({
    model,
    messages: [{ role: "user", content: PROMPT }],
    temperature: 0,
    max_tokens: TOKENS_MAX,
    stream: true,
    stream_options: { include_usage: true },
  });
  const headers = {
    "content-type": "application/json",
    ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}),
  };
  return {
    path: "/v1",
    async ask(signal) {
      const sample = createSample(performance.now());
      for await (const data of post(url, { agent, headers, body, signal })) {
        if (data === "[DONE]") continue;
        const chunk = chunkSchema.parse(JSON.parse(data));
        if (chunk.choices[0]?.delta.content) sample.heard();
        if (chunk.usage) sample.tokenCount = chunk.usage.completion_tokens;
      }
      return sample;
    },
  };
}

type Post = { agent: Agent; headers: Record<string, string>; body: string; signal: AbortSignal };

/** The data of each server-sent event of the answer. */
async function* post(url: URL, { body, ...options }: Post): AsyncGenerator<string> {
  const response = await new Promise<AsyncIterable<Buffer> & { statusCode?: number }>(
    (resolve, reject) => {
      request(url, { ...options, method: "POST" }, resolve)
        .on("error", reject)
        .end(body);
    },
  );
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of response) {
    rest += decoder.decode(bytes, { stream: true });
    const events = rest.split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) if (event.startsWith("data: ")) yield event.slice(6);
  }
  if (response.statusCode !== 200)
    throw new Error(`${url} answered ${response.statusCode}: ${rest}`);
}

/** A sample that notes when its first text was heard. */
function createSample(startedAtMs: number) {
  const sample = {
    firstTokenMs: Number.NaN,
    tokenCount: 0,
    heard() {
      if (Number.isNaN(this.firstTokenMs)) this.firstTokenMs = performance.now() - startedAtMs;
    },
  };
  return sample satisfies Sample;
}
