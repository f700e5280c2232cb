import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as sessionRoute from "@/app/api/session/route";
import * as adminWorkersRoute from "@/app/api/admin/workers/route";
import { catalog } from "@/lib/catalog/catalog";
import { Controller } from "@/lib/controller/controller";
import { ChangeFeed } from "@/lib/db/change-feed";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { applyCors } from "@/lib/http/cors";
import { createFront } from "@/lib/http/front";
import { hiddenModels } from "@/lib/rules/hidden-models";
import type { Log } from "@/lib/telemetry/log";
import { processSingleton } from "@/lib/util/process-singleton";
import { HOT_ROUTES } from "@/server-routes";
import type { Backend } from "@/worker/backend";
import { createMockBackend } from "@/worker/backends/mock";
import { startTestWorker, TEST_SECRET, type TestWorker } from "@/worker/server-testing";

/** The route handlers behind the front that production has, a real database, and real workers. */
export type ApiServer = {
  url: string;
  controller: Controller;
  database: TestDatabase;
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
  /** Instead of a silent one. */
  log?: Log;
};
export type AddedWorker = TestWorker & { workerId: string; instanceId: string };

/** What production answers without Next, and of the rest what programs' tests ask for. */
const ROUTES = {
  "/api/session": sessionRoute,
  "/api/admin/workers": adminWorkersRoute,
  ...HOT_ROUTES,
};

export async function startApiServer(): Promise<ApiServer> {
  const database = await createTestDatabase();
  // The handlers ask for the pool, the feed and the controller of this process: these.
  processSingleton("database", () => ({ db: database.db }));
  const feed = processSingleton("change-feed", () => new ChangeFeed(database.url));
  const controller = processSingleton(
    "controller",
    () => new Controller({ db: database.db, hidden: hiddenModels, catalog: catalog() }),
  );
  const front = createFront(ROUTES);
  const server = createServer((request, response) => {
    if (applyCors(request, response)) return;
    if (!front(request, response)) response.writeHead(404).end("outside");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const workers: AddedWorker[] = [];
  return {
    url,
    controller,
    database,
    async addWorker({ models = [], slots = 4, waitingMax, tokenMs = 1, ...options } = {}) {
      let worker: TestWorker | undefined;
      const die = () => void worker?.close();
      const backend = options.backend ?? createMockBackend({ models, slots, tokenMs, die });
      worker = await startTestWorker({
        ...{ backend, ...(options.log && { log: options.log }) },
        ...(waitingMax !== undefined && { waitingMax }),
      });
      const card = { ...backend.card(), name: "test", version: "0.0.0", waitingMax: 64 };
      const { instanceId } = worker.server;
      const reply = await fetch(`${url}/api/workers`, {
        method: "POST",
        headers: { authorization: `Bearer ${TEST_SECRET}`, "content-type": "application/json" },
        body: JSON.stringify({
          instanceId,
          address: worker.address,
          card,
          load: worker.server.load(),
        }),
      });
      if (!reply.ok) throw new Error(await reply.text());
      const { workerId } = (await reply.json()) as { workerId: string };
      const added = { ...worker, workerId, instanceId };
      workers.push(added);
      return added;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await feed.close();
      await database.drop();
    },
  };
}
