import type { Command } from "commander";
import * as z from "zod";
import { env } from "@/lib/env";
import { paths } from "@/lib/paths";
import { type AdminWorker, adminWorkersSchema } from "@/lib/protocol/arena-view";
import { StartError } from "@/lib/util/start-error";
import { findRunning, findSecrets } from "../running";
import type { Terminal } from "../terminal";

const ASK_MS_MAX = 5_000;

const modelsSchema = z.object({
  models: z.array(z.object({ name: z.string(), awake: z.boolean() })),
});
const readySchema = z.object({
  status: z.string(),
  missing: z.string().optional(),
  degraded: z.string().optional(),
});

type Status = {
  url: string;
  ready: boolean;
  missing: string | undefined;
  /** What it does without for now. */
  degraded: string | undefined;
  models: string[];
  /** Undefined where this clone has no admin token to ask with. */
  workers: Pick<AdminWorker, "name" | "kind" | "state" | "models">[] | undefined;
};

export function addStatusCommand(program: Command, terminal: Terminal): void {
  program
    .command("status")
    .description("Say where the platform runs, and with which models and workers.")
    .option("--url <address>", "another platform than the one of this clone")
    .option("--json", "one JSON object")
    .action(async (options: { url?: string; json?: true }) => {
      const url = options.url ?? findRunning(terminal.root)?.url ?? env().PARLEY_CONTROLLER_URL;
      const status = await readStatus(url.replace(/\/$/, ""), terminal.root);
      terminal.write(options.json ? `${JSON.stringify(status)}\n` : toText(status));
    });
}

async function readStatus(url: string, root: string): Promise<Status> {
  const ready = readySchema.parse(await (await ask(url + paths.readyz)).json());
  // What the pages ask: the API may want a key.
  const reply = await ask(url + paths.api.models);
  const { models } = reply.ok ? modelsSchema.parse(await reply.json()) : { models: [] };
  const token = env().PARLEY_ADMIN_TOKEN ?? findSecrets(root)?.adminToken;
  return {
    url,
    ready: ready.status === "ready",
    missing: ready.missing,
    degraded: ready.degraded,
    models: models.filter((it) => it.awake).map((it) => it.name),
    workers: token === undefined ? undefined : await readWorkers(url, token),
  };
}

async function readWorkers(url: string, token: string): Promise<Status["workers"]> {
  const session = await ask(url + paths.api.session, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  const cookie = session.headers.get("set-cookie")?.split(";")[0];
  if (!session.ok || cookie === undefined) return undefined;
  const reply = await ask(url + paths.api.adminWorkers, { headers: { cookie } });
  if (!reply.ok) return undefined;
  const { workers } = adminWorkersSchema.parse(await reply.json());
  return workers.map(({ name, kind, state, models }) => ({ name, kind, state, models }));
}

async function ask(url: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, signal: AbortSignal.timeout(ASK_MS_MAX) });
  } catch (cause) {
    throw new StartError({
      message: `No Parley answers at ${new URL(url).origin}.`,
      remedy: "Start it with `npm start`, or name another address with --url.",
      cause,
    });
  }
}

function toText({ url, ready, missing, degraded, models, workers }: Status): string {
  const well = degraded === undefined ? "ready" : `ready, without its ${degraded} for now`;
  const lines = [
    `Address  ${url}`,
    `State    ${ready ? well : `not ready: ${missing ?? "still starting"}`}`,
    `Models   ${models.join(", ") || "none"}`,
  ];
  for (const [index, worker] of (workers ?? []).entries()) {
    lines.push(
      `${index === 0 ? "Workers" : "       "}  ${worker.name} (${worker.kind}, ${worker.state})`,
    );
  }
  return `${lines.join("\n")}\n`;
}
