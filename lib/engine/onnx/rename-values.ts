import type { OnnxGraph, OnnxModel } from "./onnx-model";

/**
 * The model with other names for some of its inputs and outputs.
 *
 * @throws Error when two values would have one name.
 */
export function renameTensors(model: OnnxModel, names: ReadonlyMap<string, string>): OnnxModel {
  if (names.size === 0) return model;
  const { graph } = model;
  const all = [...graph.input, ...graph.output, ...graph.initializer].map((it) => it.name ?? "");
  const taken = new Set([...all, ...graph.node.flatMap((it) => it.output)]);
  for (const [from, to] of names) {
    if (!taken.has(from) || !taken.has(to) || names.has(to)) continue;
    throw new Error(`its ${from} cannot be called ${to}, as another of its values is`);
  }
  const rename = <T extends { name: string }>(it: T): T => ({
    ...it,
    name: names.get(it.name) ?? it.name,
  });
  return {
    ...model,
    graph: {
      ...graph,
      node: renameValues(graph, names),
      input: graph.input.map(rename),
      output: graph.output.map(rename),
      ...(graph.valueInfo && { valueInfo: graph.valueInfo.map(rename) }),
    },
  };
}

/** The nodes with some of their values under other names, also where graphs inside them read those. */
export function renameValues(graph: Pick<OnnxGraph, "node">, names: ReadonlyMap<string, string>) {
  const rename = (name: string) => names.get(name) ?? name;
  const renameNode = (node: OnnxGraph["node"][number]): OnnxGraph["node"][number] => ({
    ...node,
    input: node.input.map(rename),
    output: node.output.map(rename),
    ...(node.attribute && {
      attribute: node.attribute.map((it) =>
        it.g
          ? {
              ...it,
              g: {
                ...it.g,
                node: it.g.node.map(renameNode),
                // What a graph inside gives may be a value from outside it.
                output: it.g.output.map((value) => ({ ...value, name: rename(value.name) })),
              },
            }
          : it,
      ),
    }),
  });
  return graph.node.map(renameNode);
}
