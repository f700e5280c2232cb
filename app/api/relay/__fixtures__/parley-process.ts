import { boot } from "@/instrumentation-node";
import { env } from "@/lib/env";
import { createFront } from "@/lib/http/front";
import { createHttpServer } from "@/lib/http/http-server";
import { relay } from "@/lib/relay/relay";
import { usageFlusher } from "@/lib/usage/flusher";
import { HOT_ROUTES } from "@/server-routes";

/** The web process (server.ts) without its pages: start-parley.ts bundles and starts it. */

const server = createHttpServer();
const front = createFront(HOT_ROUTES);
server.on("request", (incoming, outgoing) => {
  if (!front(incoming, outgoing)) outgoing.writeHead(404).end();
});

async function exit(): Promise<void> {
  await relay()?.stop();
  await usageFlusher().close();
  process.exit(0);
}

process.on("SIGTERM", () => {
  server.close(() => void exit());
  void relay()?.drain();
  setInterval(() => server.closeIdleConnections(), 20).unref();
});
process.on("disconnect", () => process.exit(0));

await boot();
server.listen(env().PORT, "127.0.0.1", () => process.send?.("listening"));
