import { expect, test } from "vitest";
import type { ModelProblem } from "@/lib/protocol/external-models";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import { log } from "@/lib/telemetry/log";
import { createListedBackend, type ListedModel, type ListedSource } from "./listed-models";

type Entry = { name: string; fault?: string };

const toOffer = (name: string): ModelOffer => ({
  ...{ name, build: name, contextLength: 1_024, features: ["chat"] },
  description: { skills: [], examplePrompts: [] },
});

/** A list that is read again when a test says so, and models that cannot be loaded where their entry says so. */
function startListed(only: readonly string[], source: Partial<ListedSource<Entry>>) {
  const models: Entry[] = [{ name: "a" }, { name: "b", fault: "no such module" }, { name: "c" }];
  return createListedBackend<Entry>({
    ...{ kind: "external", only, slots: 1, log, nameOf: ({ name }) => name },
    source: { read: async () => ({ models, warnings: [] }), watch: () => undefined, ...source },
    load: async ({ name, fault }): Promise<ListedModel<Entry>> => {
      if (fault !== undefined) throw new Error(fault);
      const unused = () => {
        throw new Error("This test asks no model.");
      };
      return { offer: toOffer(name), isOf: () => true, generate: unused, embed: unused };
    },
  });
}

test("a model that cannot be loaded keeps a list of its own from being served", async () => {
  await expect(startListed([], {})).rejects.toThrow("no such module");
});

test("a source that hears of problems keeps models apart, and hears of each", async () => {
  const told = new Map<string, ModelProblem | null>();
  const backend = await startListed([], { tell: (name, problem) => told.set(name, problem) });
  expect(backend.card().models.map(({ name }) => name)).toEqual(["a", "c"]);
  expect([...told.keys()]).toEqual(["a", "b", "c"]);
  expect(told.get("a")).toBeNull();
  // What it threw may quote what is nobody's business, and stays in the log.
  expect(told.get("b")).toEqual({
    kind: "faulty",
    message: "Its worker could not load it; the worker's log says why.",
  });
  await backend.close();
});

test("who serves some models of such a source waits for them, and tells of no others", async () => {
  const told: string[] = [];
  const problem: ModelProblem = { kind: "key-locked", message: "Enter the key again." };
  const backend = await startListed(["a", "later", "locked"], {
    read: async () => ({
      ...{ models: [{ name: "a" }, { name: "c" }], warnings: [] },
      problems: ["locked", "other"].map((name) => ({ name, problem })),
    }),
    tell: (name) => told.push(name),
  });
  expect(backend.card().models.map(({ name }) => name)).toEqual(["a"]);
  expect(told).toEqual(["locked", "a"]);
  await backend.close();
});
