import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { WEIGHT_FORMS } from "@/lib/engine/onnx/model-files";
import { env, readVariable } from "@/lib/env";
import { isAppError } from "@/lib/errors";
import { type Downloaded, downloadModel, parseHubName } from "@/lib/hub/download-model";
import { HUB_NAMES, type HubName } from "@/lib/hub/hub";
import { HUBS } from "@/lib/hub/hubs";
import { type LocalModel, listLocalModels, removeModel, verifyModel } from "@/lib/hub/local-models";
import { CLI_EXIT_CODES, CliError, endBadUse } from "../cli-error";
import { ProgressLine, toSize } from "../progress-line";
import type { Terminal } from "../terminal";
import { plainLine, textTable } from "../text-table";
import { untilInterrupted } from "../until-interrupted";

type DownloadFlags = {
  hub: HubName;
  hubUrl?: string;
  to?: string;
  name?: string;
  weights?: string;
  json?: true;
};

const DOWNLOAD_HELP = `
What serves the model is brought: its texts and one ONNX graph with its weights, as exact as there is (or the one
that --weights names). A download that was broken off goes on where it ended; every file is compared with the
hub's checksum. \`npm start\` serves what lies in PARLEY_MODELS (models) at its next start.

HF_TOKEN opens private and gated models, HF_ENDPOINT names a mirror; ModelScope's is MODELSCOPE_API_TOKEN.

Examples:
  $ npx parley models download onnx-community/Qwen3-0.6B-ONNX --weights model_q4.onnx
  $ npx parley models download onnx-community/Qwen3-0.6B-ONNX@a1b2c3d --name qwen-pinned
  $ npx parley models download owner/model --hub modelscope --json
Exit codes: 0 it is there; 1 it could not be brought; 2 the command was used wrongly; 130 Ctrl-C, what came is kept.
`;

/** Models as files: from a hub, on this disk. Need no database. */
export function addFolderCommands(models: Command, terminal: Terminal): void {
  endBadUse(models.command("download <repository>"))
    .description("Bring a model from a hub: owner/name, or owner/name@revision.")
    .addOption(new Option("--hub <name>", "where from").choices(HUB_NAMES).default("huggingface"))
    .option("--hub-url <url>", "a mirror or a hub of your own")
    .option("--to <folder>", "folder of models (PARLEY_MODELS)")
    .option("--name <name>", "what it is called here, and its folder; else the repository's name")
    .option("--weights <file>", "which graph, such as model_q4.onnx")
    .option("--json", "one JSON object")
    .addHelpText("after", DOWNLOAD_HELP)
    .action((repository: string, flags: DownloadFlags) => download(repository, flags, terminal));

  endBadUse(models.command("folders"))
    .description("Models on this disk: where from, how large.")
    .option("--in <folder>", "folder of models (PARLEY_MODELS)")
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  $ npx parley models folders --json\nExit codes: 0 done; 2 the command was used wrongly.\n",
    )
    .action(async (flags: { in?: string; json?: true }) => {
      const found = await listLocalModels(parentOf(flags.in, terminal));
      if (flags.json) return terminal.write(`${JSON.stringify({ models: found.map(toJson) })}\n`);
      terminal.write(found.length === 0 ? "No model.\n" : toTable(found));
    });

  endBadUse(models.command("verify [names...]"))
    .description("Compare models on this disk with what their hub promised.")
    .option("--in <folder>", "folder of models (PARLEY_MODELS)")
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  $ npx parley models verify\n  $ npx parley models verify Qwen3-0.6B-ONNX\nExit codes: 0 all is well; 1 files are damaged or missing; 2 there is no such model.\n",
    )
    .action((names: string[], flags: { in?: string; json?: true }) =>
      verify(names, flags, terminal),
    );

  endBadUse(models.command("remove <name>"))
    .description("Take a model that was downloaded off this disk.")
    .option("--in <folder>", "folder of models (PARLEY_MODELS)")
    .option("--yes", "do it; without it, only told what would go")
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  $ npx parley models remove Qwen3-0.6B-ONNX --yes\nExit codes: 0 done; 1 it was not downloaded by Parley; 2 there is no such model.\n",
    )
    .action(async (name: string, flags: { in?: string; yes?: true; json?: true }) => {
      const [model] = await pick([name], flags.in, terminal);
      if (model === undefined) return;
      if (model.record === undefined) {
        throw new CliError({
          message: `${model.folder} was not downloaded by Parley.`,
          remedy: "Remove the folder by hand.",
          exitCode: CLI_EXIT_CODES.nothing,
        });
      }
      if (flags.yes) await removeModel(model);
      const { folder, bytes } = model;
      const isRemoved = flags.yes === true;
      if (flags.json)
        return terminal.write(`${JSON.stringify({ name, folder, bytes, isRemoved })}\n`);
      terminal.write(
        isRemoved
          ? `${folder} is gone, ${toSize(bytes)}.\n`
          : `${folder} would go, ${toSize(bytes)}. Say --yes to remove it.\n`,
      );
    });
}

