import { StartError } from "@/lib/util/start-error";
import type { GraphSession, TensorDeclaration, TensorView } from "../onnx/graph-session";
import { type AdapterTensor, isElementType, toView } from "./adapter-tensor";

/** What of a session decides whether an adapter fits. */
export type AdaptableGraph = Pick<GraphSession, "overridable">;

export type FitOptions = {
  /** What messages call the adapter: its path. */
  source: string;
  /** What they call the model: its name. */
  base: string;
};

const REMEDY_BASE = "Take the adapter that was exported with this very graph.";

/**
 * Checks every tensor of an adapter against the graph inputs that are to take it.
 *
 * @throws StartError that names the first tensor that does not fit.
 */
export function fitAdapter(
  graph: AdaptableGraph,
  tensors: readonly AdapterTensor[],
  options: FitOptions,
): ReadonlyMap<string, TensorView> {
  const declared = new Map(graph.overridable.map((it) => [it.name, it]));
  const refuse = (what: string) =>
    new StartError({
      message: `${options.source} is an adapter for another base than ${options.base}: ${what}.`,
      remedy: REMEDY_BASE,
    });
  for (const tensor of tensors) {
    const misfit = findMisfit(tensor, declared.get(tensor.name));
    if (misfit !== undefined) throw refuse(misfit);
  }
  const halfPair = findHalfPair(tensors, declared);
  if (halfPair !== undefined) throw refuse(halfPair);
  return new Map(tensors.map((it) => [it.name, toView(it)]));
}

function findMisfit(
  { name, type, dims }: AdapterTensor,
  input: TensorDeclaration | undefined,
): string | undefined {
  if (!input) return `its ${name} is no weight of the graph that an input may replace`;
  if (type !== input.type) return `its ${name} is ${type}, where the graph takes ${input.type}`;
  if (!isElementType(type)) return `its ${name} is ${type}, which is not supported`;
  const fits =
    dims.length === input.dims.length &&
    // A symbolic size, the rank, may be any.
    input.dims.every((size, axis) => typeof size === "string" || size === dims[axis]);
  return fits
    ? undefined
    : `its ${name} has the shape [${dims}], where the graph takes [${input.dims}]`;
}

/**
 * The two halves of a correction share their rank, whatever it is. One without the other would meet the
 * graph's own half, whose rank is 0 or another.
 */
function findHalfPair(
  tensors: readonly AdapterTensor[],
  declared: ReadonlyMap<string, TensorDeclaration>,
): string | undefined {
  const present = new Map(tensors.map((it) => [it.name, it]));
  for (const tensor of tensors) {
    const otherName = swapHalf(tensor.name);
    const otherInput = otherName === undefined ? undefined : declared.get(otherName);
    if (otherName === undefined || !otherInput) continue;
    const other = present.get(otherName);
    if (!other) return `it has ${tensor.name} and not ${otherName}`;
    const rank = rankOf(tensor, declared.get(tensor.name));
    const otherRank = rankOf(other, otherInput);
    if (rank !== undefined && otherRank !== undefined && rank !== otherRank) {
      return `its ${tensor.name} has rank ${rank} and its ${otherName} ${otherRank}`;
    }
  }
  return undefined;
}

function swapHalf(name: string): string | undefined {
  if (name.includes("lora_A")) return name.replace("lora_A", "lora_B");
  return name.includes("lora_B") ? name.replace("lora_B", "lora_A") : undefined;
}

/** The size along the one axis that the graph leaves open. */
function rankOf(tensor: AdapterTensor, input: TensorDeclaration | undefined): number | undefined {
  const open = (input?.dims ?? []).flatMap((size, axis) =>
    typeof size === "string" ? [axis] : [],
  );
  const [axis, ...others] = open;
  return axis === undefined || others.length > 0 ? undefined : tensor.dims[axis];
}
