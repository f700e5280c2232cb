import { expect, test } from "vitest";
import { pickFiles } from "./pick-files";

const of = (...paths: string[]) => paths.map((path) => ({ path, bytes: 1 }));
const pick = (paths: string[], weights?: string) =>
  pickFiles(of(...paths), { weights, preferred: ["model.onnx", "model_q4.onnx"] }).map(
    ({ path }) => path,
  );
const BASE = ["config.json", "onnx/model.onnx"];

test("all of a graph's weights come along, however many files they are", () => {
  const paths = [...BASE, "onnx/model.onnx_data", "onnx/model.onnx_data_1", "onnx/model.onnx.data"];
  expect(pick([...paths, "onnx/model_q4.onnx_data", "model-00001-of-00002.safetensors"])).toEqual(
    paths,
  );
});

test("what says how vectors are made comes along", () => {
  const modules = ["1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors"];
  expect(pick([...BASE, "modules.json", ...modules, "2_Dense/pytorch_model.bin"]).sort()).toEqual(
    [...BASE, "modules.json", ...modules].sort(),
  );
});

test("a graph that no folder is served with is not brought", () => {
  expect(() => pick(["config.json", "cpu/int4/model.onnx"])).toThrow(
    /lie in folders that are not served: cpu\/int4\/model\.onnx/,
  );
  expect(() => pick([...BASE, "cpu/int4/model_q4.onnx"], "model_q4.onnx")).toThrow(
    /no model_q4\.onnx; there is onnx\/model\.onnx/,
  );
});

test("a repository that cannot be served says what to look for", () => {
  expect(() => pick(["config.json", "model.safetensors"])).toThrow(/onnx-community.*vllm worker/);
  expect(() => pick(["onnx/model.onnx"])).toThrow(/no config\.json/);
});

test("our own record is never taken from others", () => {
  expect(pick([...BASE, ".parley-model.json"])).toEqual(BASE);
});

test.each([
  ...["../evil.json", "/etc/passwd", "a/../../b.json", "a\\b.json", "a\0b.json", "a\nb.json"],
  ...["a/./b.json", "a//b.json", "C:evil.json", "\u001b[2Jx.json", `${"x".repeat(250)}.json`, ""],
])("the name %j is refused", (path) => {
  expect(() => pick([...BASE, path])).toThrow(/lies outside of it or is no name/);
});

test.each([
  [["Config.json"]],
  [["config.json"]],
  [["README", "readme"]],
  [["onnx/model.onnx_data", "onnx/model.onnx_data/part"]],
])("files that would take one place are refused: %j", (paths) => {
  expect(() => pick([...BASE, ...paths])).toThrow(/would take one place/);
});

test("others' twins are nobody's concern", () => {
  expect(pick([...BASE, "images/A.png", "images/a.png"])).toEqual(BASE);
});
