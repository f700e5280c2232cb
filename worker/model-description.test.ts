import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Engine } from "@/lib/engine/engine";
import { readModelDescription } from "./model-description";

const MODELS = join(import.meta.dirname, "../models");

describe.each(["pico-s", "pico-m", "pico-l"])("the card of %s", (name) => {
  const folder = join(MODELS, name);

  test("says everything a visitor is shown", async () => {
    const { description, warnings } = await readModelDescription(folder, "fp32");
    expect(warnings).toEqual([]);
    expect(description.licence).toBe("apache-2.0");
    expect(description.summary).toMatch(/demonstration model/);
    expect(description.limits).toMatch(/often wrong/);
    expect(description.parameters).toBeGreaterThan(400_000);
    expect(description.skills).toHaveLength(32);
    expect(description.examplePrompts.length).toBeGreaterThanOrEqual(12);
  });

  test("shows for every prompt it offers the answer that the model gives", async () => {
    const { description } = await readModelDescription(folder, "fp32");
    const card = await readFile(join(folder, "README.md"), "utf8");
    const engine = await Engine.load(folder, { threadCount: 1, slotCount: 1 });
    for (const prompt of description.examplePrompts) {
      // Open texts turn at near ties, which another processor's kernels may decide the other way.
      if (/poem|story/.test(prompt)) continue;
      let text = "";
      const request = {
        messages: [{ role: "user" as const, content: prompt }],
        sampling: { temperature: 0 },
        stop: [],
      };
      for await (const event of engine.generate(request, new AbortController().signal)) {
        if (event.type === "text-delta") text += event.text;
      }
      const quoted = text.split("\n").map((line) => `> ${line}`.trimEnd());
      expect(card).toContain(`**${prompt}**\n\n${quoted.join("\n")}\n`);
    }
    await engine.close();
  });
});

describe("a folder of a stranger", () => {
  const folders: string[] = [];
  const describeCard = async (text: string) => {
    const folder = await mkdtemp(join(tmpdir(), "parley-card-"));
    folders.push(folder);
    await writeFile(join(folder, "README.md"), text);
    return await readModelDescription(folder, "q8");
  };
  afterAll(() => Promise.all(folders.map((it) => rm(it, { recursive: true }))));
  const bare = { weightForm: "q8", skills: [], examplePrompts: [] };

  test("with a hub card gives its licence and nothing made up", async () => {
    const { description, warnings } = await describeCard("---\nlicense: mit\n---\n# A model\n");
    expect(description).toEqual({ ...bare, licence: "mit" });
    expect(warnings).toEqual([]);
  });

  test("with front matter out of bounds is described by nothing, with the field in a warning", async () => {
    const { description, warnings } = await describeCard(
      "---\nlicense: mit\nparley:\n  parameters: many\n---\n",
    );
    expect(description).toEqual(bare);
    expect(warnings.join()).toContain("parameters");
  });

  test("without front matter, or without a card, is described by nothing", async () => {
    expect((await describeCard("# A model\n")).description).toEqual(bare);
    expect((await readModelDescription(join(MODELS, "nowhere"), "q8")).description).toEqual(bare);
  });
});
