import { createHash, randomUUID } from "node:crypto";
import { lstat, mkdir, open, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { StartError } from "@/lib/util/start-error";
import { type AdaptedGraph, adaptGraph, type GraphHints } from "./adapt-graph";
import type { GraphFacts } from "./graph-facts";
import { DATA_LOCATION_EXTERNAL, decodeModel, encodeModel, type OnnxModel } from "./onnx-model";
import { readRuntimeVersion } from "./ort-library";
import { REWRITE_VERSION } from "./rewrite-graph";

export type PrepareGraphOptions = {
  /** The model's .onnx file. It is read and never written. */
  weightPath: string;
  /** Where rewritten graphs are kept; unless given, a folder of this user's own in the system's temporary one. */
  cacheFolder?: string | undefined;
  /** What is known of the model beside its graph. */
  hints?: GraphHints | undefined;
};

export type PreparedGraph = {
  /** The rewritten graph, to load from memory. It has almost no weights in it. */
  bytes: Uint8Array;
  /** Where the files lie that hold its weights: session.model_external_initializers_file_folder_path. */
  externalDataFolder: string;
  facts: GraphFacts;
  /** What went wrong without keeping the graph from being served. */
  warnings: string[];
};

/** Smaller weights stay in the graph: among them shapes and axes, which onnxruntime wants to see. */
const INLINE_BYTES_MAX = 1024;
/** How much of both ends of a file its identity looks at. */
const END_BYTES = 65_536;
/** Where protobuf ends; a valid graph keeps larger weights beside it. */
const FILE_BYTES_MAX = 2 ** 31 - 1;
/** One read of Node's may be 2 GB at most; from some megabytes on more gains nothing. */
const READ_BYTES = 1 << 26;
const COPY_AGAIN = "Copy the file again (a broken download is the usual cause) or export it anew.";

/**
 * Makes a graph ready to be loaded: with the reductions of `rewriteGraph`, and with its weights taken
 * from the file as it was published. The rewritten graph says of every larger weight at which offset
 * of the original file it lies, as ONNX's external data, so that nothing of a model's size is written
 * or kept twice, and onnxruntime maps the original into memory. The result is kept in the cache
 * folder: a second start reads some ten kilobytes instead of the whole file. A graph that was published
 * with its weights beside it is small already: it is made anew each time and not kept.
 *
 * With 652 MB of fp32 weights in one file (SmolLM2-135M's dimensions; same minute, another load on the
 * machine): loading the file itself took 3.4 s and at most 848 MB; preparing and loading took 2.1 s and
 * 1.1 s the first time and 5 ms and 1.1 s from then on, at most 741 MB.
 *
 * @throws StartError with the file's path when it is no ONNX graph.
 */
export async function prepareGraph(options: PrepareGraphOptions): Promise<PreparedGraph> {
  const { weightPath, hints = {} } = options;
  // onnxruntime follows no link out of the folder that holds the graph, and hub caches are full of them.
  const path = await realpath(weightPath).catch((cause: unknown) => {
    throw broken(weightPath, cause);
  });
  const cache = await openCache(options.cacheFolder);
  const name = await nameEntry(path, hints);
  const kept = cache.folder && (await readEntry(join(cache.folder, name)));
  if (kept) return { ...kept, externalDataFolder: kept.folder, warnings: cache.warnings };
  const made = await makeGraph(weightPath, path, hints);
  const warnings = [...cache.warnings];
  if (cache.folder && made.isKept) {
    const failure = await writeEntry(join(cache.folder, name), made);
    if (failure) warnings.push(toWarning(cache.folder, failure));
  }
  return { bytes: made.bytes, externalDataFolder: made.folder, facts: made.facts, warnings };
}

type Entry = { bytes: Uint8Array; facts: GraphFacts; folder: string };

/**
 * What is made; a graph with its weights beside it is small anyway and can be made anew each time, and one whose
 * attention could not be tried is tried again.
 */
type MadeGraph = Entry & { isKept: boolean };

async function makeGraph(weightPath: string, path: string, hints: GraphHints): Promise<MadeGraph> {
  const { file, memory } = await readWhole(weightPath, path);
  try {
    const { model, facts, isSettled } = await decode(weightPath, file, hints);
    const beside = await findBeside(model, weightPath);
    const isTogether = beside.folder === undefined || beside.folder === dirname(path);
    const own = isTogether ? referToWeights(model, { file, location: basename(path) }) : model;
    const result = renameLocations(own, beside.names);
    const folder = beside.folder ?? dirname(path);
    const isKept = beside.folder === undefined && isSettled;
    return { bytes: encodeModel(result), facts, folder, isKept };
  } finally {
    // At once, and not when the collector comes: onnxruntime is about to load the same weights. At
    // 652 MB the resident memory was 705 MB before this line and 83 MB after it.
    memory.resize(0);
  }
}

type Beside = { folder: string | undefined; names: ReadonlyMap<string, string> };

/**
 * Where the files with weights lie that the graph names itself: their folder, and the real name of
 * each, since in a hub cache all of them are links into one other folder. Without such a folder they
 * keep the names they have.
 */
async function findBeside(model: OnnxModel, weightPath: string): Promise<Beside> {
  const locations = new Set(
    model.graph.initializer
      .filter((it) => it.dataLocation === DATA_LOCATION_EXTERNAL)
      .map((it) => it.externalData?.find(({ key }) => key === "location")?.value ?? ""),
  );
  const names = new Map<string, string>();
  const folders = new Set<string>();
  for (const location of locations) {
    // A name that leads out of the model's folder would read any file of the operator's as a weight.
    if (isAbsolute(location) || location.split(/[\\/]/).includes("..")) {
      throw broken(weightPath, new Error(`its weights lie outside its folder, at ${location}`));
    }
    const path = await realpath(join(dirname(weightPath), location)).catch((cause: unknown) => {
      throw broken(weightPath, cause);
    });
    names.set(location, basename(path));
    folders.add(dirname(path));
  }
  const [folder, ...others] = folders;
  return others.length === 0
    ? { folder, names }
    : { folder: dirname(weightPath), names: new Map() };
}

function renameLocations(model: OnnxModel, names: ReadonlyMap<string, string>): OnnxModel {
  const initializer = model.graph.initializer.map((tensor) => ({
    ...tensor,
    ...(tensor.externalData && {
      externalData: tensor.externalData.map(({ key, value }) => ({
        key,
        value: key === "location" ? (names.get(value) ?? value) : value,
      })),
    }),
  }));
  return { ...model, graph: { ...model.graph, initializer } };
}

/** The whole file in memory that can be given back to the system. */
async function readWhole(weightPath: string, path: string) {
  const handle = await open(path).catch((cause: unknown) => {
    throw broken(weightPath, cause);
  });
  try {
    const { size } = await handle.stat();
    if (size > FILE_BYTES_MAX) {
      throw new StartError({
        message: `${weightPath} is larger than 2 GB, which no ONNX file can be.`,
        remedy: "Export the model with external data (model.onnx beside model.onnx_data).",
      });
    }
    const memory = new ArrayBuffer(size, { maxByteLength: size });
    const file = Buffer.from(memory, 0, size);
    let end = 0;
    while (end < size) {
      const { bytesRead } = await handle.read(file, end, Math.min(size - end, READ_BYTES), end);
      if (bytesRead === 0) throw broken(weightPath, new Error("The file ends while it is read."));
      end += bytesRead;
    }
    return { file, memory };
  } finally {
    await handle.close();
  }
}

async function decode(weightPath: string, file: Buffer, hints: GraphHints): Promise<AdaptedGraph> {
  try {
    const model = decodeModel(file);
    if (model.graph.node.length === 0) throw new Error("The graph has no operators.");
    return await adaptGraph(model, hints);
  } catch (cause) {
    throw broken(weightPath, cause);
  }
}

const endSentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

function broken(weightPath: string, cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StartError({
    message: `${weightPath} cannot be loaded: ${endSentence(reason)}`,
    remedy: COPY_AGAIN,
    cause,
  });
}

/** The model with its larger weights named by their place in the file they were read from. */
function referToWeights(
  model: OnnxModel,
  { file, location }: { file: Buffer; location: string },
): OnnxModel {
  const initializer = model.graph.initializer.map((tensor) => {
    const { rawData, ...rest } = tensor;
    // What the rewrite made itself lies elsewhere, and is small.
    const isOfFile = rawData?.buffer === file.buffer;
    if (!rawData || !isOfFile || rawData.length <= INLINE_BYTES_MAX) return tensor;
    return {
      ...rest,
      dataLocation: DATA_LOCATION_EXTERNAL,
      externalData: [
        { key: "location", value: location },
        { key: "offset", value: String(rawData.byteOffset - file.byteOffset) },
        { key: "length", value: String(rawData.length) },
      ],
    };
  });
  return { ...model, graph: { ...model.graph, initializer } };
}

type Cache = { folder: string | undefined; warnings: string[] };

async function openCache(wanted: string | undefined): Promise<Cache> {
  // Windows has no such ids, and a temporary folder for each user instead.
  const uid = process.getuid?.();
  const folder = wanted ?? join(tmpdir(), `parley-graphs-${uid ?? "of-mine"}`);
  try {
    await makeFolder(resolve(folder));
    // Anyone may make folders in the temporary one: a graph that a stranger left there is not ours.
    const { uid: owner } = await lstat(folder);
    if (wanted === undefined && uid !== undefined && owner !== uid) {
      throw new Error("it belongs to someone else");
    }
    return { folder, warnings: [] };
  } catch (cause) {
    return { folder: undefined, warnings: [toWarning(folder, cause)] };
  }
}

/** Node's own recursive `mkdir` tries for ever where the parent is there and takes no folders (/proc). */
async function makeFolder(path: string): Promise<void> {
  const make = async () => {
    const failure = await mkdir(path, { mode: 0o700 }).catch(
      (cause: NodeJS.ErrnoException) => cause,
    );
    // Somebody else who starts at the same time may have made it.
    return failure?.code === "EEXIST" ? undefined : failure;
  };
  const failure = await make();
  if (!failure) return;
  if (failure.code !== "ENOENT" || dirname(path) === path) throw failure;
  await makeFolder(dirname(path));
  const last = await make();
  if (last) throw last;
}

function toWarning(folder: string, cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `The graph is prepared anew at every start, since ${folder} cannot keep it: ${reason}`;
}

/**
 * Path, size, time of change and both ends of the file stand for its content. Reading a file of a
 * gigabyte whole takes longer than all else here, and a file that was written anew has another time
 * (copies that keep the time keep the content). The version makes older entries unknown.
 */
async function nameEntry(
  path: string,
  { tensorNames = new Map(), ...sizes }: GraphHints,
): Promise<string> {
  const hash = createHash("sha256");
  const handle = await open(path).catch((cause: unknown) => {
    throw broken(path, cause);
  });
  try {
    const { size, mtimeNs } = await handle.stat({ bigint: true });
    // Whether attention may be replaced was tried out on this very runtime.
    const known = JSON.stringify([...tensorNames, sizes, readRuntimeVersion()]);
    hash.update(`${path}\0${size}\0${mtimeNs}\0${known}\0`);
    const ends = [0, Math.max(0, Number(size) - END_BYTES)];
    for (const position of ends) {
      const { buffer, bytesRead } = await handle.read({
        buffer: Buffer.alloc(END_BYTES),
        position,
      });
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
  return `${hash.digest("hex").slice(0, 32)}.v${REWRITE_VERSION}.graph`;
}

/** An entry is a line of SHA-256 over all after it, a line of JSON, and the graph. */
async function readEntry(path: string): Promise<Entry | undefined> {
  // Absent, unreadable or cut short: each means to make it anew.
  const file = await readFile(path).catch(() => undefined);
  const hashEnd = file?.indexOf("\n") ?? -1;
  if (!file || hashEnd < 0) return undefined;
  const body = file.subarray(hashEnd + 1);
  if (hashOf(body) !== file.toString("latin1", 0, hashEnd)) return undefined;
  const headEnd = body.indexOf("\n");
  // The hash holds, so this is what `writeEntry` wrote.
  const head = JSON.parse(body.toString("utf8", 0, headEnd)) as Omit<Entry, "bytes">;
  return { ...head, bytes: body.subarray(headEnd + 1) };
}

/** Under a name of its own first: whoever reads meanwhile sees all of an entry or none. */
async function writeEntry(path: string, { bytes, facts, folder }: Entry): Promise<unknown> {
  const head = { facts, folder };
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), bytes]);
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, Buffer.concat([Buffer.from(`${hashOf(body)}\n`), body]));
    await rename(draft, path);
    return undefined;
  } catch (cause) {
    // There may be no draft; that it stays behind on a failing disk is all that can happen.
    await rm(draft, { force: true }).catch(() => undefined);
    return cause;
  }
}

function hashOf(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