async function download(word: string, flags: DownloadFlags, terminal: Terminal): Promise<void> {
  const name = parseHubName(word);
  if (name === undefined) {
    throw new CliError({
      message: `"${word}" is no repository such as onnx-community/Qwen3-0.6B-ONNX.`,
      remedy: "Write owner/name, with @revision behind it where one is meant.",
      exitCode: CLI_EXIT_CODES.badUse,
    });
  }
  const { make, tokens, endpoint } = HUBS[flags.hub];
  const token = tokens.map(readVariable).find((it) => it !== undefined);
  const url = flags.hubUrl ?? (endpoint && readVariable(endpoint));
  const line = flags.json ? undefined : new ProgressLine(terminal, word);
  const found = await untilInterrupted(async (signal): Promise<Downloaded> => {
    try {
      return await downloadModel({
        ...{ ...name, hub: make({ url, token }), parent: parentOf(flags.to, terminal), signal },
        ...{ name: flags.name, weights: flags.weights },
        preferred: WEIGHT_FORMS.map(({ file }) => file),
        onProgress: (progress) => line?.show(progress),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!isAppError(error) || error.code === "internal") throw error;
      throw new CliError({
        message: error.message,
        remedy: "`npx parley models download --help` tells more.",
        exitCode: CLI_EXIT_CODES.nothing,
        cause: error,
      });
    } finally {
      line?.end();
    }
  });
  const { folder, model, wasThere } = found;
  const bytes = model.files.reduce((sum, it) => sum + it.bytes, 0);
  if (flags.json) {
    const { repo, commit, revision } = model;
    terminal.write(`${JSON.stringify({ repo, revision, commit, folder, bytes, wasThere })}\n`);
    return;
  }
  terminal.write(
    `${wasThere ? "It is there already" : "It is there"}: ${folder}, ${toSize(bytes)}, at ${model.commit.slice(0, 12)}.\nServe it with \`npx parley worker --model ${folder}\`, or by the next \`npm start\`.\n`,
  );
}

async function verify(
  names: string[],
  flags: { in?: string; json?: true },
  terminal: Terminal,
): Promise<void> {
  const models = await pick(names, flags.in, terminal);
  const outcomes = await untilInterrupted((signal) =>
    Promise.all(models.map(async (model) => ({ model, faults: await verifyModel(model, signal) }))),
  );
  if (flags.json) {
    const told = outcomes.map(({ model, faults }) => ({
      name: model.name,
      faults: faults ?? null,
    }));
    terminal.write(`${JSON.stringify({ models: told })}\n`);
  } else {
    for (const { model, faults } of outcomes) {
      const words =
        faults === undefined
          ? "put there by hand; nothing to compare with"
          : faults.map((it) => `${it.path}: ${FAULTS[it.fault]}`).join(", ") || "as the hub has it";
      terminal.write(`${plainLine(`${model.name}: ${words}`)}\n`);
    }
  }
  if (outcomes.every(({ faults }) => faults === undefined || faults.length === 0)) return;
  throw new CliError({
    message: "Files are not what the hub promised.",
    remedy: "Remove the model with `npx parley models remove` and download it again.",
    exitCode: CLI_EXIT_CODES.nothing,
  });
}

const FAULTS = { missing: "missing", "other-size": "cut off", "other-bytes": "damaged" } as const;

/** All where none is named. */
async function pick(
  names: readonly string[],
  folder: string | undefined,
  terminal: Terminal,
): Promise<LocalModel[]> {
  const parent = parentOf(folder, terminal);
  const found = await listLocalModels(parent);
  const unknown = names.find((name) => !found.some((it) => it.name === name));
  if (unknown !== undefined) {
    throw new CliError({
      message: `There is no model ${plainLine(unknown)} in ${parent}.`,
      remedy: "`npx parley models folders` lists those that are there.",
      exitCode: CLI_EXIT_CODES.badUse,
    });
  }
  return names.length === 0 ? found : found.filter((it) => names.includes(it.name));
}

const parentOf = (folder: string | undefined, { root }: Terminal) =>
  folder === undefined ? resolve(root, env().PARLEY_MODELS) : resolve(folder);

function toJson({ name, folder, bytes, record }: LocalModel) {
  const { hub, repo, revision, commit, downloadedAt } = record ?? {};
  return {
    name,
    folder,
    bytes,
    source: record ? { hub, repo, revision, commit, downloadedAt } : null,
  };
}

function toTable(models: readonly LocalModel[]): string {
  return textTable([
    ["model", "size", "from", "revision"],
    ...models.map(({ name, bytes, record }) => [
      ...[name, toSize(bytes), record?.repo ?? "put there by hand"],
      record ? `${record.revision} ${record.commit.slice(0, 12)}` : "",
    ]),
  ]);
}
