import { UPSTREAM_SLOTS_DEFAULT } from "@/lib/upstream-limits";
import { StartError } from "@/lib/util/start-error";
import { defineBackend } from "../backend-definition";
import { textsOf } from "../flag-rules";
import { createCustomBackend } from "./custom";
import { loadModule } from "./custom/load-module";

export const CUSTOM = defineBackend({
  kind: "custom",
  usage: `  --backend <file>      a module of yours, such as ./my-backend.mjs: it exports createBackend
                        (docs/how-to/write-your-own-backend.md), and runs with all the rights of
                        this worker. Its models are those that it names
  --option <name>=<value>
                        told to the module; may be given several times. Not for secrets, which
                        others on this machine could read: a module has the environment for them
`,
  options: { option: { type: "string", multiple: true } },
  slotsDefault: UPSTREAM_SLOTS_DEFAULT,
  read: (values, { word, models }) => {
    if (word === "custom") {
      throw new StartError({
        message: "No module to run.",
        remedy: "Name it in the place of the kind: --backend ./my-backend.mjs.",
      });
    }
    if (models.length > 0) {
      throw new StartError({
        message: "--model says nothing to a module: its models are those that it names.",
        remedy: "Leave it out, or tell the module with --option.",
      });
    }
    return { path: word, options: toOptions(textsOf(values, "option")) };
  },
  starting: () => [],
  create: async ({ path, options }, { slots, log, signal }) => {
    // A promise that a module forgot is the commonest of its faults, and takes nobody's answer along.
    process.on("unhandledRejection", (error: unknown) => {
      log.error({ err: error }, `a promise of ${path} was rejected, and nobody there heard of it`);
    });
    const module = await loadModule({ path, options, signal, log });
    for (const warning of module.warnings) log.warn({ warning }, path);
    return createCustomBackend({ module, options, slots, log });
  },
});

const OPTION = /^([^=]+)=(.*)$/s;

function toOptions(words: readonly string[]): Record<string, string> {
  const options: Record<string, string> = {};
  for (const word of words) {
    const [, name, value = ""] = OPTION.exec(word) ?? [];
    // Not told again: it may be a secret, in spite of what the help says.
    const refuse = (message: string) => {
      throw new StartError({ message, remedy: "See --help." });
    };
    if (name === undefined) return refuse("--option is a name and a value, <name>=<value>.");
    if (Object.hasOwn(options, name)) return refuse(`--option ${name} is given twice.`);
    options[name] = value;
  }
  return options;
}
