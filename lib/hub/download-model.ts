import { mkdir, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError, isAppError } from "@/lib/errors";
import { HUB_DISK_SPARE_BYTES, HUB_FILES_AT_ONCE } from "@/lib/hub-limits";
import type { BackoffOptions } from "@/lib/util/backoff";
import { mapInLanes } from "@/lib/util/map-in-lanes";
import { findGaps } from "./check-files";
import { findDiskError } from "./disk-error";
import { downloadFile, toPartPath } from "./download-file";
import { tidyDraft, toDraftPath, toLockPath } from "./draft-folder";
import { lockFolder } from "./folder-lock";
import type { Hub, HubModel } from "./hub";
import { type ModelRecord, readRecord, writeRecord } from "./model-record";
import { pickFiles } from "./pick-files";

export type DownloadProgress = {
  /** Of all files together. */
  bytes: number;
  bytesTotal: number;
  filesDone: number;
  filesTotal: number;
};

export type DownloadModelOptions = {
  hub: Hub;
  /** `organization/name` */
  repo: string;
  /** A branch, a tag or a commit; absent: the hub's main branch. */
  revision?: string | undefined;
  /** Folder that models lie in, each in one of its own. */
  parent: string;
  /** The model's folder, and so its name; absent: the repository's. */
  name?: string | undefined;
  weights?: string | undefined;
  /** Which graph a folder would be served with, best first. */
  preferred: readonly string[];
  signal: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
  retry?: BackoffOptions;
};

export type Downloaded = { folder: string; model: HubModel; wasThere: boolean };

const REPO = /^[\w.-]{1,96}\/[\w.-]{1,128}$/;
/** A folder of its own beside the others; one with a dot in front is not looked at. */
const NAME = /^[\w][\w.-]{0,127}$/;

export type HubModelName = { repo: string; revision?: string };

/** Whether a word is a hub's name of a model, `organization/name` with or without `@revision`. */
export function parseHubName(word: string): HubModelName | undefined {
  const [repo = "", revision, ...rest] = word.split("@");
  if (!REPO.test(repo) || rest.length > 0 || revision === "") return undefined;
  if (repo.split("/").some((part) => part === "." || part === "..")) return undefined;
  return revision === undefined ? { repo } : { repo, revision };
}

/**
 * Brings a model into a folder of its own, which is there whole or not at all: its files arrive in
 * `.<name>.download` beside it, where a later call goes on with what it finds. A model whose files were lost is made
 * whole again.
 *
 * @throws AppError `conflict` where the folder holds another model, or somebody else brings this one;
 * `unavailable` where the disk has no room; as the hub does.
 */
