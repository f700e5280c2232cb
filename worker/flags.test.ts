import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseEnv } from "@/lib/env";
import { StartError } from "@/lib/util/start-error";
import type { EngineSettings } from "./engine-messages";
import { parseFlags, usageOf } from "./flags";

const DEFAULTS = parseEnv({
  PARLEY_CONTROLLER_URL: "http://127.0.0.1:3000",
  PARLEY_WORKER_THREADS: "3",
  PARLEY_WORKER_SESSION: "auto",
  PARLEY_WORKER_DEVICE: "cpu",
});
/** How a worker would load its models. */
const loadOf = (words: string[], environment = DEFAULTS) => {
  const settings = parseFlags(words, environment)?.backend.settings;
  return (settings as { load: EngineSettings }).load;
};
const folder = mkdtempSync(join(tmpdir(), "parley-flags-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("flags of the worker", () => {
  test("how onnxruntime is called comes from the flag, else from the environment", () => {
    const portable = { ...DEFAULTS, PARLEY_WORKER_SESSION: "portable" as const };
    const words = ["--model", folder];
    expect(loadOf(words, portable).sessionKind).toBe("portable");
    expect(loadOf([...words, "--session", "native"], portable).sessionKind).toBe("native");
    expect(() => parseFlags([...words, "--session", "fast"], portable)).toThrow(
      /--session is one of auto, native, portable; got "fast"/,
    );
  });

  test("the device comes from the flag, else from the environment", () => {
    const webgpu = { ...DEFAULTS, PARLEY_WORKER_DEVICE: "webgpu" as const };
    const words = ["--model", folder];
    expect(loadOf(words, webgpu).device).toBe("webgpu");
    expect(loadOf([...words, "--device", "cuda"], webgpu).device).toBe("cuda");
    expect(() => parseFlags([...words, "--device", "gpu"], DEFAULTS)).toThrow(
      /--device is one of cpu, cuda, webgpu, coreml, directml; got "gpu"/,
    );
    const two = [...words, "--model", folder];
    expect(() => parseFlags(two, webgpu)).toThrow(/webgpu runs one model a process/);
    expect(parseFlags([...two, "--device", "cuda"], webgpu)?.backend.starting).toHaveLength(2);
    expect(() => parseFlags(["--kind", "mock", "--device", "cuda"], DEFAULTS)).toThrow(
      /--device is a flag of --backend onnx, and mock has none such/,
    );
  });

  test("adapters are named files over one model", () => {
    const file = join(folder, "a=b.onnx_adapter");
    writeFileSync(file, "");
    const words = ["--model", folder, "--lora", `poet=${file}`, "--lora", `judge=${file}`];
    expect(loadOf(words).adapters).toEqual([
      { name: "poet", path: file },
      { name: "judge", path: file },
    ]);
    const lineOf = (...more: string[]) => {
      try {
        parseFlags(["--model", folder, ...more], DEFAULTS);
        return undefined;
      } catch (error) {
        return (error as StartError).line;
      }
    };
    expect(lineOf("--lora", file)).toMatch(/There is no file .*b\.onnx_adapter/);
    expect(lineOf("--lora", "poet")).toMatch(/--lora is a name and a file, <name>=<file>/);
    expect(lineOf("--lora", "poet=/nowhere")).toMatch(/There is no file \/nowhere\./);
    expect(lineOf("--model", folder, "--lora", `poet=${file}`)).toMatch(/which of 2 models/);
    expect(() => parseFlags(["--kind", "mock", "--lora", `p=${file}`], DEFAULTS)).toThrow(
      /--lora is a flag of --backend onnx/,
    );
  });

  test("a chat template is a name, or a file over one model", () => {
    const file = join(folder, "mine.jinja");
    writeFileSync(file, "");
    const words = ["--model", folder, "--chat-template"];
    expect(loadOf([...words, "vicuna_v1.1"]).chatTemplate).toBe("vicuna_v1.1");
    expect(loadOf([...words, file]).chatTemplate).toBe(file);
    const parse = (...more: string[]) => parseFlags([...words, ...more], DEFAULTS);
    expect(() => parse("nowhere/mine.jinja")).toThrow(/There is no file .*mine\.jinja/);
    expect(() => parse("vicuna", "--model", folder)).toThrow(/which of 2 models/);
    expect(() => parseFlags(["--kind", "mock", "--chat-template", "vicuna"], DEFAULTS)).toThrow(
      /--chat-template is a flag of --backend onnx/,
    );
  });

  test("what is not said takes its default", () => {
    expect(parseFlags(["--model", folder], DEFAULTS)).toMatchObject({
      kind: "onnx",
      host: "127.0.0.1",
      port: 0,
      announce: undefined,
      controllerUrl: "http://127.0.0.1:3000",
      slots: 8,
      threads: 3,
      backend: {
        settings: {
          models: [{ folder }],
          load: {
            mayRunFewerSlots: true,
            contextLengthMax: undefined,
            kvDtype: undefined,
            graphCacheFolder: undefined,
            mayVaryWithBatch: false,
            sessionKind: undefined,
            weightFile: undefined,
            device: "cpu",
            adapters: [],
          },
        },
      },
    });
  });

  test("all of them", () => {
    const words =
      "--kind mock --model mock/echo --model mock/slow --host 0.0.0.0 --port 9000 --announce " +
      "http://worker.example:9000/ --controller https://web.example/ --name ours --slots 2 --threads 0";
    const flags = parseFlags(words.split(" "), DEFAULTS);
    expect(flags).toMatchObject({
      kind: "mock",
      host: "0.0.0.0",
      port: 9000,
      announce: "http://worker.example:9000",
      controllerUrl: "https://web.example",
      name: "ours",
      slots: 2,
      threads: 0,
      backend: { starting: ["mock/echo", "mock/slow"] },
    });
  });

  test("those about loading a model", () => {
    const words =
      "--slots 8 --max-model-len 512 --kv-dtype float16 --graph-cache graphs --weights model_q4.onnx";
    const flags = ["--model", folder, ...words.split(" "), "--allow-batch-variance"];
    expect(parseFlags(flags, DEFAULTS)?.slots).toBe(8);
    expect(loadOf(flags)).toMatchObject({
      // Asked for, be it the default's own number.
      mayRunFewerSlots: false,
      contextLengthMax: 512,
      weightFile: "model_q4.onnx",
      kvDtype: "float16",
      graphCacheFolder: resolve("graphs"),
      mayVaryWithBatch: true,
    });
    expect(loadOf(["--model", folder, "--kv-dtype", "auto"]).kvDtype).toBeUndefined();
  });

  test("mock without a model offers all", () => {
    const { settings, starting } = parseFlags(["--kind", "mock"], DEFAULTS)?.backend ?? {};
    expect(settings).toEqual({ models: [] });
    expect(starting).toContain("mock/echo");
  });

  test("help names every flag", () => {
    expect(parseFlags(["--help"], DEFAULTS)).toBeUndefined();
    const flags = ["backend", "model", "host", "port", "announce", "controller", "name", "slots"];
    flags.push(
      "weights",
      "threads",
      "max-model-len",
      "kv-dtype",
      "graph-cache",
      "allow-batch-variance",
    );
    const usage = usageOf([]);
    for (const flag of flags) expect(usage).toMatch(new RegExp(`^  --${flag}\\s`, "m"));
    for (const line of usage.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    const ofMock = usageOf(["--help", "--kind=mock"]);
    expect(ofMock).toContain("--backend mock");
    expect(ofMock).not.toContain("--lora");
  });

  test.each([
    ["--kind gpt", /--backend is one of onnx, .*mock.*; got "gpt"/],
    ["--kind mock --backend onnx", /--backend says onnx, and --kind.* says mock/],
    ["--kind mock -- sleep 1", /a command, and --backend mock starts none/],
    ["", /No model to serve\. .*--model/],
    ["--model /no/such/folder", /There is no folder \/no\/such\/folder/],
    ["--kind mock --model mock/nobody", /--model is one of mock\/echo.*"mock\/nobody"/],
    ["--kind mock --port 70000", /--port is a whole number from 0 to 65535/],
    ["--kind mock --port 1e3", /--port is a whole number/],
    ["--kind mock --slots 0", /--slots is a whole number from 1/],
    [`--model ${tmpdir()} --max-model-len 1`, /--max-model-len is a whole number from 2/],
    [
      `--model ${tmpdir()} --kv-dtype int8`,
      /--kv-dtype is one of auto, float32, float16; got "int8"/,
    ],
    ["--kind mock --max-model-len 64", /--max-model-len is a flag of --backend onnx, and mock/],
    ["--kind mock --allow-batch-variance", /--allow-batch-variance is a flag of/],
    ["--kind mock --controller web:3000", /--controller is a URL/],
    ["--kind mock --host 0.0.0.0", /--announce/],
    ["--kind mock --nonsense", /Unknown option '--nonsense'\. See --help\./],
    ["--kind mock stray", /stray/],
  ])("%s is refused in one line", (text, line) => {
    const words = text.split(" ").filter((word) => word !== "");
    let error: unknown;
    try {
      parseFlags(words, DEFAULTS);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).line).toMatch(line);
    expect((error as StartError).line).not.toContain("\n");
  });

  test("a file is no folder", () => {
    const file = join(folder, "model.onnx");
    writeFileSync(file, "");
    expect(() => parseFlags(["--model", file], DEFAULTS)).toThrow("There is no folder");
  });
});
