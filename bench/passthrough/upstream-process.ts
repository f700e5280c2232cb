import * as z from "zod";
import { ReplayServer } from "./replay-server";
import { STAND_INS } from "./stand-ins";

/**
 * All providers at once, each on a port of its own. Its parent hears the ports, and of each, when it asks for it by
 * name, what a worker's request for an answer was, so that the same can be asked without the worker. It also says
 * whether there is a pause in the answers.
 */

const questionSchema = z.object({
  ...{ id: z.number(), name: z.string() },
  pause: z.object({ afterBytes: z.number(), ms: z.number() }).optional(),
});

async function live(): Promise<void> {
  const servers = new Map<string, ReplayServer>();
  const ports: Record<string, number> = {};
  for (const [name, start] of Object.entries(STAND_INS)) {
    const server = new ReplayServer((await start()).url);
    servers.set(name, server);
    ports[name] = await server.listen();
  }
  process.on("message", (message) => {
    const { id, name, pause } = questionSchema.parse(message);
    const server = servers.get(name);
    if (server) server.pause = pause;
    process.send?.({ id, asked: server?.asked ?? null });
  });
  process.send?.({ ports });
}

// The benchmark is gone, however it ended.
process.on("disconnect", () => process.exit());
void live();
