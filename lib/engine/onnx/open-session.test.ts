/**
 * Goal: a graph is opened natively where that works, else portably, and what cannot be opened says so.
 * Method: the bundled model, whole and damaged; a self-test that fails; threads.
 */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import type { GraphSession } from "./graph-session";
import { testNativeSession } from "./native-self-test";
import { openGraphSession } from "./open-session";

const MODEL = join(import.meta.dirname, "../../../models/pico-s/onnx/model.onnx");
const OPTIONS = { threadCount: 1 };
const CONTEXT = 32;

/** Feeds a prompt, then two tokens one by one, over a cache that is written in place. */
async function runSteps(session: GraphSession): Promise<Float32Array[]> {
  const binding = session.createBinding();
  for (const { name, dims } of session.inputs) {
    if (!name.startsWith("past_key_values")) continue;
    const [, heads, , size] = dims as number[];
    const data = new Float32Array(heads! * CONTEXT * size!);
    const cache = { type: "float32", data, dims: [1, heads!, CONTEXT, size!] } as const;
    binding.bindInput(name, cache);
    binding.bindOutput(name.replace("past_key_values", "present"), cache);
  }
  const vocabularySize = session.outputs.find((it) => it.name === "logits")?.dims.at(-1) as number;
  const results: Float32Array[] = [];
  let length = 0;
  for (const ids of [[5n, 17n, 900n, 3n, 44n], [21n], [7n]]) {
    length += ids.length;
    const data = BigInt64Array.from(ids);
    const mask = new BigInt64Array(length).fill(1n);
    const logits = new Float32Array(ids.length * vocabularySize);
    const dims = [1, ids.length, vocabularySize];
    binding.bindInput("input_ids", { type: "int64", data, dims: [1, ids.length] });
    binding.bindInput("attention_mask", { type: "int64", data: mask, dims: [1, length] });
    binding.bindOutput("logits", { type: "float32", data: logits, dims });
    await binding.run();
    results.push(logits);
  }
  binding.close();
  await session.close();
  return results;
}

test("a bundled model gives the same numbers natively and portably", async () => {
  const native = await openGraphSession(MODEL, { ...OPTIONS, prefer: "native" });
  expect(native.note).toBeUndefined();
  expect(native.session.kind).toBe("native");
  const portable = await openGraphSession(MODEL, { ...OPTIONS, prefer: "portable" });
  expect(portable.session.kind).toBe("portable");
  expect(portable.note).toMatch(/asked for/);
  const [first, second] = [await runSteps(native.session), await runSteps(portable.session)];
  expect(first).toEqual(second);
  expect(first.every((it) => it.some((logit) => logit !== 0))).toBe(true);
});

test("a self-test that fails leaves the portable session, with the reason", async () => {
  const fail = () => Promise.reject(new Error("the numbers are wrong"));
  const { session, note } = await openGraphSession(MODEL, OPTIONS, fail);
  expect(session.kind).toBe("portable");
  expect(note).toBe("The slower portable session is used: the numbers are wrong");
  await session.close();
  const asked = openGraphSession(MODEL, { ...OPTIONS, prefer: "native" }, fail);
  await expect(asked).rejects.toThrow(/do not work here: the numbers are wrong/);
});

test("the self-test passes here", async () => {
  await testNativeSession();
});

const whole = readFileSync(MODEL);
test.each([
  ["a truncated model", whole.subarray(0, whole.length - 100_000)],
  ["a model cut in its first node", whole.subarray(0, 200)],
  ["a model with bytes overwritten", Buffer.from(whole).fill(0xff, 40, 400)],
  ["an empty file", Buffer.alloc(0)],
  ["a file of another kind", Buffer.from("<!doctype html><title>Not found</title>")],
])("%s is refused, with its path and a remedy", async (_, content) => {
  const path = join(mkdtempSync(join(tmpdir(), "parley-broken-")), "model.onnx");
  writeFileSync(path, content);
  for (const prefer of ["native", "portable"] as const) {
    for (const model of [path, new Uint8Array(content)]) {
      const error: unknown = await openGraphSession(model, {
        ...{ ...OPTIONS, prefer, source: path },
      }).catch((it) => it);
      expect(error).toBeInstanceOf(StartError);
      expect((error as StartError).line).toContain(`${path} cannot be loaded: `);
      expect((error as StartError).remedy).toMatch(/Copy the file again/);
    }
  }
});

test("a file that is not there is refused with its path", async () => {
  const opening = openGraphSession("/nowhere/model.onnx", OPTIONS);
  await expect(opening).rejects.toThrow(/^\/nowhere\/model.onnx cannot be loaded: /);
});
