import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as workerRoute from "@/app/api/workers/route";
import * as leaveRoute from "@/app/api/workers/[id]/route";
import * as heartbeatRoute from "@/app/api/workers/[id]/heartbeat/route";
import * as healthRoute from "@/app/healthz/route";
import * as metricsRoute from "@/app/metrics/route";
import * as sessionRoute from "@/app/api/session/route";
import * as adminWorkersRoute from "@/app/api/admin/workers/route";
import * as restRoute from "@/app/v1/[[...rest]]/route";
import * as chatRoute from "@/app/v1/chat/completions/route";
import * as completionsRoute from "@/app/v1/completions/route";
import * as embeddingsRoute from "@/app/v1/embeddings/route";
import * as countTokensRoute from "@/app/v1/messages/count_tokens/route";
import * as messagesRoute from "@/app/v1/messages/route";
import * as modelRoute from "@/app/v1/models/[...id]/route";
import * as modelsRoute from "@/app/v1/models/route";
import * as rerankRoute from "@/app/v1/rerank/route";
import { Controller } from "@/lib/controller/controller";
import { createTestDatabase } from "@/lib/db/testing";
import { createFront } from "@/lib/http/front";
import { processSingleton } from "@/lib/util/process-singleton";
import { createId } from "@/lib/util/id";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, TEST_SECRET, type TestWorker } from "@/worker/server-testing";

/** The route handlers behind the front that production has, a real database, and real workers. */
export type ApiServer = {
  url: string;
  controller: Controller;
  addWorker(options?: AddWorkerOptions): Promise<AddedWorker>;
  close(): Promise<void>;
};

export type AddWorkerOptions = {
  models?: string[];
  slots?: number;
  waitingMax?: number;
  tokenMs?: number;
  /** Instead of the mock. */
  backend?: Backend;
};
export type AddedWorker = TestWorker & { workerId: string };

const ROUTES = {
  "/v1/chat/completions": chatRoute,
  "/v1/completions": completionsRoute,
  "/v1/embeddings": embeddingsRoute,
  "/v1/messages": messagesRoute,
  "/v1/messages/count_tokens": countTokensRoute,
  "/v1/models": modelsRoute,
  "/v1/models/[...id]": modelRoute,
  "/v1/rerank": rerankRoute,
  "/v1/[[...rest]]": restRoute,
  "/api/workers": workerRoute,
  "/api/workers/[id]": leaveRoute,
  "/api/workers/[id]/heartbeat": heartbeatRoute,
  "/api/session": sessionRoute,
  "/api/admin/workers": adminWorkersRoute,
  "/healthz": healthRoute,
  "/metrics": metricsRoute,
};

export async function startApiServer(): Promise<ApiServer> {
  const database = await createTestDatabase();
  const controller = processSingleton("controller", () => new Controller({ db: database.db }));
  const front = createFront(ROUTES);
  const server = createServer((request, response) => {
    if (!front(request, response)) response.writeHead(404).end("outside");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const workers: AddedWorker[] = [];
  return {
    url,
    controller,
    async addWorker({ models = [], slots = 4, waitingMax, tokenMs = 1, ...options } = {}) {
      let worker: TestWorker | undefined;
      const die = () => void worker?.close();
      const backend = options.backend ?? createMockBackend({ models, slots, tokenMs, die });
      worker = await startTestWorker({ backend, ...(waitingMax !== undefined && { waitingMax }) });
      const card = { ...backend.card(), name: "test", version: "0.0.0", waitingMax: 64 };
      const reply = await fetch(`${url}/api/workers`, {
        method: "POST",
        headers: { authorization: `Bearer ${TEST_SECRET}`, "content-type": "application/json" },
        body: JSON.stringify({
          instanceId: createId(),
          address: worker.address,
          card,
          load: worker.server.load(),
        }),
      });
      if (!reply.ok) throw new Error(await reply.text());
      const { workerId } = (await reply.json()) as { workerId: string };
      const added = { ...worker, workerId };
      workers.push(added);
      return added;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await database.drop();
    },
  };
}
