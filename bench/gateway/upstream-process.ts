import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import { serveLight } from "./light-server";
import { sayWords } from "./words";

/**
 * What another gateway is put before: a server in OpenAI's form, with the same words at the same pace as the
 * light worker that ours is put before. It says its port to its parent.
 */

const bodySchema = z.object({
  model: z.string(),
  messages: z.array(z.object({ content: z.string() })).min(1),
  stream: z.boolean().optional(),
});

async function answer(
  _request: IncomingMessage,
  response: ServerResponse,
  body: string,
): Promise<void> {
  const { model, messages, stream } = bodySchema.parse(JSON.parse(body));
  const prompt = messages.at(-1)?.content ?? "";
  const head = { id: "chatcmpl-0123456789abcdef", created: Math.floor(Date.now() / 1_000), model };
  if (!stream) {
    const words: string[] = [];
    await sayWords({ model, prompt }, (word) => words.push(word) > 0);
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
  await sayWords({ model, prompt }, (content) => {
    if (response.destroyed) return false;
    say({ content });
    return true;
  });
  say({}, "stop");
  response.end("data: [DONE]\n\n");
}

void serveLight(answer).then((port) => process.send?.({ port }));
process.on("disconnect", () => process.exit());
