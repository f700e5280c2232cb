import { afterEach, describe, expect, test, vi } from "vitest";
import { parseEnv } from "@/lib/env";
import { parseFlags } from "../flags";
import type { VllmOptions } from "./vllm";

const ENVIRONMENT = parseEnv({
  PARLEY_WORKER_SECRET: "a-secret-of-sixteen",
  PARLEY_DATA_DIR: "/data",
});
const KEY = "sk-never-to-be-told";
const HERE = ["--base-url", "http://10.0.0.7:8000"];

afterEach(() => vi.unstubAllEnvs());

function read(...words: string[]): VllmOptions {
  const all = ["--backend", "vllm", ...words];
  // The settings are those of the kind that the words name.
  return parseFlags(all, ENVIRONMENT)?.backend.settings as VllmOptions;
}

describe("a running server", () => {
  test.each([
    ["http://10.0.0.7:8000", "http://10.0.0.7:8000/v1"],
    ["http://10.0.0.7:8000/", "http://10.0.0.7:8000/v1"],
    ["http://10.0.0.7:8000/v1/", "http://10.0.0.7:8000/v1"],
    ["https://front.example/team/v1", "https://front.example/team/v1"],
  ])("%s is asked at %s", (given, baseUrl) => {
    expect(read("--base-url", given).server).toEqual({ baseUrl });
  });

  test("its models may have other names here, and its fields another judge", () => {
    const words = ["--model", "a/b=Lantern", "--honours", "images", "--lacks", "sampling.seed"];
    expect(read(...HERE, ...words, "--slots", "128")).toMatchObject({
      models: [{ upstreamName: "a/b", name: "Lantern" }],
      ...{ honours: ["images"], lacks: ["sampling.seed"], slots: 128 },
    });
  });

  test("its key comes from a variable, and is in no settings that somebody could write down", () => {
    vi.stubEnv("UPSTREAM_KEY", KEY);
    const options = read(...HERE, "--api-key-env", "UPSTREAM_KEY");
    expect(options.headers()).toEqual({ authorization: `Bearer ${KEY}` });
    expect(JSON.stringify(options)).not.toContain(KEY);
  });
});

describe("a server of the worker's own", () => {
  function launchOf(...words: string[]) {
    const { server } = read(...words);
    if (!("launch" in server)) throw new Error("none is launched");
    return server.launch;
  }

  test("its command is what stands behind --, flags and empty words and all", () => {
    const command = ["vllm", "serve", "org/m", "--model", "x", "--slots=9", "", "a b", "--", "-c"];
    const { logFile, ...rest } = launchOf("--launch", "--slots", "3", "--", ...command);
    expect(rest.command).toEqual(command);
    expect(logFile).toMatch(/^\/data\/logs\/vllm-[0-9a-f]{8}\.log$/);
    expect(read("--launch", "--slots", "3", "--", ...command).slots).toBe(3);
  });

  test("the same command has the same log, another one another, and a named one is taken", () => {
    const logOf = (...words: string[]) => launchOf("--launch", "--", "vllm", ...words).logFile;
    expect(logOf("serve", "a")).toBe(logOf("serve", "a"));
    expect(logOf("serve", "a")).not.toBe(logOf("serve", "b"));
    expect(logOf("serve a")).not.toBe(logOf("serve", "a"));
    const words = ["--launch", "--log-file", "/var/log/own.log", "--", "vllm"];
    expect(launchOf(...words).logFile).toBe("/var/log/own.log");
  });

  test("its key is handed on, and in no settings", () => {
    vi.stubEnv("UPSTREAM_KEY", KEY);
    const launch = launchOf("--launch", "--api-key-env", "UPSTREAM_KEY", "--", "vllm", "serve");
    expect(launch.apiKey()).toBe(KEY);
    expect(JSON.stringify(launch)).not.toContain(KEY);
  });
});

test.each([
  [[], /No server to ask/],
  [["--base-url", "10.0.0.7:8000"], /http:\/\//],
  [["--base-url", "http://me:word@host:8000"], /password/],
  [
    [...HERE, "--launch", "--", "vllm", "serve", "m"],
    /names a running server, and --launch starts one/,
  ],
  [[...HERE, "--launch"], /names a running server, and --launch starts one/],
  [["--launch"], /--launch without a command/],
  [["--launch", "--"], /--launch without a command/],
  [["--", "vllm", "serve", "m"], /Words after "--" without --launch/],
  [[...HERE, "--", "vllm", "serve", "m"], /Words after "--" without --launch/],
  [[...HERE, "--log-file", "/tmp/x.log"], /none is launched/],
  [["--launch", "vllm", "serve", "m"], /vllm/],
  [["--launch=yes", "--", "vllm"], /--launch/],
  [[...HERE, "--tensor-parallel-size", "2"], /--tensor-parallel-size/],
  [[...HERE, "--honours", "top_k"], /sampling\.topK/],
  [[...HERE, "--api-key-env", "NOT_SET_HERE"], /NOT_SET_HERE/],
  [[...HERE, "--api-key-env", "sk-a-key-itself"], /name of a variable/],
  [[...HERE, "--model", "a=x", "--model", "b=x"], /two models as x/],
])("%o is refused with what to do, and without a key", (words, message) => {
  const attempt = () => read(...words);
  expect(attempt).toThrow(message);
  expect(attempt).not.toThrow(/sk-/);
});
