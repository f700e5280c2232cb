import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as z from "zod";

/**
 * What another gateway is put before: a server in OpenAI's form that answers as our mock worker does, with
 * the same words at the same pace. It says its port to its parent.
 */

const bodySchema = z.object({
  /** `paced-20` pauses for 20 ms before each token. */
  model: z.string(),
  messages: z.array(z.object({ content: z.string() })).min(1),
  stream: z.boolean().optional(),
});

/** As the mock worker waits: for 0 ms a turn of the event loop. */
const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    if (ms > 0) setTimeout(resolve, ms);
    else setImmediate(resolve);
  });

async function answer(response: ServerResponse, text: string): Promise<void> {
  const { model, messages, stream } = bodySchema.parse(JSON.parse(text));
  const paceMs = Number(/-(\d+)$/.exec(model)?.[1] ?? 0);
  const words = (messages.at(-1)?.content ?? "").match(/\s?\S+/g) ?? [];
  const head = { id: "chatcmpl-0123456789abcdef", created: Math.floor(Date.now() / 1_000), model };
  if (!stream) {
    for (const _ of words) await pause(paceMs);
    const message = { role: "assistant", content: words.join(""), refusal: null };
    const usage = { prompt_tokens: words.length, completion_tokens: words.length };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ ...head, object: "chat.completion", choices, usage }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const say = (delta: object, finishReason: string | null = null) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finishReason }];
    const chunk = { ...head, object: "chat.completion.chunk", system_fingerprint: "fp_0", choices };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  say({ role: "assistant", content: "", refusal: null });
  for (const content of words) {
    await pause(paceMs);
    if (response.destroyed) return;
    say({ content });
  }
  say({}, "stop");
  response.end("data: [DONE]\n\n");
}

const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
  let text = "";
  request.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  request.on("end", () => {
    answer(response, text).catch(() => response.writeHead(400).end());
  });
});

server.listen(0, "127.0.0.1", () => {
  // Listening on a TCP port, the address is never a string nor null.
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on("disconnect", () => process.exit());
