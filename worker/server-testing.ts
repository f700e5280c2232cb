import { Registry } from "prom-client";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { log as realLog } from "@/lib/telemetry/log";
import type { Backend } from "./backend";
import { createMockBackend } from "./backends/mock";
import { WorkerServer, type WorkerServerOptions } from "./server";

/** A worker's server on a free port with the mock behind it, for tests of both sides of the protocol. */

export const TEST_SECRET = "a secret of the tests";

export type TestWorkerOptions = Partial<WorkerServerOptions> & {
  slots?: number;
  waitingMax?: number;
  backend?: Backend;
};

export type TestWorker = {
  address: string;
  server: WorkerServer;
  /** A number of `/metrics`, read over HTTP. */
  metric(name: string): Promise<number>;
  /** Resolves when no request runs. */
  whenIdle(): Promise<void>;
  close(): Promise<void>;
};

export async function startTestWorker(options: TestWorkerOptions = {}): Promise<TestWorker> {
  const { waitingMax, limits, ...rest } = options;
  const { slots = 4, backend = createMockBackend({ models: [], slots, tokenMs: 1 }) } = options;
  const log = realLog.child({}, { level: "silent" });
  const server = new WorkerServer({
    secret: TEST_SECRET,
    registry: new Registry(),
    log,
    ...rest,
    limits: { ...limits, ...(waitingMax === undefined ? {} : { waitingMax }) },
  });
  const port = await server.listen(0, "127.0.0.1");
  server.serve(backend, { name: "test", version: "0.0.0" });
  const address = `http://127.0.0.1:${port}`;
  return {
    address,
    server,
    metric: async (name) => {
      const headers = { authorization: `Bearer ${TEST_SECRET}` };
      const text = await (await fetch(`${address}/metrics`, { headers })).text();
      const line = text.split("\n").find((it) => it.startsWith(`${name} `));
      return Number(line?.split(" ")[1]);
    },
    whenIdle: () => server.whenIdle(AbortSignal.timeout(5_000)),
    close: () => server.close(),
  };
}

export function testRequest(
  model: string,
  changes: Partial<GenerateRequest> = {},
): GenerateRequest {
  const messages = [textMessage("user", "one two three four five")];
  return { requestId: "test-request", model, messages, sampling: {}, stop: [], ...changes };
}
