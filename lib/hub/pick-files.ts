import { AppError } from "@/lib/errors";
import type { HubFile } from "./hub";
import { RECORD_FILE } from "./model-record";

/** Beside the weights: what tells how to serve a model, and under which terms. */
const TEXT_FILES =
  /^(?:[^/]+\.(?:json|jinja|txt|model)|(?:readme|licen[cs]e|notice|usage|copying)[^/]*)$/i;
/** How a model of vectors is pooled and what follows: sentence-transformers' folders, `1_Pooling`, `2_Dense`. */
const MODULE_FILES = /^\d{1,2}_\w+\/(?:config\.json|model\.safetensors)$/;
/** Other frameworks' weights, their indexes, and what training leaves behind. */
const LEFT_OUT =
  /\.(?:safetensors|bin|gguf|pt|pth|h5|msgpack|index\.json)$|^training_args|^trainer_state/i;
/** A text of a model's folder is never longer: vocabularies of 262,144 tokens have some 33 MB. */
const TEXT_BYTES_MAX = 128 * 1024 * 1024;
/** Where a graph is looked for when a folder is served. */
const GRAPHS = /^(?:onnx\/)?[^/]+\.onnx$/;
/** One of them has to be there, or the folder is no model's. */
const CONFIGS: readonly string[] = ["config.json", "genai_config.json"];
/** File systems' longest name, less what stands behind it while the file comes. */
const NAME_BYTES_MAX = 255 - 32;

export type PickOptions = {
  /** Name of a graph, such as model_q4.onnx. */
  weights?: string | undefined;
  /** Which graph a folder would be served with, best first. */
  preferred: readonly string[];
};

/**
 * The files that are needed to serve a model: one graph with its weights beside it, and the texts. A
 * repository holds a model in ten precisions, of which a server loads one.
 *
 * @throws AppError `not-found` that names the graphs that are there.
 */
export function pickFiles(
  files: readonly HubFile[],
  { weights, preferred }: PickOptions,
): HubFile[] {
  for (const { path } of files) expectSafe(path);
  const graphs = files.filter(({ path }) => path.endsWith(".onnx"));
  const servable = graphs.filter(({ path }) => GRAPHS.test(path));
  const graph = (weights === undefined ? preferred : [weights])
    .flatMap((name) => servable.filter(({ path }) => path === name || path.endsWith(`/${name}`)))
    // One in the folder of that name comes before one at the root.
    .sort((a, b) => Number(!a.path.startsWith("onnx/")) - Number(!b.path.startsWith("onnx/")))
    .at(0);
  if (graph === undefined) throw noGraph(graphs, servable, weights);
  if (!files.some(({ path }) => CONFIGS.includes(path))) throw noConfig();
  const isBeside = ({ path }: HubFile) =>
    path.startsWith(`${graph.path}_data`) || path.startsWith(`${graph.path}.data`);
  const texts = files.filter(
    ({ path, bytes }) =>
      MODULE_FILES.test(path) ||
      (TEXT_FILES.test(path) && !LEFT_OUT.test(path) && bytes <= TEXT_BYTES_MAX),
  );
  // Our own, of whoever uploaded a folder as it was; what is served here was brought from there.
  const picked = [...texts, graph, ...files.filter(isBeside)].filter(
    ({ path }) => path.toLowerCase() !== RECORD_FILE,
  );
  expectApart(picked);
  return picked;
}

function noGraph(
  graphs: readonly HubFile[],
  servable: readonly HubFile[],
  weights: string | undefined,
): AppError {
  const there = (servable.length > 0 ? servable : graphs).map(({ path }) => path).slice(0, 12);
  if (there.length === 0) {
    return new AppError("not-found", {
      message:
        "The repository holds no ONNX graph. Look for an ONNX export of the model (often by onnx-community), or serve it by a vllm worker.",
    });
  }
  return new AppError("not-found", {
    message:
      servable.length === 0
        ? `The repository's graphs lie in folders that are not served: ${there.join(", ")}. One at its root or in onnx/ is; look for another export, or download the folder with a tool of the hub and serve that.`
        : `The repository holds no ${weights ?? "graph of a form that is served"}; there is ${there.join(", ")}. Name one of them with --weights.`,
  });
}

function noConfig(): AppError {
  return new AppError("not-found", {
    message:
      "The repository has a graph and no config.json beside it, so it cannot be told how to serve it. Look for another export of the model.",
  });
}

/** A hub is somebody else's: no path of its leads out of the model's folder, and none plays with a terminal. */
function expectSafe(path: string): void {
  const isSafe =
    path !== "" &&
    !path.startsWith("/") &&
    // Backslashes and drives part paths on other systems; control characters are nobody's names.
    !/[\\:\p{Cc}]/u.test(path) &&
    path
      .split("/")
      .every(
        (part) => !["", ".", ".."].includes(part) && Buffer.byteLength(part) <= NAME_BYTES_MAX,
      );
  if (isSafe) return;
  throw new AppError("upstream-invalid", {
    message: `The repository names a file ${JSON.stringify(path.slice(0, 100))}, which lies outside of it or is no name of a file.`,
  });
}

/** No file takes another's place, also where letters' case does not count, and none is another's folder. */
function expectApart(files: readonly HubFile[]): void {
  const names = new Set<string>();
  for (const { path } of files) {
    const name = path.normalize("NFC").toLowerCase();
    if (names.has(name)) throw overlap(path);
    names.add(name);
  }
  for (const { path } of files) {
    const parts = path.normalize("NFC").toLowerCase().split("/");
    while (parts.pop() !== undefined && parts.length > 0) {
      if (names.has(parts.join("/"))) throw overlap(path);
    }
  }
}

function overlap(path: string): AppError {
  return new AppError("upstream-invalid", {
    message: `The repository has two files that would take one place: ${JSON.stringify(path.slice(0, 100))}.`,
  });
}
