/** Goal: what every route owes its caller, whatever its handler does. */
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
  process.env.PARLEY_WORKER_SECRET = "worker-secret-of-the-tests";
  process.env.PARLEY_ADMIN_TOKEN = "admin-token-of-the-tests";
});

import * as z from "zod";
import { openAdminSession } from "@/lib/auth/admin-session";
import { readVisitorId } from "@/lib/auth/visitor";
import { AppError } from "@/lib/errors";
import { STREAM_KEEP_ALIVE_MS } from "@/lib/limits";
import { errorReplySchema } from "@/lib/protocol/arena-view";
import { log, requestLines } from "@/lib/telemetry/log";
import { metrics } from "@/lib/telemetry/metrics";
import { methodNotAllowed } from "./not-allowed";
import { jsonReply } from "./reply";
import { type RouteContext, route } from "./route";
import { jsonLinesReply, namedEventsReply, serverSentEventsReply, streamEnd } from "./stream-reply";

const URL_BASE = "http://127.0.0.1:3000";
type Sent = { method?: string; headers?: Record<string, string>; body?: string };
const send = (path: string, init: Sent = {}) => new Request(`${URL_BASE}${path}`, init);
const lines: Record<string, unknown>[] = [];

beforeEach(() => {
  lines.length = 0;
  // The line is what is asked about, not where it is written.
  const write = (line: object, text: string) => void lines.push({ ...line, text });
  vi.spyOn(requestLines, "info").mockImplementation(write as typeof requestLines.info);
  const quietly = (line: object, text: string) => write({ ...line, level: "debug" }, text);
  vi.spyOn(requestLines, "debug").mockImplementation(quietly as typeof requestLines.debug);
  vi.spyOn(log, "child").mockImplementation((fields) => {
    const write = (more: object, text: string) => lines.push({ ...fields, ...more, text });
    const quiet = (more: object, text: string) => write({ ...more, level: "debug" }, text);
    return { info: write, debug: quiet, warn: write, error: write } as unknown as ReturnType<
      typeof log.child
    >;
  });
});

describe("a thrown error", () => {
  test("of the expected kind has its status, its words and where to look", async () => {
    const failing = route({ shape: "parley", caller: "anyone" }, () => {
      throw new AppError("overloaded", {
        message: "Full.",
        param: "model",
        retryAfterSeconds: 2.2,
      });
    });
    const reply = await failing(send("/api/x"));
    expect(reply.status).toBe(429);
    expect(reply.headers.get("retry-after")).toBe("3");
    const body = errorReplySchema.parse(await reply.json());
    expect(body.error).toMatchObject({ code: "overloaded", message: "Full.", param: "model" });
    expect(body.error.requestId).toBe(reply.headers.get("x-request-id"));
  });

  test("of any other kind says nothing of itself to the caller and all to the log", async () => {
    const cause = new Error("password=hunter2 at /srv/secret.ts");
    for (const shape of ["parley", "openai", "anthropic"] as const) {
      const failing = route({ shape, caller: "anyone" }, () => Promise.reject(cause));
      const reply = await failing(send("/api/x"));
      expect(reply.status).toBe(500);
      expect(await reply.text()).not.toMatch(/hunter2|secret\.ts/);
    }
    expect(lines.filter((line) => line.err === cause)).toHaveLength(3);
  });

  test("under /v1/messages has Anthropic's shape and its header for the request", async () => {
    const failing = route({ shape: "anthropic", caller: "anyone" }, () => {
      throw new AppError("no-worker", { message: "None.", param: "model", retryAfterSeconds: 5 });
    });
    const reply = await failing(send("/v1/messages", { headers: { "x-request-id": "id-1" } }));
    expect(reply.status).toBe(503);
    expect(reply.headers.get("retry-after")).toBe("5");
    expect(reply.headers.get("request-id")).toBe("id-1");
    expect(await reply.json()).toEqual({
      type: "error",
      error: {
        ...{ type: "overloaded_error", message: "None." },
        details: { error_code: "no_worker", param: "model" },
      },
      request_id: "id-1",
    });
    const wrong = await methodNotAllowed("POST")(send("/v1/messages/count_tokens"));
    expect(await wrong.json()).toMatchObject({ type: "error", request_id: expect.any(String) });
    expect(wrong.headers.get("request-id")).toBe(wrong.headers.get("x-request-id"));
    const other = await methodNotAllowed("POST")(send("/v1/messagesque"));
    expect(await other.json()).toHaveProperty("error.code", "method_not_allowed");
    expect(other.headers.has("request-id")).toBe(false);
  });
});

