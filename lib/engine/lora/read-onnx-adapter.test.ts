/**
 * Goal: an adapter's file is read as it was written, and a broken one is refused, whatever is broken.
 * Method: files by the flatbuffers package's own writer; cut, with bytes changed, and made up by hand.
 */
import { expect, test } from "vitest";
import {
  type AdapterParameter,
  encodeAdapter,
  listParameters,
} from "../synthetic/write-synthetic-adapter";
import { toDimensions } from "../synthetic/write-synthetic-model";
import { isOnnxAdapter, readOnnxAdapter } from "./read-onnx-adapter";

const PARAMETERS: AdapterParameter[] = [
  { name: "lora_A", dims: [3, 2], type: "float32", bytes: new Uint8Array(24).map((_, at) => at) },
  { name: "λ.lora_B", dims: [2, 5], type: "float16", bytes: new Uint8Array(20).fill(7) },
  { name: "empty", dims: [0, 5], type: "float32", bytes: new Uint8Array() },
  { name: "codes", dims: [3], type: "uint8", bytes: Uint8Array.of(1, 2, 3) },
];

test("tensors come back as they were written", () => {
  const file = encodeAdapter(PARAMETERS);
  expect(isOnnxAdapter(file)).toBe(true);
  expect(readOnnxAdapter(file).map((it) => ({ ...it, bytes: Uint8Array.from(it.bytes) }))).toEqual(
    PARAMETERS,
  );
  // As a view into something larger, too: a place in the file is none in its buffer.
  const larger = new Uint8Array(file.length + 8);
  larger.set(file, 3);
  expect(readOnnxAdapter(larger.subarray(3, 3 + file.length))).toHaveLength(4);
});

test.each([
  ["another format version", encodeAdapter(PARAMETERS, 2), /version 2, and only 1 is known/],
  ["no tensors", encodeAdapter([]), /no tensors/],
  ["a tensor twice", encodeAdapter([PARAMETERS[0]!, PARAMETERS[0]!]), /it has lora_A twice/],
  ["no name", encodeAdapter([{ ...PARAMETERS[0]!, name: "" }]), /has no name/],
  [
    "too few bytes",
    encodeAdapter([{ ...PARAMETERS[0]!, dims: [3, 3] }]),
    /lora_A has 24 bytes, which is not what \[3,3\] takes/,
  ],
  ["a negative size", encodeAdapter([{ ...PARAMETERS[0]!, dims: [-3, -2] }]), /24 bytes/],
  ["a huge size", encodeAdapter([{ ...PARAMETERS[0]!, dims: [2 ** 60, 2] }]), /damaged/],
  ["another file", new TextEncoder().encode('{"a": 1, "b": 2}'), /does not begin as/],
  ["nothing", new Uint8Array(), /does not begin as/],
])("%s is refused", (_, file, expected) => {
  expect(() => readOnnxAdapter(file)).toThrow(expected);
});

const whole = encodeAdapter(listParameters({ dimensions: toDimensions({}), seed: 1, rank: 2 }));

function expectReadOrRefused(file: Uint8Array, what: string): void {
  try {
    readOnnxAdapter(file);
  } catch (error) {
    // Neither a bug's assertion nor a complaint that nobody can read.
    expect((error as Error).message, what).toMatch(/^(it|its|one of|the type of|.+ has) /s);
  }
}

test("a file that is cut anywhere is refused", () => {
  for (let length = 0; length < whole.length; length += 100) {
    expect(() => readOnnxAdapter(whole.slice(0, length)), `${length} bytes`).toThrow(
      /damaged|begin|no tensors|no name|bytes/,
    );
  }
});

test("changed bytes never do more than change tensors or refuse the file", () => {
  const seed = Date.now() % 1_000_000;
  let state = seed;
  const draw = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  // What is no data of tensors lies at the beginning and between them; half of the changes go there.
  for (let round = 0; round < 4_000; round++) {
    const file = whole.slice();
    for (let change = draw(4); change >= 0; change--) {
      const place = round % 2 === 0 ? draw(file.length) : draw(400);
      file[place] = [0, 0xff, 0x7f, 0x80, draw(256)][draw(5)]!;
    }
    expectReadOrRefused(file, `seed ${seed}, round ${round}`);
  }
});

test("a file that names one tensor a million times is short work", () => {
  // Distances lead forward only: the list stands behind the table that has it, and the tensor behind the list.
  const one = Buffer.from(encodeAdapter([PARAMETERS[3]!]));
  const count = 1_000_000;
  const listAt = one.length;
  const copyAt = listAt + 4 + 4 * count;
  const file = Buffer.concat([one, Buffer.alloc(4 + 4 * count), one]);
  const root = file.readUInt32LE(0);
  const vtable = root - file.readInt32LE(root);
  const field = root + file.readUInt16LE(vtable + 4 + 2 * 3);
  const list = field + file.readUInt32LE(field);
  const tensor = copyAt + list + 4 + file.readUInt32LE(list + 4);
  file.writeUInt32LE(listAt - field, field);
  file.writeUInt32LE(count, listAt);
  for (let index = 0; index < count; index++) {
    const place = listAt + 4 + 4 * index;
    file.writeUInt32LE(tensor - place, place);
  }
  expect(() => readOnnxAdapter(file)).toThrow(/it has codes twice/);
});
