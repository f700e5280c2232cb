import { listCaches } from "./cache-names";
import { listReads } from "./graph-index";
import type { OnnxModel } from "./onnx-model";
import { renameValues } from "./rename-values";

const USE_CACHE = "use_cache_branch";

/**
 * "Merged" decoders are two graphs in one `If`: one that reads a past and one that has none. The first
 * does for both, since a past may be empty; it takes the place of the `If`, and the input that chose is
 * gone. Values within a branch have names that nothing outside has, as ONNX demands. Other graphs are
 * returned as they are.
 *
 * @throws Error when neither of the branches reads the past.
 */
export function inlineCacheBranch(model: OnnxModel): OnnxModel {
  const { graph } = model;
  if (!graph.input.some((it) => it.name === USE_CACHE)) return model;
  const choice = graph.node.find((it) => it.opType === "If" && it.input[0] === USE_CACHE);
  const readers = graph.node.filter((it) => listReads(it).includes(USE_CACHE));
  if (!choice || readers.length !== 1) {
    throw new Error(`its input ${USE_CACHE} does not choose between two branches`);
  }
  const caches = listCaches(graph);
  const branches = ["then_branch", "else_branch"].flatMap(
    (name) => choice.attribute?.find((it) => it.name === name)?.g ?? [],
  );
  // Where both read it, the first is the one that is chosen with the cache in use.
  const branch = branches.find((it) => {
    const reads = new Set(it.node.flatMap(listReads));
    return caches.length > 0 && caches.every(({ past }) => reads.has(past));
  });
  if (!branch) throw new Error(`neither branch of its ${USE_CACHE} reads the past`);
  const names = new Map(
    branch.output.map((it, index) => [it.name, choice.output[index] ?? it.name]),
  );
  const place = graph.node.indexOf(choice);
  return {
    ...model,
    graph: {
      ...graph,
      node: [
        ...graph.node.slice(0, place),
        ...renameValues(branch, names),
        ...graph.node.slice(place + 1),
      ],
      initializer: [...graph.initializer, ...branch.initializer],
      input: graph.input.filter((it) => it.name !== USE_CACHE),
      valueInfo: [...(graph.valueInfo ?? []), ...(branch.valueInfo ?? [])],
    },
  };
}
