/**
 * Goal: a device that cannot be used is refused with what is missing; one that can gives the CPU's tokens.
 * Method: machines made up; what this one says itself, whatever it has; the bundled model on the CPU and
 * on WebGPU where an adapter is found (with VK_ICD_FILENAMES naming SwiftShader's or another's description
 * that can be a driver in software).
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { DEVICES, type DeviceHost, expectDevice, toDeviceError } from "./device";
import type { GraphSession } from "./graph-session";
import { openGraphSession } from "./open-session";

const LINUX: DeviceHost = {
  ...{ platform: "linux", arch: "x64", libraryFolder: "/package/bin", hasFile: () => true },
  packageNames: ["cpu", "webgpu", "cuda", "tensorrt"],
};
const MAC: DeviceHost = {
  ...{ ...LINUX, platform: "darwin", arch: "arm64" },
  packageNames: ["cpu", "webgpu", "coreml"],
};
const WINDOWS: DeviceHost = {
  ...{ ...LINUX, platform: "win32", arch: "x64" },
  packageNames: ["cpu", "dml", "webgpu"],
};

function lineOf(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return (error as StartError).line;
  }
}

test.each([
  ["linux", LINUX, ["cpu", "cuda", "webgpu"]],
  ["mac", MAC, ["cpu", "webgpu", "coreml"]],
  ["windows", WINDOWS, ["cpu", "webgpu", "directml"]],
  ["linux on arm64", { ...LINUX, arch: "arm64", packageNames: ["cpu"] }, ["cpu"]],
] as const)("%s takes what onnxruntime has there and names it for the rest", (_, host, allowed) => {
  for (const device of DEVICES) {
    const line = lineOf(() => expectDevice(device, host));
    if ((allowed as readonly string[]).includes(device)) expect(line).toBeUndefined();
    else
      expect(line).toMatch(
        new RegExp(`no ${device} on .* Here --device takes ${allowed.join(", ")}\\.$`),
      );
  }
});

test("the systems are named as people do", () => {
  expect(lineOf(() => expectDevice("coreml", LINUX))).toBe(
    "There is no coreml on Linux x64: onnxruntime has it on macOS arm64. Here --device takes cpu, cuda, webgpu.",
  );
});

test("a package that was built without a device says so", () => {
  const line = lineOf(() => expectDevice("webgpu", { ...LINUX, packageNames: ["cpu"] }));
  expect(line).toMatch(/was built without webgpu \(it has cpu\)/);
});

test("cuda's libraries are named with the way to get them", () => {
  const missing = "libonnxruntime_providers_cuda.so";
  const host = { ...LINUX, hasFile: (path: string) => path !== join("/package/bin", missing) };
  expect(lineOf(() => expectDevice("cuda", host))).toMatch(
    /\/package\/bin\/libonnxruntime_providers_cuda\.so is missing\. Fetch it with `ONNXRUNTIME_NODE_INSTALL=cuda12 .*CUDA 12 and cuDNN 9/,
  );
});

test.each([
  [
    ...[
      "webgpu",
      "a.cc:1 f() status was false. Failed to get a WebGPU adapter: No supported adapters",
    ],
    ...[undefined, /found no graphics adapter .*Vulkan driver.*--device cpu/],
  ],
  [
    ...[
      "cuda",
      "Failed to load shared library",
      "libcublasLt.so.12: cannot open shared object file",
    ],
    ...[/cannot be loaded: libcublasLt\.so\.12: cannot open shared object file\. .*cuDNN 9/],
  ],
  [
    ...["cuda", "OrtSessionOptions_Cuda: Failed to load shared library"],
    ...[undefined, /cannot be loaded: Failed to load shared library\. .*cuDNN 9/],
  ],
  [
    ...["cuda", "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version"],
    ...[undefined, /driver is missing or old\. .*nvidia-smi/],
  ],
  [
    ...["cuda", "CUDA failure 100: no CUDA-capable device is detected"],
    ...[undefined, /found no NVIDIA GPU here\. .*nvidia-smi/],
  ],
  [
    ...["directml", "x.cc(5) f: hr == 0 was false. The GPU was removed"],
    ...[undefined, /^directml does not work here: The GPU was removed\. .*driver/],
  ],
] as const)("%s: %s", (device, reason, loadFailure, expected) => {
  const cause = new Error(reason);
  const error = toDeviceError(device, cause, loadFailure);
  expect(error.line).toMatch(expected);
  expect(error.cause).toBe(cause);
});

const MODEL = join(import.meta.dirname, "../../../models/pico-s/onnx/model.onnx");
const CONTEXT = 32;

/** Eight tokens, each the likeliest, after a prompt, over a cache that is written in place. */
async function writeGreedily(session: GraphSession): Promise<number[]> {
  const binding = session.createBinding();
  for (const { name, dims } of session.inputs) {
    if (!name.startsWith("past_key_values")) continue;
    const [, heads, , size] = dims as number[];
    const data = new Float32Array(heads! * CONTEXT * size!);
    const cache = { type: "float32", data, dims: [1, heads!, CONTEXT, size!] } as const;
    binding.bindInput(name, cache);
    binding.bindOutput(name.replace("past_key_values", "present"), cache);
  }
  const width = session.outputs.find((it) => it.name === "logits")?.dims.at(-1) as number;
  const tokens: number[] = [];
  let ids = [5, 17, 900, 3, 44];
  let length = 0;
  while (tokens.length < 8) {
    length += ids.length;
    const data = BigInt64Array.from(ids, BigInt);
    const mask = new BigInt64Array(length).fill(1n);
    const logits = new Float32Array(ids.length * width);
    binding.bindInput("input_ids", { type: "int64", data, dims: [1, ids.length] });
    binding.bindInput("attention_mask", { type: "int64", data: mask, dims: [1, length] });
    binding.bindOutput("logits", { type: "float32", data: logits, dims: [1, ids.length, width] });
    await binding.run();
    const last = logits.subarray(-width);
    tokens.push(last.indexOf(Math.max(...last)));
    ids = tokens.slice(-1);
  }
  binding.close();
  await session.close();
  return tokens;
}

test.each(["native", "portable"] as const)(
  "what this machine says of each device (%s)",
  async (prefer) => {
    const onCpu = await openGraphSession(MODEL, { threadCount: 1, prefer });
    const expected = await writeGreedily(onCpu.session);
    for (const device of ["cuda", "webgpu", "coreml", "directml"] as const) {
      const options = { threadCount: 1, prefer, device };
      const opened: unknown = await openGraphSession(MODEL, options).catch((error) => error);
      if (opened instanceof Error) {
        expect(opened).toBeInstanceOf(StartError);
        expect((opened as StartError).line).toMatch(
          /no (coreml|directml|cuda|webgpu) on|is not installed: .*cuda12|found no |cannot be loaded|without webgpu/,
        );
        continue;
      }
      const { session, note } = opened as Awaited<ReturnType<typeof openGraphSession>>;
      expect(note).toMatch(new RegExp(`${device} runs .* copied to the device and back`));
      expect(await writeGreedily(session)).toEqual(expected);
    }
  },
);
