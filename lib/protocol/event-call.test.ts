/** Goal: a generation is heard alike by our own client and by undici, which is for encrypted workers. Method: one server, both. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent } from "undici";
import { expect, onTestFinished, test } from "vitest";
import { AppError } from "@/lib/errors";
import { Stop } from "@/lib/util/stop";
import { type Caller, openEvents } from "./event-call";
import { HttpPool } from "./http-pool";

const LINES = [
  '{"type":"generation-start","model":"m","build":"b","promptTokens":1,"sampling":{"temperature":1,"topP":1,"seed":1},"maxTokens":9}',
  '{"type":"text-delta","text":"Größe","tokens":1}',
  '{"type":"generation-end","finishReason":"stop","usage":{"promptTokens":1,"completionTokens":1},"timing":{"queuedMs":0,"firstTokenMs":0,"durationMs":0}}',
];

const CALLERS: [string, () => Caller & { close(): unknown }][] = [
  ["undici", () => new Agent({ pipelining: 1 })],
  ["our own", () => new HttpPool({ connectionsMax: 4, idleMsMax: 60_000, silenceMsMax: 60_000 })],
];

test.each(CALLERS)("%s: whole in pieces, refused, left, and cut", async (_name, make) => {
  const left: Promise<unknown>[] = [];
  const server = createServer(async (request, response) => {
    if (request.url === "/refuse")
      return response.writeHead(429, { "retry-after": "7" }).end("full");
    const bytes = Buffer.from(LINES.map((line) => `${line}\n`).join(""));
    // In the middle of a letter.
    const middle = bytes.indexOf("ß") + 1;
    response.write(bytes.subarray(0, middle));
    await new Promise(setImmediate);
    if (request.url === "/cut") return response.destroy();
    if (request.url === "/wait") return left.push(once(response, "close"));
    return response.end(bytes.subarray(middle));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const caller = make();
  onTestFinished(async () => {
    await caller.close();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = (path: string, signal = new Stop()) =>
    openEvents(
      caller,
      { origin, path, method: "POST", headers: { "x-a": "b" }, body: "{}" },
      {
        ...{ signal, headMsMax: 5_000 },
        toLate: () => new AppError("timeout", { message: "late" }),
        toError: (cause) => new AppError("worker-lost", { message: "lost", cause }),
        toRefusal: ({ status, headers, body }) =>
          new AppError("overloaded", { message: `${status} ${headers["retry-after"]} ${body}` }),
      },
    );
  const told = [];
  for await (const event of await ask("/")) told.push(JSON.stringify(event));
  expect(told).toEqual(LINES);
  await expect(ask("/refuse")).rejects.toMatchObject({ message: "429 7 full" });
  const cut = await ask("/cut");
  await cut.next();
  await expect(cut.next()).rejects.toMatchObject({ code: "worker-lost" });
  const returned = await ask("/wait");
  await returned.next();
  await returned.return();
  const stop = new Stop();
  const stopped = await ask("/wait", stop);
  await stopped.next();
  stop.abort(new Error("enough"));
  await expect(stopped.next()).rejects.toMatchObject({ code: "worker-lost" });
  await Promise.all(left);
  expect(left).toHaveLength(2);
});
