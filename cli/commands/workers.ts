import type { Command } from "commander";
import {
  createWorkerToken,
  listWorkerTokens,
  revokeWorkerToken,
} from "@/lib/auth/worker-token-store";
import { addWorker } from "@/lib/controller/add-worker";
import { controllerConfig, toControllerConfig } from "@/lib/controller/controller-config";
import { listWorkers } from "@/lib/controller/list-workers";
import { type Ordered, orderWorker } from "@/lib/controller/order-worker";
import { env } from "@/lib/env";
import { AppError } from "@/lib/errors";
import type { WorkerCommand } from "@/lib/protocol/arena-view";
import { createWorkerTokenBodySchema } from "@/lib/protocol/worker-token";
import { withDatabase } from "../open-database";
import { plainIssue } from "../plain-issue";
import { findSecrets } from "../running";
import type { Terminal } from "../terminal";
import { plainLine } from "../text-table";
import { workerTable, workerTokenTable } from "../worker-text";

type Json = { json?: true };

const JSON_FLAG = ["--json", "one JSON object"] as const;

export function addWorkersCommand(program: Command, terminal: Terminal): void {
  const workers = program
    .command("workers")
    .description("The workers of the platform: who is there, and what they are to do.");
  addList(workers, terminal);
  addAdd(workers, terminal);
  addOrders(workers, terminal);
  addTokens(workers, terminal);
}

function addList(workers: Command, terminal: Terminal): void {
  workers
    .command("list")
    .description("List the workers as the registry has them, those lost lately included.")
    .option(...JSON_FLAG)
    .action(async ({ json }: Json) => {
      const listed = await withDatabase(terminal.root, (db) => listWorkers(db, controllerConfig()));
      terminal.write(json ? `${JSON.stringify({ workers: listed })}\n` : workerTable(listed));
    });
}

function addAdd(workers: Command, terminal: Terminal): void {
  workers
    .command("add")
    .description(
      "Register a worker that cannot reach the web process. It is asked from here what it offers, at <url>/health and <url>/card, and by the web processes from then on whether it lives.",
    )
    .argument("<url>", "where it listens, as the web processes reach it")
    .option(...JSON_FLAG)
    .action(async (url: string, { json }: Json) => {
      const secret = env().PARLEY_WORKER_SECRET ?? findSecrets(terminal.root)?.workerSecret;
      if (secret === undefined) {
        throw new AppError("invalid-request", {
          message:
            "The worker is asked with the secret that it shares with the platform. Set PARLEY_WORKER_SECRET to it.",
        });
      }
      const { id, address, card } = await withDatabase(terminal.root, (db) =>
        addWorker(db, url, secret),
      );
      const models = card.models.map(({ name }) => name);
      const said = { id, address, name: card.name, models };
      const line = `The worker ${card.name} at ${address} serves ${models.join(", ")}. It is ${id}.`;
      terminal.write(json ? `${JSON.stringify(said)}\n` : `${plainLine(line)}\n`);
    });
}

const ORDERS: Record<WorkerCommand, string> = {
  drain: "Send a worker no new requests; those that run there finish, and it stays.",
  resume: "Send a worker that was drained requests again.",
  remove:
    "Have a worker end when its answers are out. One that does not beat, or is silent, is taken from the registry at once.",
};

function addOrders(workers: Command, terminal: Terminal): void {
  // Written from a table whose keys are exactly the commands.
  for (const [command, description] of Object.entries(ORDERS) as [WorkerCommand, string][]) {
    workers
      .command(command)
      .description(description)
      .argument("<worker>", "its id, name or address")
      .option(...JSON_FLAG)
      .action(async (word: string, { json }: Json) => {
        const config = toControllerConfig(controllerConfig());
        const ordered = await withDatabase(terminal.root, (db) =>
          orderWorker(db, word, command, config),
        );
        terminal.write(json ? `${JSON.stringify(ordered)}\n` : orderedLine(ordered));
      });
  }
}

function orderedLine({ name, address, outcome }: Ordered): string {
  const who = plainLine(`The worker ${name} at ${address}`);
  const lines = {
    drain: `${who} is sent no new requests.`,
    resume: `${who} is sent requests again.`,
    remove: `${who} ends when its answers are out.`,
    gone: `${who} is out of the registry.`,
  };
  return `${lines[outcome]}\n`;
}

function addTokens(workers: Command, terminal: Terminal): void {
  workers
    .command("tokens")
    .description("List the tokens that let workers in, the newest first.")
    .option("--all", "those that were revoked, too")
    .option(...JSON_FLAG)
    .action(async ({ all, json }: { all?: true } & Json) => {
      const listed = await withDatabase(terminal.root, listWorkerTokens);
      const tokens = all ? listed : listed.filter((it) => it.state === "live");
      terminal.write(json ? `${JSON.stringify({ tokens })}\n` : workerTokenTable(tokens));
    });
  const token = workers
    .command("token")
    .description("Tokens that let one worker in, or one group of them, beside the shared secret.");
  token
    .command("create")
    .description("Make a token and print it, once. A worker takes it from PARLEY_WORKER_TOKEN.")
    .argument("<name>", "for which worker, or group of them; for people")
    .option(
      "--provider-keys",
      "hand who holds it the external models and the opened keys of their providers, too",
    )
    .option(...JSON_FLAG)
    .action(async (word: string, { json, providerKeys }: Json & { providerKeys?: true }) => {
      const body = createWorkerTokenBodySchema.safeParse({
        ...{ name: word, readsProviderKeys: providerKeys === true },
      });
      if (!body.success) {
        throw new AppError("invalid-request", { message: plainIssue(body.error.issues[0]) });
      }
      const { name, readsProviderKeys } = body.data;
      const created = await withDatabase(terminal.root, (db) =>
        createWorkerToken(db, name, { readsProviderKeys }),
      );
      const lines = [
        `Token    ${created.token}`,
        "         It is shown this once and stored nowhere. Set PARLEY_WORKER_TOKEN to it at the worker.",
        `Name     ${created.view.name}`,
        `Id       ${created.view.id}`,
      ];
      terminal.write(json ? `${JSON.stringify(created)}\n` : `${lines.join("\n")}\n`);
    });
  token
    .command("revoke")
    .description("End a token for good, and with it the workers that registered by it.")
    .argument("<token>", "its id, name, or three or more letters of how it begins")
    .option(...JSON_FLAG)
    .action(async (word: string, { json }: Json) => {
      const view = await withDatabase(terminal.root, (db) => revokeWorkerToken(db, word));
      const line = `The token ${view.prefix}… (${view.name}) is revoked, and its workers are sent no more requests.\n`;
      terminal.write(json ? `${JSON.stringify(view)}\n` : line);
    });
}
