import { arenaSettingsSchema, DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { StartError } from "@/lib/util/start-error";

type Section = Record<string, unknown>;

/**
 * Rules with one of them changed by a word as `pace.isFair=false`; `=default` takes a change back. A value is
 * JSON where it can be read so, and else the text that stands there. Whether it is right a schema says.
 *
 * @throws StartError when the word names no rule.
 */
export function setRule(rules: unknown, word: string): unknown {
  const [, path, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
  if (path === undefined || value === undefined) {
    throw new StartError({
      message: `"${word}" is no rule and value.`,
      remedy: "Write one such as pace.isFair=false.",
    });
  }
  const places = path.split(".");
  assertKnown(places, path);
  return write(rules, places, value === "default" ? defaultAt(places) : toValue(value));
}

function toValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A text needs no quotation marks.
    return text;
  }
}

function write(at: unknown, [place = "", ...rest]: readonly string[], value: unknown): Section {
  // Only what is known is walked into (`assertKnown`); an endpoint that was never set begins empty.
  const section = { ...(at as Section | undefined) };
  const changed = rest.length === 0 ? value : write(section[place], rest, value);
  if (changed === undefined) delete section[place];
  else section[place] = changed;
  return section;
}

function defaultAt(places: readonly string[]): unknown {
  return places.reduce<unknown>(
    (at, place) => (at as Section | undefined)?.[place],
    DEFAULT_ARENA_SETTINGS,
  );
}

/** What a schema would say of an unknown rule names no remedy. */
function assertKnown(places: readonly string[], path: string): void {
  const sections = arenaSettingsSchema.shape;
  const [section = "", field = ""] = places;
  if (!Object.hasOwn(sections, section)) {
    throw new StartError({
      message: `There is no rule ${path}.`,
      remedy: `Rules begin with ${Object.keys(sections).join(", ")}; \`parley arena show --all\` lists them.`,
    });
  }
  const known = Object.keys(
    arenaSettingsSchema.shape[section as keyof typeof sections].unwrap().shape,
  );
  if (field === "" || known.includes(field)) return;
  throw new StartError({
    message: `There is no rule ${path}.`,
    remedy: `In ${section} there are ${known.join(", ")}.`,
  });
}
