import type { Command } from "commander";
import { toSettingKey } from "@/lib/config/setting-key";
import { SETTING_SECTIONS } from "@/lib/config/setting-sections";
import {
  envSchema,
  explainOpenHost,
  isSecretSetting,
  processSettings,
  type SettingName,
  type Settings,
} from "@/lib/env";
import { StartError } from "@/lib/util/start-error";
import type { Terminal } from "../terminal";

type Value = string | number | boolean | readonly string[] | null;

/** A setting as people and programs see it; what is secret is never among it. */
type SettingView = {
  section: string;
  name: SettingName;
  key: string;
  /** Null where nothing is set and there is no default; a secret says only whether it is set. */
  value: Value;
  default: Value;
  source: "default" | "file" | ".env" | "environment";
  /** The line or variable to change, where something is set. */
  at: string | null;
  isSecret: boolean;
  meaning: string;
};

export function addConfigCommand(program: Command, terminal: Terminal): void {
  const config = program
    .command("config")
    .description("Show every setting: its value, where that stands, its default and its meaning.")
    .option("--json", "one JSON object")
    .action((options: { json?: true }) => {
      const settings = processSettings();
      const views = viewSettings(settings);
      const { faults } = settings;
      terminal.write(
        options.json ? `${JSON.stringify({ settings: views, faults })}\n` : toText(views),
      );
      refuseFaults(faults);
    });
  config
    .command("check")
    .description("Say whether a process would start with what is set; ends with 1 if not.")
    .option("--json", "one JSON object")
    .action(({ json }: { json?: true }) => {
      const { env, faults, sources } = processSettings();
      const unsafe = env && explainOpenHost(env);
      const count = sources.found.size;
      if (json) {
        const told = unsafe ? [...faults, unsafe.line] : faults;
        terminal.write(`${JSON.stringify({ settings: count, faults: told })}\n`);
      }
      refuseFaults(faults);
      if (unsafe) throw unsafe;
      if (!json) terminal.write(`Nothing is wrong with the ${count} settings that are set.\n`);
    });
}

function refuseFaults(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const count = faults.length === 1 ? "One setting is" : `${faults.length} settings are`;
  throw new StartError({
    message: `${count} wrong:\n${faults.map((it) => `  ${it}`).join("\n")}\n`,
    remedy: "Nothing starts until that is corrected.",
  });
}

function viewSettings({ env, sources }: Settings): SettingView[] {
  return Object.entries(SETTING_SECTIONS).flatMap(([section, shape]) =>
    Object.keys(shape).map((word): SettingView => {
      // The sections are made of the schema's own parts.
      const name = word as SettingName;
      const schema = envSchema.shape[name];
      const isSecret = isSecretSetting(name);
      const found = sources.found.get(name);
      const fallback = schema.safeParse(undefined).data ?? null;
      // What is wrong is shown as it was written.
      const set = env === undefined ? (toShown(found?.value) ?? fallback) : (env[name] ?? null);
      return {
        ...{ section, name, key: toSettingKey(name), isSecret },
        value: isSecret ? (found === undefined ? null : "set") : set,
        default: fallback,
        source: found?.source ?? "default",
        at: found?.at ?? null,
        meaning: schema.description ?? "",
      };
    }),
  );
}

/** Without the name and password of an address, which is wrong for having one. */
function toShown(value: string | undefined): string | undefined {
  return value?.replace(/\/\/[^/@]*@/, "//***@");
}

const WIDTH = 100;

function toText(views: readonly SettingView[]): string {
  const lines = [
    "A setting is a variable, in the environment or in .env, or the key beside it in parley.yaml.",
    "Each is read when a process starts; a change needs a restart of the processes it concerns.",
  ];
  let section = "";
  for (const view of views) {
    if (view.section !== section) lines.push("", view.section.toUpperCase());
    section = view.section;
    const { name, key, source, at } = view;
    const place = at === null || at === name ? source : `${source}, ${at}`;
    const fallback = source === "default" ? "" : `, default ${toWord(view.default)}`;
    lines.push("", `${name} (${key}) = ${toWord(view.value)}   [${place}${fallback}]`);
    lines.push(...wrap(view.meaning, WIDTH - 4).map((line) => `    ${line}`));
  }
  return `${lines.join("\n")}\n`;
}

function toWord(value: Value): string {
  if (value === null) return "not set";
  if (typeof value !== "object") return String(value);
  return value.length === 0 ? "none" : value.join(",");
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    const joined = last === "" ? word : `${last} ${word}`;
    if (joined.length <= width || last === "") lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  return lines;
}
