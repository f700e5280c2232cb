import { AppError } from "@/lib/errors";
import type { HubFile } from "./hub";

/** Beside the weights: what tells how to serve a model, and under which terms. */
const TEXT_FILES =
  /^(?:[^/]+\.(?:json|jinja|txt|model)|(?:readme|licen[cs]e|notice|usage|copying)[^/]*)$/i;
/** Other frameworks' weights, their indexes, and what training leaves behind. */
const LEFT_OUT =
  /\.(?:safetensors|bin|gguf|pt|pth|h5|msgpack|index\.json)$|^training_args|^trainer_state/i;
/** A text of a model's folder is never longer: vocabularies of 262,144 tokens have some 33 MB. */
const TEXT_BYTES_MAX = 128 * 1024 * 1024;

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
  const graph = (weights === undefined ? preferred : [weights])
    .flatMap((name) => graphs.filter(({ path }) => path === name || path.endsWith(`/${name}`)))
    // One in the folder of that name comes before one at the root.
    .sort((a, b) => Number(!a.path.startsWith("onnx/")) - Number(!b.path.startsWith("onnx/")))
    .at(0);
  if (graph === undefined) throw noGraph(graphs, weights);
  const isBeside = ({ path }: HubFile) =>
    path.startsWith(`${graph.path}_data`) || path.startsWith(`${graph.path}.data`);
  const texts = files.filter(
    ({ path, bytes }) => TEXT_FILES.test(path) && !LEFT_OUT.test(path) && bytes <= TEXT_BYTES_MAX,
  );
  return [...texts, graph, ...files.filter(isBeside)];
}

function noGraph(graphs: readonly HubFile[], weights: string | undefined): AppError {
  const there = graphs.map(({ path }) => path).slice(0, 12);
  return new AppError("not-found", {
    message:
      there.length === 0
        ? "The repository holds no ONNX graph. Look for an ONNX export of the model (often by onnx-community), or serve it by a vllm worker."
        : `The repository holds no ${weights ?? "graph of a form that is served"}; there is ${there.join(", ")}. Name one of them with --weights.`,
  });
}

/** A hub is somebody else's: no path of its leads out of the model's folder. */
function expectSafe(path: string): void {
  const isSafe =
    path !== "" &&
    !path.startsWith("/") &&
    !/[\\\0]/.test(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (isSafe) return;
  throw new AppError("upstream-invalid", {
    message: `The repository names a file ${JSON.stringify(path.slice(0, 100))}, which lies outside of it.`,
  });
}