describe("one line a request", () => {
  test("has id, path, status and time, and nothing that was said", async () => {
    const echo = route(
      { shape: "parley", caller: "anyone", body: z.strictObject({ prompt: z.string() }) },
      ({ body }) => jsonReply(body),
    );
    const body = JSON.stringify({ prompt: "a private matter" });
    const headers = { "content-type": "application/json", "x-request-id": "id-1" };
    const reply = await echo(send("/api/x?q=private", { method: "POST", headers, body }));
    expect(await reply.json()).toEqual({ prompt: "a private matter" });
    expect(lines).toEqual([
      {
        requestId: "id-1",
        method: "POST",
        path: "/api/x",
        status: 200,
        ms: expect.any(Number),
        text: "request",
      },
    ]);
  });

  test("of a routine route is for those who look for it, unless something is wrong", async () => {
    let status = 200;
    const probe = route({ shape: "parley", caller: "anyone", isRoutine: true }, () =>
      jsonReply({}, { status }),
    );
    await probe(send("/probe"));
    status = 503;
    await probe(send("/probe"));
    expect(lines.map((line) => [line.status, line.level])).toEqual([
      [200, "debug"],
      [503, undefined],
    ]);
  });

  test("waits for the end of a stream and says how it ended", async () => {
    const stream = route({ shape: "parley", caller: "anyone" }, () =>
      jsonLinesReply(
        (async function* () {
          yield { a: 1 };
          yield { b: 2 };
        })(),
      ),
    );
    const reply = await stream(send("/api/x"));
    expect(lines).toEqual([]);
    expect(await reply.text()).toBe('{"a":1}\n{"b":2}\n');
    await streamEnd(reply);
    expect(lines).toMatchObject([{ status: 200, stream: "complete" }]);
  });

  test("is counted under the route's name, not under every id", async () => {
    const ok = route({ shape: "parley", caller: "anyone" }, () => jsonReply({}));
    const params: RouteContext["params"] = Promise.resolve({ id: "some-name" });
    await ok(send("/api/things/some-name/part"), { params });
    await ok(send("/api/others/0198c0de-0000-7000-8000-000000000000"));
    const text = await metrics.metrics();
    expect(text).toContain('route="/api/things/:id/part"');
    expect(text).toContain('route="/api/others/:id"');
    expect(text).not.toContain("some-name");
  });
});

describe("a stream whose source is silent", () => {
  test.each([
    [...(["lines", jsonLinesReply] as const), ['{"type":"a"}\n', "\n", "\n", '{"type":"b"}\n']],
    [
      ...(["events", serverSentEventsReply] as const),
      [
        ...['data: {"type":"a"}\n\n', ": keep-alive\n\n", ": keep-alive\n\n"],
        'data: {"type":"b"}\n\n',
      ],
    ],
    [
      ...(["named events", namedEventsReply] as const),
      [
        'event: a\ndata: {"type":"a"}\n\n',
        ...Array(2).fill('event: ping\ndata: {"type":"ping"}\n\n'),
        'event: b\ndata: {"type":"b"}\n\n',
      ],
    ],
  ] as const)("sends %s that mean nothing, and loses no event", async (_, reply, expected) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const source = async function* () {
      yield { type: "a" };
      await gate;
      yield { type: "b" };
    };
    const reader = reply(source()).body!.getReader();
    const read = async () => {
      const { done, value } = await reader.read();
      return done ? "end" : new TextDecoder().decode(value);
    };
    const said = [await read()];
    for (let pause = 0; pause < 2; pause++) {
      const line = read();
      await vi.advanceTimersByTimeAsync(STREAM_KEEP_ALIVE_MS);
      said.push(await line);
    }
    go();
    said.push(await read());
    expect(said).toEqual(expected);
    expect(await read()).toBe("end");
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that breaks off while nobody reads breaks the body off, and nothing else", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let fail: (error: Error) => void = () => {};
    const source = async function* () {
      yield await new Promise((_, reject) => {
        fail = reject;
      });
    };
    const reader = jsonLinesReply(source()).body!.getReader();
    // The pause fills the body's one place, so that the stream stops asking.
    await vi.advanceTimersByTimeAsync(STREAM_KEEP_ALIVE_MS);
    fail(new Error("a bug"));
    await vi.advanceTimersByTimeAsync(0);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("\n");
    await expect(reader.read()).rejects.toThrow("a bug");
  });
});

