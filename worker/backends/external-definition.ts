import { resolve } from "node:path";
import { UPSTREAM_SLOTS_DEFAULT } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import { defineBackend } from "../backend-definition";
import { isSet, textOf } from "../flag-rules";
import { createExternalBackend } from "./external";
import { checkModels } from "./external/check-models";
import { FileSource } from "./external/file-source";

export const EXTERNAL = defineBackend({
  kind: "external",
  usage: `  --config <file>       models.yaml: which models of which providers, and the variables that hold
                        their keys (docs/how-to/add-external-models.md); FastChat's file of API
                        endpoints is read as it is. Changes are taken up while it runs
  --model <name>        one of the file's; may be given several times, none means all
  --check               only read the file and tell what is wrong with it or what it offers
`,
  options: { config: { type: "string" }, check: { type: "boolean" } },
  slotsDefault: UPSTREAM_SLOTS_DEFAULT,
  read: (values, { models }) => {
    const config = textOf(values, "config");
    if (config === undefined) {
      throw new StartError({
        message: "No file of models.",
        remedy:
          "Name one with --config models.yaml; docs/how-to/add-external-models.md has an example.",
      });
    }
    return { path: resolve(config), only: models, isCheck: isSet(values, "check") };
  },
  starting: ({ only }) => [...only],
  check: async ({ isCheck, path, only }) =>
    isCheck ? await checkModels({ path, only }) : undefined,
  create: async ({ path, only }, { slots, log }) =>
    await createExternalBackend({ source: new FileSource({ path }), only, slots, log }),
});
