import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { WEIGHT_FORMS } from "@/lib/engine/onnx/model-files";
import { env } from "@/lib/env";
import { isAppError } from "@/lib/errors";
import type { FileFault } from "@/lib/hub/check-files";
import { findDiskError } from "@/lib/hub/disk-error";
import { type Downloaded, downloadModel, parseHubName } from "@/lib/hub/download-model";
import { findHub } from "@/lib/hub/find-hub";
import { HUB_NAMES, type HubName } from "@/lib/hub/hub";
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

HF_TOKEN opens private and gated models (or what a login of the hub's own tools wrote down), HF_ENDPOINT names a
mirror; ModelScope's are MODELSCOPE_API_TOKEN and MODELSCOPE_DOMAIN. HTTPS_PROXY and NO_PROXY hold as elsewhere.

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
      "\nExamples:\n  $ npx parley models verify\n  $ npx parley models verify Qwen3-0.6B-ONNX\nExit codes: 0 all is well; 1 files are damaged or missing, or a download is unfinished; 2 there is no such model.\n",
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
      "\nAn unfinished download is a model, too. A worker that serves the model goes on with the files it has open.\n\nExamples:\n  $ npx parley models remove Qwen3-0.6B-ONNX --yes\nExit codes: 0 done; 1 it was not downloaded by Parley, or may not be removed; 2 there is no such model.\n",
    )
    .action(async (name: string, flags: { in?: string; yes?: true; json?: true }) => {
      const models = await pick([name], flags.in, terminal);
      // Beside a folder of that name there may be a download that was broken off.
      const model = models.find(({ state }) => state !== "unfinished") ?? models[0];
      if (model === undefined) return;
      if (model.record === undefined && model.state !== "unfinished") {
        throw new CliError({
          message: `${model.folder} was not downloaded by Parley.`,
          remedy: "Remove the folder by hand.",
          exitCode: CLI_EXIT_CODES.nothing,
        });
      }
      if (flags.yes) await remove(model);
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

async function remove(model: LocalModel): Promise<void> {
  try {
    await removeModel(model);
  } catch (error) {
    const known = findDiskError(error, model.folder);
    if (known === undefined) throw error;
    throw new CliError({
      message: `${model.folder} could not be removed: ${wordsOf(error)}.`,
      remedy: "Change the owner of its folder, and run the same again.",
      exitCode: CLI_EXIT_CODES.nothing,
      cause: error,
    });
  }
}

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function download(word: string, flags: DownloadFlags, terminal: Terminal): Promise<void> {
  const name = parseHubName(word);
  if (name === undefined) {
    throw new CliError({
      message: `"${word}" is no repository such as onnx-community/Qwen3-0.6B-ONNX.`,
      remedy: "Write owner/name, with @revision behind it where one is meant.",
      exitCode: CLI_EXIT_CODES.badUse,
    });
  }
  const line = flags.json ? undefined : new ProgressLine(terminal, word);
  const found = await untilInterrupted(async (signal): Promise<Downloaded> => {
    try {
      return await downloadModel({
        ...{ ...name, hub: findHub(flags.hub, { url: flags.hubUrl }) },
        ...{ parent: parentOf(flags.to, terminal), signal },
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
        exitCode: error.code === "invalid-request" ? CLI_EXIT_CODES.badUse : CLI_EXIT_CODES.nothing,
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
  const outcomes = await untilInterrupted(async (signal) => {
    const done: { model: LocalModel; faults: FileFault[] | undefined }[] = [];
    // One after the other: a disk reads no faster from several places.
    for (const model of models) done.push({ model, faults: await verifyModel(model, signal) });
    return done;
  });
  if (flags.json) {
    const told = outcomes.map(({ model: { name, state }, faults = null }) => ({
      ...{ name, state, faults },
    }));
    terminal.write(`${JSON.stringify({ models: told })}\n`);
  } else {
    for (const { model, faults } of outcomes) {
      const words =
        faults === undefined
          ? UNKNOWN[model.state]
          : faults.map((it) => `${it.path}: ${FAULTS[it.fault]}`).join(", ") || "as the hub has it";
      terminal.write(`${plainLine(`${model.name}: ${words}`)}\n`);
    }
  }
  const isWell = ({ model, faults = [] }: (typeof outcomes)[number]) =>
    model.state !== "unfinished" && faults.length === 0;
  if (outcomes.every(isWell)) return;
  const areBytes = outcomes.some(({ faults }) =>
    faults?.some(({ fault }) => fault === "other-bytes"),
  );
  throw new CliError({
    message: "Files are not what the hub promised.",
    remedy: areBytes
      ? "Remove the model with `npx parley models remove` and download it again."
      : "Download the model again: what is missing is brought, and nothing else.",
    exitCode: CLI_EXIT_CODES.nothing,
  });
}

const UNKNOWN = {
  whole: "put there by hand; nothing to compare with",
  damaged: "put there by hand; nothing to compare with",
  unfinished: "not all of it is there; download it again to go on",
} as const;

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

function toJson({ name, folder, bytes, record, state }: LocalModel) {
  const { hub, repo, revision, commit, downloadedAt } = record ?? {};
  return {
    name,
    folder,
    bytes,
    state,
    source: record ? { hub, repo, revision, commit, downloadedAt } : null,
  };
}

const PLACES = {
  whole: "put there by hand",
  damaged: "put there by hand",
  unfinished: "unfinished download",
} as const;

function toTable(models: readonly LocalModel[]): string {
  return textTable([
    ["model", "size", "from", "revision"],
    ...models.map(({ name, bytes, record, state }) => [
      ...[name, toSize(bytes), record?.repo ?? PLACES[state]],
      record
        ? `${record.revision} ${record.commit.slice(0, 12)}${state === "damaged" ? ", files are missing" : ""}`
        : "",
    ]),
  ]);
}
