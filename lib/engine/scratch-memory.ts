import { assert } from "@/lib/util/assert";
import type { ElementArray, ElementType, TensorView } from "./onnx/graph-session";

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

export type ArrayOf<Type extends ElementType> = InstanceType<(typeof ARRAYS)[Type]>;
export type ScratchTensor<Type extends ElementType> = TensorView & { readonly data: ArrayOf<Type> };

/**
 * Memory for the inputs and outputs of passes, by name, made once for the largest pass so far and used
 * by all: a step allocates nothing. Twice the same shape is twice the same tensor, so that who binds it
 * can see that nothing has to be bound anew.
 */
export class ScratchMemory {
  readonly #arrays = new Map<string, ElementArray>();
  readonly #tensors = new Map<string, TensorView>();

  take<Type extends ElementType>(
    name: string,
    type: Type,
    dims: readonly number[],
  ): ScratchTensor<Type> {
    const last = this.#tensors.get(name);
    const isSame = last && last.type === type && last.dims.join() === dims.join();
    const tensor = isSame ? last : { type, data: this.#memory(name, type, dims), dims: [...dims] };
    this.#tensors.set(name, tensor);
    // `#memory` makes the array that belongs to the type, and a name keeps its type.
    return tensor as ScratchTensor<Type>;
  }

  #memory(name: string, type: ElementType, dims: readonly number[]): ElementArray {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const present = this.#arrays.get(name);
    if (present && present.length >= size) return present.subarray(0, size);
    assert(!present || present instanceof ARRAYS[type], "a name keeps its type");
    const array = new ARRAYS[type](size);
    this.#arrays.set(name, array);
    return array.subarray(0, size);
  }
}
