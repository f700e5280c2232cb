/** Element types that inputs and outputs of a decoder graph have, by onnxruntime's names. */
export type ElementType = "float32" | "float16" | "int32" | "int64" | "bool";

/** What holds each: float16 as its bits, bool as one byte. */
export type ElementArray = Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array;

/** Memory of ours under a type and a shape. `data` holds exactly as many elements as `dims` multiply to. */
export type TensorView = {
  readonly type: ElementType;
  readonly data: ElementArray;
  readonly dims: readonly number[];
};

/** An input or output as the graph declares it; a symbolic dimension is its name. */
export type TensorDeclaration = {
  readonly name: string;
  /** An `ElementType`, or the name of one that this engine does not feed. */
  readonly type: string;
  readonly dims: readonly (number | string)[];
};

/**
 * A graph that is loaded and can be run. Two implementations: `ort-session.ts` over onnxruntime's C
 * interface, which neither copies outputs nor holds the calling thread, and `ort-node-session.ts` over
 * the package's own interface, which does both but needs no foreign function calls.
 */
export interface GraphSession {
  readonly kind: "native" | "portable";
  readonly inputs: readonly TensorDeclaration[];
  readonly outputs: readonly TensorDeclaration[];
  /**
   * Weights of the graph that an input of the same name replaces where one is bound (LoRA's). Always empty
   * for portable sessions: the package feeds nothing but `inputs`.
   */
  readonly overridable: readonly TensorDeclaration[];
  /** Operators that a device left to the CPU; undefined without a device, and where it cannot be read. */
  readonly cpuOperators?: readonly string[];
  /** A set of bound names; any number of them can exist. Only what is bound is fetched. */
  createBinding(): GraphBinding;
  /** Frees the graph. No binding runs any more; each was closed. */
  close(): Promise<void>;
}

/**
 * Which memory a run reads and writes. A name stays bound until it is bound anew; what lies in the
 * memory may change between runs. An output may be the same memory as an input where the operator
 * writes in place (the keys and values of GroupQueryAttention).
 */
export interface GraphBinding {
  bindInput(name: string, tensor: TensorView): void;
  bindOutput(name: string, tensor: TensorView): void;
  /**
   * Runs the graph once. One run at a time for a session; between start and end nobody touches the
   * bound memory. On a device other than the CPU all of it is copied there before and back afterwards.
   *
   * @throws Error with onnxruntime's own message.
   */
  run(): Promise<void>;
  /**
   * Ends a run before its time, between two operators: the run rejects. What it wrote so far stays.
   * Does nothing when nothing runs. Absent where a run holds the calling thread anyway.
   */
  terminate?(): void;
  close(): void;
}
