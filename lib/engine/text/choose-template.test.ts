/**
 * Goal: a model gets the template that it was trained on, or the neutral one and a word about it.
 * Method: folders that are named and have no more than a vocabulary; files in a folder of the test's own.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toModelName } from "@/lib/adapters/match-adapter";
import type { ModelFiles } from "../onnx/model-files";
import { applyTemplate, chooseTemplate } from "./choose-template";
import { tokenizerJsonSchema } from "./tokenizer-schema";

type Given = Parameters<typeof chooseTemplate>[0];

const tokens = (...contents: string[]) =>
  tokenizerJsonSchema.parse({
    added_tokens: contents.map((content, id) => ({ id, content, special: true })),
    model: { type: "BPE", vocab: {} },
  });

const files = (name: string, more: Partial<Given> = {}): Given => ({
  folder: `/models/${name}`,
  config: {},
  tokenizer: tokens(),
  tokenizerConfig: {},
  chatTemplate: undefined,
  ...more,
});

const nameOf = async (given: Given, asked?: string) => {
  const { source } = await chooseTemplate(given, asked);
  return typeof source === "object" ? source.name : source;
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-template-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("without being told", () => {
  test("its own template goes before its family's, and nobody is warned", async () => {
    const own = files("vicuna-7b-v1.5", { chatTemplate: "{{ messages }}" });
    expect(await chooseTemplate(own)).toEqual({ source: "{{ messages }}", origin: "its own" });
  });

  test("its family's is taken by the folder's name, with a warning that names it", async () => {
    const choice = await chooseTemplate(files("vicuna-7b-v1.5"));
    expect(choice.source).toMatchObject({ name: "vicuna_v1.1", separator2: "</s>" });
    expect(choice.warning).toContain("family vicuna want them (vicuna_v1.1)");
    expect(choice.limit).toContain("vicuna_v1.1");
  });

  test("a hub's cache has the name in another folder", async () => {
    const cached = "/cache/models--lmsys--vicuna-7b-v1.5/snapshots/0123abc";
    expect(toModelName(cached)).toBe("lmsys/vicuna-7b-v1.5");
    expect(await nameOf(files("x", { folder: cached }))).toBe("vicuna_v1.1");
    // A folder on the way to the model says nothing of it.
    expect(await nameOf(files("x", { folder: "/data/llama-2-7b-chat/mine" }))).toBeUndefined();
  });

  test("the neutral one is taken for any other, with the reason", async () => {
    const choice = await chooseTemplate(files("saiga-mistral-7b-instruct"));
    expect(choice.source).toBeUndefined();
    expect(choice.warning).toContain("`saiga`");
    expect(choice.limit).toContain("`User: …`");
  });

  test("a vocabulary without the template's marks, or another kind of model, is none of the family", async () => {
    const chatml = tokens("<|im_start|>", "<|im_end|>");
    expect(await nameOf(files("Qwen-7B-Chat", { tokenizer: chatml }))).toBe("qwen-7b-chat");
    const bare = await chooseTemplate(files("Qwen-7B-Chat"));
    expect(bare).toMatchObject({ source: undefined, warning: expect.stringContaining("im_start") });
    const other = files("Qwen-7B-Chat", { tokenizer: chatml, config: { model_type: "gpt2" } });
    expect((await chooseTemplate(other)).warning).toContain("of the kind gpt2");
  });
});

describe("when it is named", () => {
  const own = files("qwen-7b-chat", {
    chatTemplate: "own",
    tokenizerConfig: {
      chat_template: [
        { name: "default", template: "own" },
        { name: "rag", template: "of documents" },
      ],
    },
  });

  test("it goes before the model's own: FastChat's name, a family's, one of several of the folder's", async () => {
    expect(await nameOf(own, "vicuna_v1.1")).toBe("vicuna_v1.1");
    expect(await nameOf(own, "VICUNA")).toBe("vicuna_v1.1");
    expect(await nameOf(own, "rag")).toBe("of documents");
    expect(await nameOf(own, "neutral")).toBeUndefined();
    expect(await nameOf(own, "Neutral")).toBeUndefined();
    expect((await chooseTemplate(own, "vicuna")).warning).toBeUndefined();
  });

  test("one whose marks the vocabulary has not is taken with a warning", async () => {
    const { source, warning } = await chooseTemplate(own, "llama-3");
    expect(source).toMatchObject({ name: "llama-3" });
    expect(warning).toContain("<|begin_of_text|>");
  });

  test("one that is not known is refused with those that are", async () => {
    const asked = chooseTemplate(own, "vicunna");
    await expect(asked).rejects.toThrow("no conversation template vicunna");
    await expect(asked).rejects.toMatchObject({ remedy: expect.stringContaining("vicuna_v1.1,") });
    await expect(chooseTemplate(own, "gemini")).rejects.toThrow("transcript for a service");
  });

  test("a file of Jinja is taken as it is", async () => {
    const path = join(folder, "mine.jinja");
    await writeFile(path, "{{ messages[0].content }}");
    expect(await nameOf(own, path)).toBe("{{ messages[0].content }}");
  });

  test.each([
    "{{ messages[0].content }}",
    "{% for m in messages %}</s>{{ m.content }}{% endfor %}",
  ])("%s is a template itself, and no path", async (text) => {
    expect(await chooseTemplate(own, text)).toEqual({
      source: text,
      origin: "Jinja, as asked for",
    });
  });

  test("FastChat's record is taken from a file, bare or as its worker sends it", async () => {
    const record = {
      ...{ name: "ours", roles: ["Q", "A"], sep_style: "ADD_COLON_TWO", sep: "\n", sep2: "#" },
      system_message: "Answer.",
    };
    for (const written of [record, { conv: record }]) {
      const path = join(folder, "record.json");
      await writeFile(path, JSON.stringify(written));
      const { source } = await chooseTemplate(own, path);
      expect(source).toMatchObject({ name: "ours", style: "add-colon-two", separator2: "#" });
      expect(source).toMatchObject({ systemMessage: "Answer." });
    }
  });

  test.each([
    ["missing.jinja", undefined, "There is no file"],
    ["broken.json", "{", "not valid JSON"],
    ["other.json", '{"name":"x","roles":["a","b"],"sep_style":"NO_SUCH"}', "sep_style"],
    ["new.json", '{"name":"x","roles":["a","b"],"sep_style":99}', "style 99"],
    [
      "open.json",
      '{"name":"x","roles":["a","b"],"sep_style":1,"system_template":"{other}"}',
      "system part",
    ],
    ["long.jinja", "x".repeat(1_048_577), "1048576 at most"],
  ])("%s is refused", async (name, text, reason) => {
    const path = join(folder, name);
    if (text !== undefined) await writeFile(path, text);
    await expect(chooseTemplate(own, path)).rejects.toThrow(reason);
  });
});

describe("what follows from it", () => {
  const whole = (more: Partial<Given>, endTokenIds: number[] = []) => {
    const built = { ...files("m", more), endTokenIds, build: "b" };
    // The fields that are read; a graph is none of them.
    return built as unknown as ModelFiles;
  };

  test("control tokens of the template end an answer; ids of another vocabulary do not", async () => {
    const tokenizer = tokens("<|endoftext|>", "<|im_start|>", "<|im_end|>");
    const choice = await chooseTemplate(files("mpt-7b-chat", { tokenizer }));
    // The template has 0 and 50278; the separator is the token 2 here.
    expect(applyTemplate(whole({ tokenizer }, [7]), choice).endTokenIds).toEqual([7, 0, 2]);
    const plain = tokenizerJsonSchema.parse({
      added_tokens: [{ id: 0, content: "the", special: false }],
      model: { type: "BPE" },
    });
    expect(applyTemplate(whole({ tokenizer: plain }), choice).endTokenIds).toEqual([]);
  });

  test("what is asked for stands for conversations about tools, too", async () => {
    const chat_template = [
      { name: "default", template: "own" },
      { name: "tool_use", template: "own, with tools" },
    ];
    const own = whole({ chatTemplate: "own", tokenizerConfig: { chat_template } });
    const applied = applyTemplate(own, await chooseTemplate(own, "vicuna"));
    expect(applied.tokenizerConfig.chat_template).toBeUndefined();
    expect(applyTemplate(own, await chooseTemplate(own)).tokenizerConfig).toEqual({
      chat_template,
    });
  });

  test("another template is another build; the model's own leaves it as it was", async () => {
    const own = whole({ chatTemplate: "own" });
    expect(applyTemplate(own, await chooseTemplate(own)).build).toBe("b");
    const builds = await Promise.all(
      ["vicuna", "alpaca", "neutral"].map(async (asked) => {
        return applyTemplate(own, await chooseTemplate(own, asked)).build;
      }),
    );
    expect(new Set([...builds, "b"]).size).toBe(4);
    const bare = whole({});
    expect(applyTemplate(bare, await chooseTemplate(bare)).build).toBe("b");
  });
});
