import type { TensorView } from "../onnx/graph-session";

/** Low-rank corrections of a graph's weights, fitted to one base model (Hu et al. 2021, arXiv 2106.09685). */
export type LoraAdapter = {
  /** What the model with this adapter is asked for by. */
  name: string;
  /** SHA-256 of its file, hex. */
  build: string;
  /** Graph inputs that take it, by name. Without them the graph's own neutral values apply. */
  tensors: ReadonlyMap<string, TensorView>;
};
