import { cp, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { loadModel } from "../load-model";
import { NEUTRAL_SAMPLING } from "../sampling/sampling-parameters";
import { readModelFiles } from "./model-files";

const SOURCE = join(import.meta.dirname, "../../../models/pico-s");
let root: string;
let folder: string;
let copies = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "parley-files-"));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  folder = join(root, `copy-${copies++}`);
  await cp(SOURCE, folder, { recursive: true });
});

const path = (name: string) => join(folder, name);
const change = async (name: string, changes: object) => {
  const json = JSON.parse(await readFile(path(name), "utf8"));
  await writeFile(path(name), JSON.stringify({ ...json, ...changes }));
};
const load = () => loadModel(folder, { threadCount: 1, slotCount: 1 });

/** The one line a person sees. */
async function refusal(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof StartError) return error.line;
    throw error;
  }
  throw new Error("the folder was served");
}

describe("a whole folder", () => {
  test("is read", async () => {
    expect(await readModelFiles(SOURCE)).toMatchObject({
      name: "pico-s",
      contextLength: 1_024,
      endTokenIds: [2, 0],
      weightForm: "fp32",
      weightPath: join(SOURCE, "onnx/model.onnx"),
      build: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("what it takes on the disk is the size of the files that are read", async () => {
    const { diskBytes, weightBytes } = await readModelFiles(folder);
    const texts = ["config.json", "generation_config.json", "tokenizer.json"];
    const rest = ["tokenizer_config.json", "chat_template.jinja"];
    const sizes = await Promise.all(
      [...texts, ...rest].map((it) =>
        stat(path(it)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
    );
    expect(diskBytes).toBe(sizes.reduce((sum, size) => sum + size, weightBytes));
    await writeFile(path("README.md"), "a card of another length");
    expect((await readModelFiles(folder)).diskBytes).toBe(diskBytes);
  });

  test("the most exact weights are taken, or those that are asked for", async () => {
    await rm(path("onnx/model.onnx"));
    expect((await readModelFiles(folder)).weightForm).toBe("q8");
    await rename(path("onnx/model_q8.onnx"), path("onnx/model_q4.onnx"));
    expect((await readModelFiles(folder)).weightForm).toBe("q4");
    expect((await readModelFiles(SOURCE, "model_q8.onnx")).weightForm).toBe("q8");
  });

  test("chat_template.jinja wins over the template in tokenizer_config.json", async () => {
    await writeFile(path("chat_template.jinja"), "{{ messages[0].content }}");
    expect((await readModelFiles(folder)).chatTemplate).toBe("{{ messages[0].content }}");
  });

  test("the build changes with every file that changes what the model says, and with no other", async () => {
    const builds = [(await readModelFiles(folder)).build];
    await writeFile(path("README.md"), "another card");
    expect((await readModelFiles(folder)).build).toBe(builds[0]);
    await writeFile(path("chat_template.jinja"), "{{ messages[0].content }}");
    builds.push((await readModelFiles(folder)).build);
    await change("generation_config.json", { temperature: 0.9 });
    builds.push((await readModelFiles(folder)).build);
    builds.push((await readModelFiles(folder, "model_q8.onnx")).build);
    await writeFile(path("onnx/model_q8.onnx_data"), "weights beside the graph");
    builds.push((await readModelFiles(folder, "model_q8.onnx")).build);
    expect(new Set(builds).size).toBe(builds.length);
  });

  test("what is optional may be missing, with a warning where it matters", async () => {
    await rm(path("generation_config.json"));
    await change("tokenizer_config.json", { chat_template: null });
    const { warnings, samplingDefaults, files, chatTemplate } = await load();
    expect(samplingDefaults).toEqual(NEUTRAL_SAMPLING);
    expect(files.endTokenIds).toEqual([2]);
    expect(chatTemplate.isNeutral).toBe(true);
    expect(warnings.join()).toMatch(/No chat template/);
  });

  test("no end token is warned of", async () => {
    await rm(path("generation_config.json"));
    await change("config.json", { eos_token_id: null });
    await change("tokenizer_config.json", { eos_token: null });
    expect((await load()).warnings.join()).toMatch(/No end token/);
  });

  test("what the model's makers suggest is the default", async () => {
    const suggested = { temperature: 0.7, top_k: 20, top_p: 0.8, repetition_penalty: 1.05 };
    await change("generation_config.json", { ...suggested, min_p: null });
    expect((await load()).samplingDefaults).toEqual({
      ...NEUTRAL_SAMPLING,
      ...{ temperature: 0.7, topK: 20, topP: 0.8, repetitionPenalty: 1.05 },
    });
  });

  test("do_sample: false makes greedy the default", async () => {
    await change("generation_config.json", { do_sample: false });
    expect((await load()).samplingDefaults.temperature).toBe(0);
  });
});

describe("a folder that cannot be served is refused by the file's name, with a remedy", () => {
  test("no folder", async () => {
    expect(await refusal(() => readModelFiles(path("nowhere")))).toMatch(
      /nowhere is not a folder.*path of a model/,
    );
  });

  test.each(["config.json", "tokenizer.json"])("%s is missing", async (name) => {
    await rm(path(name));
    expect(await refusal(load)).toContain(`${path(name)} is missing. Copy the whole model folder`);
  });

  test.each(["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"])(
    "%s is cut short",
    async (name) => {
      const text = await readFile(path(name), "utf8");
      await writeFile(path(name), text.slice(0, text.length / 2));
      expect(await refusal(load)).toContain(`${path(name)}: it is not valid JSON`);
    },
  );

  test("a value has the wrong type", async () => {
    await change("config.json", { max_position_embeddings: "long" });
    expect(await refusal(load)).toMatch(/config\.json: max_position_embeddings/);
  });

  test("config.json does not say how long the context is", async () => {
    await change("config.json", { max_position_embeddings: undefined });
    expect(await refusal(load)).toMatch(/does not say how long.*Add max_position_embeddings/);
  });

  test("there are no weights", async () => {
    await rm(path("onnx"), { recursive: true });
    expect(await refusal(load)).toMatch(/onnx holds no model\.onnx.*ONNX export/);
  });

  test("the weights are cut short", async () => {
    const bytes = await readFile(path("onnx/model.onnx"));
    await writeFile(path("onnx/model.onnx"), bytes.subarray(0, 100_000));
    expect(await refusal(load)).toMatch(/model\.onnx cannot be loaded.*Copy the file again/);
  });

  test("the vocabulary is of a kind we cannot read", async () => {
    await change("tokenizer.json", { decoder: { type: "CTC" } });
    expect(await refusal(load)).toMatch(/decoder \(CTC\) is not supported/);
  });

  test("the tokenizer splits text in a way the library does not know", async () => {
    await change("tokenizer.json", { pre_tokenizer: { type: "Telepathy" } });
    expect(await refusal(load)).toMatch(/tokenizer\.json cannot be used/);
  });

  test("the chat template is no template", async () => {
    await writeFile(path("chat_template.jinja"), "{% for %}");
    expect(await refusal(load)).toMatch(/chat template cannot be read.*chat_template\.jinja/);
  });
});
