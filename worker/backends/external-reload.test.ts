import { expect, test } from "vitest";
import { type ExternalModel, modelEntrySchema } from "@/lib/protocol/model-entry";
import { type Log, log } from "@/lib/telemetry/log";
import { StartError } from "@/lib/util/start-error";
import { createExternalBackend } from "./external";
import type { ListedSource } from "./listed-models";

function model(name: string, more: object = {}): ExternalModel {
  const entry = modelEntrySchema.parse({ name, provider: "openai", model: "gpt-4o", ...more });
  return { entry, credentials: { key: "sk-1" } };
}

test("models that a source tells anew are offered anew, and a faulty reading changes nothing", async () => {
  let models = [model("a")];
  let faults = 0;
  let change = () => {};
  const backend = await createExternalBackend({
    source: {
      read: async () => {
        if (faults > 0) {
          faults -= 1;
          throw new StartError({ message: "models.yaml:3: half.", remedy: "" });
        }
        return { models, warnings: [] };
      },
      watch: (onChange) => {
        change = onChange;
      },
    },
    ...{ only: [], slots: 1, log },
  });
  const names = () => backend.card().models.map(({ name }) => name);
  const heard = () =>
    new Promise<void>((resolve) => {
      backend.watchCard?.(resolve);
      change();
    });

  models = [model("a"), model("b")];
  await heard();
  expect(names()).toEqual(["a", "b"]);

  faults = 1;
  change();
  models = [model("b", { contextLength: 9_000 })];
  await heard();
  expect(faults).toBe(0);
  expect(names()).toEqual(["b"]);
  expect(backend.card().models[0]?.contextLength).toBe(9_000);
  await backend.close();
});

test("a context that nobody told is warned of, once for each time that its entry changes", async () => {
  const warnings: string[] = [];
  const listening = log.child({}, { level: "silent" });
  listening.warn = ((...told: unknown[]) => void warnings.push(String(told.at(-1)))) as Log["warn"];
  let models = [model("told", { contextLength: 9_000 }), model("untold")];
  let change = () => {};
  const source: ListedSource<ExternalModel> = {
    read: async () => ({ models, warnings: [] }),
    watch: (onChange) => {
      change = onChange;
    },
  };
  const options = { source, only: [], slots: 1, log: listening };
  const backend = await createExternalBackend(options);
  const warning =
    "nobody says how long the context of untold is, 8192 tokens are assumed; set its contextLength";
  expect(warnings).toEqual([warning]);
  models = [...models, model("new", { contextLength: 9_000 })];
  await new Promise<void>((resolve) => {
    backend.watchCard?.(resolve);
    change();
  });
  expect(backend.card().models).toHaveLength(3);
  expect(warnings).toEqual([warning]);
  await backend.close();
});

test("a name that the source has not is refused with those that it has", async () => {
  const source = { read: async () => ({ models: [model("a")], warnings: [] }), watch: () => {} };
  await expect(createExternalBackend({ source, only: ["b"], slots: 1, log })).rejects.toMatchObject(
    { message: "--model b is no model of the file.", remedy: "It has a." },
  );
});