describe("a reader that leaves a stream", () => {
  test("aborts the signal first, so that a generator in mid-wait can be closed", async () => {
    let closed = false;
    const stream = route({ shape: "parley", caller: "anyone" }, ({ signal }) =>
      serverSentEventsReply(
        (async function* () {
          try {
            yield "first";
            await new Promise((_, reject) => {
              signal.addEventListener("abort", () => reject(signal.reason));
            });
          } finally {
            closed = true;
          }
        })(),
      ),
    );
    const reply = await stream(send("/api/x"));
    const reader = reply.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: first\n\n");
    await reader.cancel().catch(() => undefined);
    await vi.waitFor(() => expect(closed).toBe(true));
    expect(lines.at(-1)).toMatchObject({ stream: "cancelled" });
  });

  test("before the first event closes it as well", async () => {
    let aborted = false;
    const stream = route({ shape: "parley", caller: "anyone" }, ({ signal }) => {
      signal.addEventListener("abort", () => {
        aborted = true;
      });
      return jsonLinesReply(
        (async function* () {
          yield await new Promise(() => {});
        })(),
      );
    });
    const reply = await stream(send("/api/x"));
    void reply.body?.cancel();
    await vi.waitFor(() => expect(aborted).toBe(true));
  });
});

describe("who is let in", () => {
  const who = (caller: "visitor" | "admin" | "worker") =>
    route({ shape: "parley", caller }, ({ visitorId }) => jsonReply({ visitorId }));

  test("a visitor is made on the fly and known again", async () => {
    const first = await who("visitor")(send("/api/x"));
    const cookie = first.headers.get("set-cookie")?.split(";")[0] ?? "";
    const { visitorId } = (await first.json()) as { visitorId: string };
    expect(readVisitorId(cookie)).toBe(visitorId);
    const again = await who("visitor")(send("/api/x", { headers: { cookie } }));
    expect(await again.json()).toEqual({ visitorId });
    expect(again.headers.get("set-cookie")).toBeNull();
    const forged = { cookie: `${cookie.slice(0, -1)}${cookie.endsWith("A") ? "B" : "A"}` };
    const stranger = await who("visitor")(send("/api/x", { headers: forged }));
    expect(((await stranger.json()) as { visitorId: string }).visitorId).not.toBe(visitorId);
  });

  test("an admin by session, a worker by secret, and nobody else", async () => {
    expect((await who("admin")(send("/api/x"))).status).toBe(401);
    const cookie = openAdminSession("admin-token-of-the-tests", "here").split(";")[0] ?? "";
    expect((await who("admin")(send("/api/x", { headers: { cookie } }))).status).toBe(200);
    for (const [authorization, status] of [
      ["", 401],
      ["Bearer wrong", 401],
      ["Bearer worker-secret-of-the-tests", 200],
    ] as const) {
      const reply = await who("worker")(send("/api/x", { headers: { authorization } }));
      expect(reply.status).toBe(status);
    }
  });

  test.each<[Record<string, string>, number]>([
    [{}, 200],
    [{ origin: URL_BASE, host: "127.0.0.1:3000" }, 200],
    [{ "sec-fetch-site": "same-origin" }, 200],
    [{ "sec-fetch-site": "none" }, 200],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ "sec-fetch-site": "cross-site", origin: URL_BASE }, 403],
    [{ origin: "http://127.0.0.1:4000", host: "127.0.0.1:3000" }, 403],
    [{ origin: "https://evil.example", host: "127.0.0.1:3000" }, 403],
    [{ origin: "null", host: "127.0.0.1:3000" }, 403],
  ])("a change with %j is %i", async (headers, status) => {
    const reply = await who("visitor")(send("/api/x", { method: "POST", headers }));
    expect(reply.status).toBe(status);
    // Reading is free: no other site can see the answer.
    expect((await who("visitor")(send("/api/x", { headers }))).status).toBe(200);
  });
});

test("a wrong method hears which are right, in the words of its part of the site", async () => {
  const reply = await methodNotAllowed("GET", "POST")(send("/api/x", { method: "PUT" }));
  expect(reply.status).toBe(405);
  expect(reply.headers.get("allow")).toBe("GET, POST");
  expect(errorReplySchema.parse(await reply.json()).error.code).toBe("method-not-allowed");
  const openai = await methodNotAllowed("GET")(send("/v1/x", { method: "PUT" }));
  expect(await openai.json()).toHaveProperty("error.type", "invalid_request_error");
});
