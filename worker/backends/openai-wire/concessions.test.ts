import { afterEach, describe, expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { textMessage } from "@/lib/protocol/message";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { PLAIN_DIALECT } from "./dialect";
import { generateByWire } from "./generate";
import { Upstream } from "./upstream";
import type { WireModel } from "./wire-model";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const MODEL: WireModel = {
  ...{ name: "m", upstreamName: "stand-in", build: "b", contextLength: 1_000, features: ["chat"] },
  ...{ dialect: PLAIN_DIALECT, description: { skills: [], examplePrompts: [] } },
};

type Body = Record<string, unknown>;

/** A server that refuses these fields, with the sentence beside each. */
async function start(refusals: Record<string, string>) {
  const server = await startOpenAiServer({
    guise: "generic",
    handle: ({ asked, sendJson }) => {
      const body = (asked.body ?? {}) as Body;
      const refused = Object.keys(refusals).find((field) => body[field] !== undefined);
      if (refused === undefined) return false;
      sendJson({ error: { message: refusals[refused], param: refused, code: null } }, 400);
      return true;
    },
  });
  ends.push(server.close);
  const upstream = new Upstream({ baseUrl: server.baseUrl, headers: {} });
  const generate = async () => {
    const request = {
      ...{ requestId: "r", model: "m", messages: [textMessage("user", "Tell me.")] },
      ...{ sampling: {}, stop: [], maxTokens: 5 },
    };
    const signal = new AbortController().signal;
    const events: GenerateEvent[] = [];
    for await (const event of generateByWire({ upstream, model: MODEL, request, signal })) {
      events.push(event);
    }
    return events.at(-1);
  };
  const bodies = () =>
    server.asked.flatMap(({ method, body }) => (method === "POST" ? [body as Body] : []));
  return { generate, bodies, upstream };
}

const OF_LENGTH =
  "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
const OF_USAGE = "Extra inputs are not permitted: stream_options";

describe("what a server wants said otherwise", () => {
  test("is said otherwise, and from then on at once", async () => {
    const { generate, bodies } = await start({ max_tokens: OF_LENGTH, stream_options: OF_USAGE });
    expect(await generate()).toMatchObject({ type: "generation-end" });
    expect(bodies()).toHaveLength(3);
    await generate();
    expect(bodies()).toHaveLength(4);
    const last = bodies().at(-1);
    expect(last).toMatchObject({ max_completion_tokens: 5, stream: true });
    expect(last).not.toHaveProperty("max_tokens");
    expect(last).not.toHaveProperty("stream_options");
  });

  test("is forgotten when another may have come in its place", async () => {
    const { generate, bodies, upstream } = await start({});
    const { signal } = new AbortController();
    const body = { model: "stand-in", max_tokens: 5 };
    const refusing = await start({ max_tokens: OF_LENGTH });
    await refusing.generate();
    refusing.upstream.forget();
    await refusing.generate();
    expect(refusing.bodies().map((it) => "max_tokens" in it)).toEqual([true, false, true, false]);
    const exchange = await upstream.postCall(
      { path: "/chat/completions", body, isStream: false },
      { signal, about: { model: "m" } },
    );
    exchange.close();
    await generate();
    expect(bodies().every((it) => it.max_tokens === 5)).toBe(true);
  });

  test("is no way round a refusal of anything else, nor of the same again", async () => {
    const { generate, bodies } = await start({
      max_completion_tokens: OF_LENGTH,
      max_tokens: OF_LENGTH,
    });
    await expect(generate()).rejects.toMatchObject({ code: "invalid-request" });
    expect(bodies()).toHaveLength(2);
    const other = await start({ messages: "No." });
    await expect(other.generate()).rejects.toMatchObject({ code: "invalid-request" });
    expect(other.bodies()).toHaveLength(1);
  });
});