export async function downloadModel(options: DownloadModelOptions): Promise<Downloaded> {
  try {
    return await bring(options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (isAppError(error)) throw error;
    throw findDiskError(error, resolve(options.parent)) ?? error;
  }
}

async function bring(options: DownloadModelOptions): Promise<Downloaded> {
  const { hub, repo, revision, signal } = options;
  const name = options.name ?? basename(repo);
  if (!NAME.test(name)) throw badName(name);
  const parent = resolve(options.parent);
  const folder = join(parent, name);
  const known = await expectOwn(folder, repo);
  const found = await hub.find(repo, revision ?? known?.revision, signal);
  const model = { ...found, files: pickFiles(found.files, options) };
  if (await isThere(folder, model, known)) return { folder, model, wasThere: true };
  await mkdir(parent, { recursive: true });
  const release = await lockFolder({ path: toLockPath(parent, name), signal });
  try {
    // Whoever held the lock may have brought it.
    const latest = await expectOwn(folder, repo);
    if (await isThere(folder, model, latest)) return { folder, model, wasThere: true };
    await fill(model, { ...options, folder, isRepair: latest !== undefined });
  } finally {
    await release();
  }
  return { folder, model, wasThere: false };
}

/** @throws AppError `conflict` where something else lies there. */
async function expectOwn(folder: string, repo: string): Promise<ModelRecord | undefined> {
  const known = await readRecord(folder);
  if (known === undefined && (await exists(folder))) throw otherThere(folder);
  if (known && known.repo !== repo) throw otherThere(folder, known.repo);
  return known;
}

/** @throws AppError `conflict` where the folder holds another state of the model. */
async function isThere(
  folder: string,
  model: HubModel,
  known: ModelRecord | undefined,
): Promise<boolean> {
  if (known === undefined) return false;
  if (isSame(known, model)) return (await findGaps(folder, model.files)).length === 0;
  if (known.commit === model.commit) {
    throw new AppError("conflict", {
      message: `${folder} holds other files of ${model.repo}, such as other weights. Remove it, or give these a --name of their own.`,
    });
  }
  throw new AppError("conflict", {
    message: `${folder} holds ${model.repo} at ${known.commit.slice(0, 12)}, and ${model.revision} is ${model.commit.slice(0, 12)} now. Remove it, or give the new one another --name.`,
  });
}

type FillOptions = DownloadModelOptions & { folder: string; isRepair: boolean };

async function fill(model: HubModel, options: FillOptions): Promise<void> {
  const { folder, isRepair, signal } = options;
  const draft = toDraftPath(dirname(folder), basename(folder));
  await mkdir(draft, { recursive: true });
  const gaps = new Set((await findGaps(folder, model.files)).map(({ path }) => path));
  const wanted = isRepair ? model.files.filter(({ path }) => gaps.has(path)) : model.files;
  const whole = await tidyDraft(draft, wanted, signal);
  const part = { ...model, files: wanted };
  await expectRoom(draft, part, whole);
  await bringAll(part, { ...options, draft, whole });
  if (!isRepair) {
    await writeRecord(draft, model, new Date());
    await rename(draft, folder);
    return;
  }
  // One after the other into the folder, beside what a person may have put there; a worker may serve it meanwhile.
  for (const { path } of wanted) {
    const parts = path.split("/");
    await mkdir(dirname(join(folder, ...parts)), { recursive: true });
    await rename(join(draft, ...parts), join(folder, ...parts));
  }
  await rm(draft, { recursive: true });
}

type BringOptions = DownloadModelOptions & { draft: string; whole: ReadonlySet<string> };

async function bringAll(
  model: HubModel,
  { hub, draft, whole, signal, onProgress, retry }: BringOptions,
): Promise<void> {
  const arrived = new Map<string, number>();
  let filesDone = 0;
  const bytesTotal = sumOf(model.files.map(({ bytes }) => bytes));
  const tell = () => {
    const bytes = sumOf([...arrived.values()]);
    onProgress?.({ bytes, bytesTotal, filesDone, filesTotal: model.files.length });
  };
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  try {
    await mapInLanes(model.files, HUB_FILES_AT_ONCE, async (file) => {
      const path = join(draft, ...file.path.split("/"));
      if (!whole.has(file.path)) {
        await downloadFile({
          ...{ file, path, signal: either, request: hub.toRequest(model, file.path) },
          ...(retry && { retry }),
          onProgress: (bytes) => {
            arrived.set(file.path, bytes);
            tell();
          },
        });
      }
      arrived.set(file.path, file.bytes);
      filesDone += 1;
      tell();
    }).catch((error: unknown) => {
      // The first that fails ends the others, which keep what has arrived.
      stop.abort();
      throw error;
    });
  } finally {
    stop.abort();
  }
}

async function expectRoom(
  draft: string,
  { files }: HubModel,
  whole: ReadonlySet<string>,
): Promise<void> {
  const { bavail, bsize } = await statfs(draft);
  let needed = 0;
  for (const file of files) {
    if (whole.has(file.path)) continue;
    const place = toPartPath(join(draft, ...file.path.split("/")), file);
    needed += Math.max(0, file.bytes - (await sizeOf(place)));
  }
  const free = bavail * bsize;
  if (needed + HUB_DISK_SPARE_BYTES <= free) return;
  throw new AppError("unavailable", {
    message: `The model needs ${toGigabytes(needed)} and the disk of ${draft} has ${toGigabytes(free)} free, of which ${toGigabytes(HUB_DISK_SPARE_BYTES)} are left alone. Make room, or choose smaller weights with --weights.`,
  });
}

const toGigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, it) => sum + it, 0);

function isSame(one: Pick<HubModel, "commit" | "files">, other: HubModel): boolean {
  const keyOf = ({ files }: Pick<HubModel, "files">) =>
    files
      .map(({ path, bytes, checksum }) => `${path} ${bytes} ${checksum?.value}`)
      .sort()
      .join("\n");
  return keyOf(one) === keyOf(other);
}

function otherThere(folder: string, repo?: string): AppError {
  return new AppError("conflict", {
    message: `${folder} is there already${repo ? ` and holds ${repo}` : ""}. Choose another --name, or remove it.`,
  });
}

function badName(name: string): AppError {
  return new AppError("invalid-request", {
    message: `--name ${JSON.stringify(name.slice(0, 100))} is no name of a folder: letters, digits, dots, dashes and underscores, with no dot or dash in front.`,
  });
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
