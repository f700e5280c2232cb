/**
 * Goal: whatever goes wrong at a provider comes back as one of our errors, with its wait, and without a key or an
 * address; a slow one is left in time.
 * Method: each provider's stand-in with each fault, the SDK's real packages between.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { type AppError, isAppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { textMessage } from "@/lib/protocol/message";
import { startAnthropicServer } from "@/lib/stand-ins/anthropic-server";
import { startBedrockServer } from "@/lib/stand-ins/bedrock-server";
import { backendFaults } from "../backend-faults";
import {
  startTried,
  TRIED,
  TRIED_PROVIDERS,
  type Tried,
  type TriedProvider,
} from "./external-testing";

const never = new AbortController().signal;
const request = {
  ...{ requestId: "fault", model: "shown", sampling: { temperature: 0 }, stop: [] },
  messages: [textMessage("user", "What does a lantern say?")],
};

async function fail(
  tried: Tried,
  changes = {},
): Promise<{ error: AppError; events: GenerateEvent[] }> {
  const events: GenerateEvent[] = [];
  try {
    for await (const event of tried.backend.generate({ ...request, ...changes }, never)) {
      events.push(event);
    }
  } catch (error) {
    if (isAppError(error)) return { error, events };
    throw error;
  }
  throw new Error("nothing went wrong");
}

for (const provider of TRIED_PROVIDERS) {
  backendFaults(`external before ${provider}`, {
    start: async ({ tokenMs, silenceMs }) => {
      const more = { silenceSeconds: silenceMs / 1_000 };
      const { server, ...tried } = await startTried(provider, { eventMs: tokenMs, more });
      return {
        ...{ ...tried, setFault: server.setFault, askedCount: () => server.asked.length },
        closedEarly: async () => (await server.asked.at(-1)?.closedEarly) ?? false,
        hidden: ["sk-stand-in", "sk-ant-stand-in", "AKIASTANDIN", new URL(server.url).host],
      };
    },
  });
}

describe.each(TRIED_PROVIDERS)("%s", (provider) => {
  test("a server that is gone is one to try elsewhere", async () => {
    const tried = await startTried(provider);
    await tried.server.close();
    expect((await fail(tried)).error).toMatchObject({ code: "worker-lost", retryable: true });
    await tried.close();
  });

  test("a prompt beyond the context, and a model that is gone, are told as that", async () => {
    const tried = await startTried(provider);
    const messages = [textMessage("user", "word ".repeat(2_100))];
    expect((await fail(tried, { messages })).error.code).toBe("context-length-exceeded");
    await tried.close();
    const other = await startTried(provider, { more: { model: otherModel(provider) } });
    expect((await fail(other)).error.code).toBe("model-not-found");
    await other.close();
  });

  test("a wrong key is no secret that callers read", async () => {
    const secret = "key-of-nobody-1234";
    const tried = await startTried(provider, {
      credentials: { key: secret, accessKeyId: secret, secretAccessKey: secret },
    });
    const { error } = await fail(tried);
    expect(error.code).toBe("unavailable");
    expect(`${error.message} ${String(error.cause)}`).not.toContain(secret);
    expect(String(error.cause)).toMatch(/check the variable that holds it/);
    await tried.close();
  });
});

test("no part of a key is told where a provider quotes it", async () => {
  const credentials = { accessKeyId: "ID-1", secretAccessKey: "SECRET-1", sessionToken: "TOKEN-1" };
  const server = createServer((_request, response) => {
    const message = `You sent ${Object.values(credentials).join(", ")}.`;
    response
      .writeHead(400, { "content-type": "application/json" })
      .end(JSON.stringify({ message }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}`;
  const tried = await startTried("bedrock", { more: { baseUrl }, credentials });
  const { error } = await fail(tried);
  expect(error.message).toBe("You sent …, …, ….");
  expect(String(error.cause)).not.toMatch(/ID-1|SECRET-1|TOKEN-1/);
  await tried.close();
  await new Promise((resolve) => server.close(resolve));
});

/** One of which the SDK thinks the same. */
function otherModel(provider: TriedProvider): string {
  const others = {
    anthropic: "claude-sonnet-4-5-20250929",
    bedrock: "anthropic.claude-3-haiku-20240307-v1:0",
  };
  return { ...others }[provider as "anthropic"] ?? `${TRIED[provider].model}-2`;
}

describe("errors that are the stream's first event", () => {
  test("of Anthropic's API that is overloaded", async () => {
    const model = TRIED.anthropic.model;
    const server = await startAnthropicServer({ models: [model], streamError: "overloaded_error" });
    const tried = await startTried("anthropic", { more: { baseUrl: `${server.url}/v1` } });
    const { error, events } = await fail(tried);
    expect(error.code).toBe("overloaded");
    expect(events).toEqual([]);
    await tried.close();
    await server.close();
  });

  test("of Bedrock that is asked too often", async () => {
    const model = TRIED.bedrock.model;
    const server = await startBedrockServer({ models: [model], exception: "throttlingException" });
    const tried = await startTried("bedrock", { more: { baseUrl: server.url } });
    expect((await fail(tried)).error).toMatchObject({ retryable: true });
    await tried.close();
    await server.close();
  });
});
