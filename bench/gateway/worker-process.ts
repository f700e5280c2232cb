import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import { paths } from "@/lib/paths";
import { ControllerClient } from "@/lib/protocol/controller-client";
import { isWholeDelivery } from "@/lib/protocol/delivery";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { Heartbeat } from "@/lib/protocol/heartbeat";
import type { WorkerLoad } from "@/lib/protocol/registration";
import type { WorkerCard } from "@/lib/protocol/worker-card";
import { log } from "@/lib/telemetry/log";
import { toJsonLine } from "@/lib/util/json-lines";
import { serveLight } from "./light-server";
import { ECHO, HELD, sayWords } from "./words";

/**
 * What our gateway is put before: a worker in our protocol that is no heavier than the server in OpenAI's
 * form which another gateway is put before, so that what is compared are the gateways. It registers and
 * beats as workers do, counts nothing and checks little. Its parent tells it where the web process is, and
 * hears its port once it is registered.
 */

const toldSchema = z.object({ controllerUrl: z.string(), secret: z.string() });

const bodySchema = z.object({
  model: z.string(),
  messages: z.array(z.object({ content: z.array(z.object({ text: z.string() })) })).min(1),
  maxTokens: z.number(),
});

const instanceId = randomUUID();
const SLOTS = 4_096;
const CONTEXT_LENGTH = 8_192;
const counters = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
const load = (): WorkerLoad => ({ state: "ready", running, waiting: 0, counters });
let running = 0;

const card: WorkerCard = {
  ...{ kind: "mock", name: "light", version: "0.0.0", slots: SLOTS, waitingMax: 0 },
  models: [ECHO, HELD].map((name) => ({
    ...{ name: `bench/${name}`, build: name, contextLength: CONTEXT_LENGTH, features: ["chat"] },
    description: { skills: [], examplePrompts: [] },
  })),
};

async function answer(
  { url, headers }: IncomingMessage,
  response: ServerResponse,
  body: string,
): Promise<void> {
  if (url === paths.worker.health) {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ state: "ready", instanceId }));
  } else if (url === paths.worker.generate) {
    running += 1;
    await generate(response, body, isWholeDelivery(headers)).finally(() => {
      running -= 1;
    });
  } else response.writeHead(404).end();
}

async function generate(response: ServerResponse, body: string, isWhole: boolean): Promise<void> {
  const { model, messages, maxTokens } = bodySchema.parse(JSON.parse(body));
  const prompt = messages.at(-1)?.content[0]?.text ?? "";
  let lines = "";
  let tokens = 0;
  const say = (event: GenerateEvent) => {
    if (isWhole) lines += toJsonLine(event);
    else response.write(toJsonLine(event));
  };
  response.writeHead(200, { "content-type": "application/x-ndjson; charset=utf-8" });
  const startedMs = performance.now();
  say({
    ...{ type: "generation-start", model, build: model, promptTokens: 1, maxTokens },
    ...{ sampling: { temperature: 1, topP: 1, seed: 1 }, load: { running, waiting: 0 } },
  });
  await sayWords({ model, prompt }, (text) => {
    if (response.destroyed) return false;
    tokens += 1;
    say({ type: "text-delta", text, tokens: 1 });
    return true;
  });
  const durationMs = performance.now() - startedMs;
  say({
    ...{ type: "generation-end", finishReason: "stop" },
    usage: { promptTokens: 1, completionTokens: tokens },
    timing: { queuedMs: 0, firstTokenMs: 0, durationMs },
    load: { running: running - 1, waiting: 0 },
  });
  response.end(lines);
}

async function live(told: z.infer<typeof toldSchema>): Promise<void> {
  const port = await serveLight(answer);
  const beat = new Heartbeat({
    controller: new ControllerClient({ url: told.controllerUrl, secret: told.secret }),
    registration: () => ({ instanceId, address: `http://127.0.0.1:${port}`, card }),
    load,
    log,
    onRegistered: () => process.send?.({ port }),
  });
  // Until its parent ends it.
  await beat.run(new AbortController().signal);
}

process.once("message", (message) => {
  live(toldSchema.parse(message)).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
process.on("disconnect", () => process.exit());
