/**
 * Goal: who writes a module is told at the start what is wrong with it, in one line that names the place.
 * Method: files and values with one fault each.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseEnv } from "@/lib/env";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import type { RequestField } from "@/lib/protocol/request-fields";
import { requestLog } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";
import { parseFlags, usageOf } from "../flags";
import { loadModule } from "./custom/load-module";
import type { CustomField, CustomRequest } from "./custom/module-interface";
import { type NOT_FOR_MODULES, readModule } from "./custom/read-module";

const ENVIRONMENT = parseEnv({ PARLEY_CONTROLLER_URL: "http://127.0.0.1:3000" });
const folder = mkdtempSync(join(tmpdir(), "parley-module-"));
afterAll(() => rmSync(folder, { recursive: true }));
const never = new AbortController().signal;

async function lineOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof StartError) return error.line;
    throw error;
  }
  throw new Error("nothing was wrong");
}

describe("flags", () => {
  const parse = (...words: string[]) => parseFlags(words, ENVIRONMENT);

  test("a path in the place of a kind is a module's", () => {
    const words = ["--option", "a=1", "--option", "b=x=y", "--option", "c="];
    for (const flag of ["--backend", "--kind"]) {
      expect(parse(flag, "./mine.mjs", ...words)).toMatchObject({
        ...{ kind: "custom", slots: 64 },
        backend: {
          ...{ starting: [] },
          settings: { path: "./mine.mjs", options: { a: "1", b: "x=y", c: "" } },
        },
      });
    }
    expect(parse("--backend=mine.mjs")?.kind).toBe("custom");
  });

  test.each<[words: string[], line: RegExp]>([
    [["--backend", "custom"], /No module to run\..*--backend \.\/my-backend\.mjs/],
    [["--backend", "./mine.mjs", "--model", "m"], /--model says nothing to a module/],
    [["--backend", "./mine.mjs", "--option", "key"], /--option is a name and a value/],
    [
      ["--backend", "./mine.mjs", "--option", "a=1", "--option", "a=2"],
      /--option a is given twice/,
    ],
    [["--backend", "mock", "--option", "a=1"], /--option is a flag of --backend custom/],
    [["--backend", "mine"], /--backend is one of onnx, .*, or a module such as/],
  ])("%j is refused in one line", async (words, line) => {
    const told = await lineOf(() => parse(...words));
    expect(told).toMatch(line);
    expect(told).not.toContain("\n");
  });

  test("a value is never told again", async () => {
    expect(await lineOf(() => parse("--backend", "./m.mjs", "--option", "secret"))).not.toContain(
      "secret",
    );
  });

  test("help is of the kind, whichever module is named", () => {
    for (const word of ["custom", "./mine.mjs"]) {
      const usage = usageOf(["--help", "--backend", word]);
      expect(usage).toMatch(/^--backend custom \(64 slots\)$/m);
      expect(usage).not.toContain("--backend mock (");
    }
  });
});

describe("files", () => {
  const load = (text: string, name = `m${Math.random()}.mjs`) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return loadModule({ path, options: { a: "1" }, signal: never, log: requestLog });
  };

  test("createBackend is a name or the default, may take its time, and gets options, signal and log", async () => {
    for (const exported of ["export const createBackend =", "export default"]) {
      const { models } = await load(`${exported} async ({ options, signal, log }) => {
        log.info("begins", { a: options.a });
        return { models: [{ name: options.a + signal.aborted }], generate: () => "yes" };
      };`);
      expect([...models.keys()]).toEqual(["1false"]);
    }
  });

  test.each([
    [
      "export const createBackends = 1;",
      /exports no function "createBackend"\. Write export function/,
    ],
    ["export const createBackend = {};", /exports no function "createBackend"/],
    [
      "export function createBackend() { throw new Error('no GPU here'); }",
      /createBackend of .* failed: no GPU here\. Mend it/,
    ],
    [
      "export async function createBackend() { throw 7; }",
      /createBackend of .* failed: number\. Mend it/,
    ],
    [
      "import 'no-such-package-anywhere'; export function createBackend() {}",
      /failed: Cannot find package 'no-such-package-anywhere'/,
    ],
    ["export function createBackend() {}", /createBackend returns no object\. It should be/],
  ])("%s", async (text, line) => {
    expect(await lineOf(() => load(text))).toMatch(line);
  });

  test("a file that is not there is told as that", async () => {
    const path = join(folder, "nobody.mjs");
    const options = { path, options: {}, signal: never, log: requestLog };
    expect(await lineOf(() => loadModule(options))).toMatch(
      /nobody\.mjs cannot be read\. Name a module/,
    );
  });
});

describe("what createBackend returns", () => {
  const PLACE = { path: "./mine.mjs", file: "its text" };
  const generate = () => "yes";
  const model = { name: "mine" };

  test.each<[value: unknown, line: RegExp]>([
    [[], /^\.\/mine\.mjs: createBackend returns no object\. It should be \{ models/],
    [{ generate }, /"models" of what createBackend returns is no list of models\./],
    [{ models: [], generate }, /is no list of models/],
    [{ models: [{}], generate }, /models\[0\]\.name: /],
    [
      { models: [{ ...model, contextlength: 1 }], generate },
      /models\[0\]: Unrecognized key: "contextlength"/,
    ],
    [{ models: [{ ...model, contextLength: 0 }], generate }, /models\[0\]\.contextLength: /],
    [
      { models: [{ ...model, fields: ["temperature"] }], generate },
      /models\[0\]\.fields\.0: .*sampling\.temperature/,
    ],
    [
      { models: [{ ...model, fields: ["logProbabilityCount"] }], generate },
      /models\[0\]\.fields\.0: /,
    ],
    [
      { models: [{ ...model, description: { license: "MIT" } }], generate },
      /models\[0\]\.description: Unrecognized key: "license"/,
    ],
    [{ models: [model, model], generate }, /models\[1\]\.name is that of another model/],
    [{ models: [model] }, /returns nothing that answers/],
    [
      { models: [model], generate: "yes" },
      /"generate" of what createBackend returns is no function/,
    ],
    [
      { models: [{ ...model, features: ["rerank"] }], generate },
      /models\[0\] has the feature "rerank", and createBackend returns no "rerank"/,
    ],
    [
      { models: [{ ...model, features: ["chat", "tokenize"] }], generate, tokenize: generate },
      /returns no "detokenize"/,
    ],
    [
      { models: [{ ...model, features: ["tokenize"] }], tokenize: generate, detokenize: generate },
      /nothing that answers/,
    ],
  ])("%o is refused by its place", async (value, line) => {
    const told = await lineOf(() => readModule(value, PLACE));
    expect(told).toMatch(line);
    expect(told).toContain("write-your-own-backend.md");
  });

  test("an offer is made of it, with a warning for a context that nobody told", () => {
    const price = { prompt: 1, completion: 2 };
    const entry = {
      ...{ ...model, price, isAnonymousOnly: true, description: { summary: "Ours." } },
      fields: ["toolRequest", "reasoningEffort"],
    };
    const { models, warnings } = readModule({ models: [entry], generate }, PLACE);
    expect(models.get("mine")?.offer).toMatchObject({
      ...{ name: "mine", contextLength: 8_192, price, isAnonymousOnly: true },
      ...{ features: ["chat", "tools", "reasoning"], description: { summary: "Ours." } },
      fields: ["stop", "maxTokens", "toolRequest", "reasoningEffort"],
    });
    expect(warnings).toEqual(["models[0].contextLength is not told; 8192 tokens are assumed"]);
  });

  test("a build is the module's word, or that of its file and the model's name", () => {
    const buildOf = (more: object, file = "a") =>
      readModule({ models: [{ ...model, ...more }], generate }, { ...PLACE, file }).models.get(
        "mine",
      )?.offer.build;
    expect(buildOf({})).toBe(buildOf({}));
    expect(buildOf({})).not.toBe(buildOf({}, "b"));
    expect(buildOf({ build: "v1" })).toBe(buildOf({ build: "v1" }, "b"));
  });
});

test("the types that people copy are those of requests here", () => {
  // Compiled, which is most of the test: a part that is renamed, or takes more, is seen here.
  const told = (request: GenerateRequest): Omit<CustomRequest, "messages" | "maxTokens"> => request;
  type Ours = Exclude<RequestField, "stop" | "maxTokens" | (typeof NOT_FOR_MODULES)[number]>;
  const isEach: [CustomField extends Ours ? true : false, Ours extends CustomField ? true : false] =
    [true, true];
  expect(isEach).not.toContain(false);
  const request = { requestId: "r", model: "m", messages: [], sampling: { topP: 0.5 }, stop: [] };
  expect(told(request)).toBe(request);
});
