import { createHash } from "node:crypto";
import { encodeModel, type OnnxModel } from "./onnx-model";

/**
 * The same for two graphs that differ in what their values and nodes are called and in nothing else;
 * undefined where that cannot be told, since graphs within a graph have names of their own.
 *
 * @param roles names that mean something outside, and what: two graphs are alike only with the same roles at
 * the same places.
 */
export function fingerprint(
  model: OnnxModel,
  roles: ReadonlyMap<string, string>,
): string | undefined {
  const { graph } = model;
  if (graph.node.some((it) => it.attribute?.some(({ g }) => g))) return undefined;
  const names = new Map([["", ""], ...roles]);
  const rename = (name: string) => {
    const known = names.get(name) ?? `value ${names.size}`;
    names.set(name, known);
    return known;
  };
  const node = graph.node.map((it) => ({
    ...it,
    name: "",
    input: it.input.map(rename),
    output: it.output.map(rename),
  }));
  // In the order of their names here, since a layer's weights stand anywhere in the file.
  const renamed = {
    name: "",
    node,
    initializer: sortByName(
      graph.initializer.map((it) => ({ ...it, name: rename(it.name ?? "") })),
    ),
    input: sortByName(graph.input.map((it) => ({ ...it, name: rename(it.name) }))),
    output: graph.output.map((it) => ({ ...it, name: rename(it.name) })),
  };
  return createHash("sha256")
    .update(encodeModel({ ...model, graph: renamed }))
    .digest("hex");
}

function sortByName<T extends { name: string }>(items: T[]): T[] {
  return items.sort((a, b) => (a.name < b.name ? -1 : 1));
}
