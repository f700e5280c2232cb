import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { StartGate } from "@/lib/util/start-gate";
import { holdRequests } from "./hold-requests";

async function serve(gate: StartGate, limitMs: number): Promise<string> {
  const hold = holdRequests(gate, (_incoming, outgoing) => void outgoing.end("served"), limitMs);
  const server = createServer(hold);
  onTestFinished(() => void server.close());
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("what comes before the start is over is answered when it is", async () => {
  const gate = new StartGate();
  const url = await serve(gate, 60_000);
  const registered = fetch(`${url}/api/workers`, { method: "POST", body: "{}" });
  // Probes are told how far it is, and pages wait elsewhere.
  expect(await (await fetch(`${url}/readyz`)).text()).toBe("served");
  expect(await (await fetch(`${url}/battle?x=/api/`)).text()).toBe("served");
  gate.open();
  expect(await (await registered).text()).toBe("served");
  expect(await (await fetch(`${url}/v1/models`)).text()).toBe("served");
});

test.each([
  "/v1/models",
  "/v1/messages",
  "/api/workers",
  "/api/relay/card",
  "/controller/register_worker",
])("%s is refused, in its own words, where the start takes long", async (path) => {
  const url = await serve(new StartGate(), 1);
  const reply = await fetch(url + path, { headers: { "x-request-id": "mine" } });
  expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(reply.headers.get("x-request-id")).toBe("mine");
  expect(await reply.text()).toContain("The server is starting");
});
