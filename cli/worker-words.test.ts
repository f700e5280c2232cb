/** Goal: a worker joins the platform of this clone, and what it launches gets its own words alone. Method: words in, words out. */
import { expect, test } from "vitest";
import { env } from "@/lib/env";
import { parseFlags } from "@/worker/flags";
import { asksForHelp, withController } from "./worker-words";

const URL_OF_CLONE = "http://127.0.0.1:4100";
const LAUNCH = ["--backend", "vllm", "--launch", "--", "vllm", "serve", "Qwen/Qwen3-8B"];

test.each<[words: string[], expected: string[]]>([
  [
    ["--model", "m"],
    ["--model", "m", "--controller", URL_OF_CLONE],
  ],
  [LAUNCH, [...LAUNCH.slice(0, 3), "--controller", URL_OF_CLONE, ...LAUNCH.slice(3)]],
  [
    ["--controller", "http://far"],
    ["--controller", "http://far"],
  ],
  [
    ["--controller=http://far", "--", "serve"],
    ["--controller=http://far", "--", "serve"],
  ],
  // Another program's flag of that name says nothing about ours.
  [
    ["--", "serve", "--controller", "x"],
    ["--controller", URL_OF_CLONE, "--", "serve", "--controller", "x"],
  ],
])("%j become %j", (words, expected) => {
  expect(withController(words, URL_OF_CLONE)).toEqual(expected);
  expect(withController(words, undefined)).toEqual(words);
});

test("the worker reads the controller, and the launched command nothing of it", () => {
  const flags = parseFlags(withController(LAUNCH, URL_OF_CLONE), env());
  expect(flags?.controllerUrl).toBe(URL_OF_CLONE);
  expect(flags?.backend.settings).toMatchObject({
    server: { launch: { command: LAUNCH.slice(4) } },
  });
});

test("help is asked for by words of the worker alone", () => {
  expect(asksForHelp(["--backend", "vllm", "-h"])).toBe(true);
  expect(asksForHelp(["--help"])).toBe(true);
  expect(asksForHelp(["--launch", "--", "vllm", "--help"])).toBe(false);
});
