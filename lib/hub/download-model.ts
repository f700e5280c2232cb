import { mkdir, open, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AppError } from "@/lib/errors";
import { HUB_DISK_SPARE_BYTES, HUB_FILES_AT_ONCE } from "@/lib/hub-limits";
import { isAlive } from "@/lib/util/is-alive";
import { mapInLanes } from "@/lib/util/map-in-lanes";
import { downloadFile } from "./download-file";
import type { Hub, HubModel } from "./hub";
import { readRecord, writeRecord } from "./model-record";
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
  retry?: { firstMs: number; longestMs: number };
};

export type Downloaded = { folder: string; model: HubModel; wasThere: boolean };

const REPO = /^[\w.-]{1,96}\/[\w.-]{1,128}$/;

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
 * `.<name>.download` beside it, where a later call goes on with what it finds.
 *
 * @throws AppError `conflict` where the folder holds another model, or somebody else brings this one;
 * `unavailable` where the disk has no room; as the hub does.
 */
export async function downloadModel(options: DownloadModelOptions): Promise<Downloaded> {
  const { hub, repo, revision, parent, signal } = options;
  const name = options.name ?? basename(repo);
  const folder = resolve(parent, name);
  const known = await readRecord(folder);
  if (known === undefined && (await exists(folder))) throw otherThere(folder);
  if (known && known.repo !== repo) throw otherThere(folder, known.repo);
  const found = await hub.find(repo, revision ?? known?.revision, signal);
  const model = { ...found, files: pickFiles(found.files, options) };
  if (known && isSame(known, model)) return { folder, model, wasThere: true };
  if (known?.commit === model.commit) {
    throw new AppError("conflict", {
      message: `${folder} holds other weights of ${repo}. Remove it, or give these a --name of their own.`,
    });
  }
  if (known) {
    throw new AppError("conflict", {
      message: `${folder} holds ${repo} at ${known.commit.slice(0, 12)}, and ${model.revision} is ${model.commit.slice(0, 12)} now. Remove it, or give the new one another --name.`,
    });
  }
  const draft = join(dirname(folder), `.${name}.download`);
  await mkdir(draft, { recursive: true });
  const release = await lock(draft);
  try {
    await expectRoom(draft, model);
    await bringAll(model, { ...options, draft });
    await writeRecord(draft, model, new Date());
  } finally {
    await release();
  }
  await rename(draft, folder);
  return { folder, model, wasThere: false };
}

async function bringAll(
  model: HubModel,
  { hub, draft, signal, onProgress, retry }: DownloadModelOptions & { draft: string },
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
      const isThere = (await sizeOf(path)) === file.bytes;
      if (!isThere) {
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
    });
  } finally {
    // The first that fails ends the others, which keep what has arrived.
    stop.abort();
  }
}

/** One process at a time; a lock whose process is gone is nobody's. Resolves with what gives it back. */
async function lock(draft: string): Promise<() => Promise<void>> {
  const path = join(draft, ".lock");
  for (let isSecond = false; ; isSecond = true) {
    try {
      const handle = await open(path, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const owner = Number(await readFile(path, "utf8").catch(() => ""));
    if (isSecond || (owner > 0 && isAlive(owner))) {
      throw new AppError("conflict", {
        message: `Process ${owner} is bringing this model already. Wait for it, or end it and run the same again.`,
      });
    }
    await rm(path, { force: true });
  }
}

async function expectRoom(folder: string, { files }: HubModel): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  let needed = 0;
  for (const { path, bytes } of files) {
    const place = join(folder, ...path.split("/"));
    needed += bytes - Math.max(await sizeOf(place), await sizeOf(`${place}.part`));
  }
  const free = bavail * bsize;
  if (needed + HUB_DISK_SPARE_BYTES <= free) return;
  throw new AppError("unavailable", {
    message: `The model needs ${toGigabytes(needed)} and the disk of ${folder} has ${toGigabytes(free)} free, of which ${toGigabytes(HUB_DISK_SPARE_BYTES)} are left alone. Make room, or choose smaller weights with --weights.`,
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

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
