import { resolve } from "node:path";
import { ControllerClient } from "@/lib/protocol/controller-client";
import { UPSTREAM_SLOTS_DEFAULT } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import { defineBackend } from "../backend-definition";
import { isSet, textOf } from "../flag-rules";
import { createExternalBackend } from "./external";
import { checkModels } from "./external/check-models";
import { FileSource } from "./external/file-source";
import { PlatformSource } from "./external/platform-source";

export const EXTERNAL = defineBackend({
  kind: "external",
  usage: `  --config <file>       models.yaml: which models of which providers, and the variables that hold
                        their keys (docs/how-to/add-external-models.md); FastChat's file of API
                        endpoints is read as it is. Changes are taken up while it runs. Without it
                        the worker serves the models that the platform keeps (/admin/providers,
                        npx parley providers), and follows them
  --model <name>        one of these models; may be given several times, none means all
  --check               only read the file and tell what is wrong with it or what it offers
`,
  options: { config: { type: "string" }, check: { type: "boolean" } },
  slotsDefault: UPSTREAM_SLOTS_DEFAULT,
  read: (values, { models }) => {
    const config = textOf(values, "config");
    const isCheck = isSet(values, "check");
    if (config === undefined && isCheck) {
      throw new StartError({
        message: "--check reads a file, and none is named.",
        remedy:
          "Name one with --config models.yaml; what the platform keeps is checked as it is entered.",
      });
    }
    return { path: config && resolve(config), only: models, isCheck };
  },
  starting: ({ only }) => [...only],
  check: async ({ isCheck, path, only }) =>
    isCheck && path !== undefined ? await checkModels({ path, only }) : undefined,
  create: async ({ path, only }, { controllerUrl, secret, signal, slots, log }) => {
    const source =
      path === undefined
        ? new PlatformSource({
            ...{ client: new ControllerClient({ url: controllerUrl, secret }), signal, log },
          })
        : new FileSource({ path });
    return await createExternalBackend({ source, only, slots, log });
  },
});
