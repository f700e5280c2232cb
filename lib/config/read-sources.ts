import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseEnv as parseDotenv } from "node:util";
import { readConfigFile } from "./read-config-file";
import { findNearest, toSettingKey } from "./setting-key";

/** Where a value stands; later ones win. */
export type Source = "file" | ".env" | "environment";
export type Found = {
  value: string;
  source: Source;
  /** What a person looks up to change it: `parley.yaml:3`, or the variable's name. */
  at: string;
};

export type Sources = {
  /** By the setting's name; of several sources the last one. */
  found: Map<string, Found>;
  /** Sentences for a person. */
  faults: string[];
};

export type SettingNames = { all: readonly string[]; secrets: readonly string[] };

type Variables = Readonly<Record<string, string | undefined>>;

const FILE_NAMES = ["parley.yaml", "parley.yml", "parley.json"];
const SECRET_BYTES_MAX = 65_536;
/** What Kubernetes tells each container of a service named `parley-…`; nobody means it as a setting. */
const OF_KUBERNETES =
  /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

/** Reads all sources; `environment` alone where PARLEY_CONFIG is `none`. */
export function readSources(environment: Variables, names: SettingNames): Sources {
  const reader = new SourceReader(names);
  const folder = environment.PARLEY_HOME || process.cwd();
  if (environment.PARLEY_CONFIG !== "none") {
    reader.takeFile(findConfigFile(environment.PARLEY_CONFIG, folder, reader.faults));
    reader.takeDotenv(join(/* turbopackIgnore: true */ folder, ".env"), environment);
  }
  reader.takeVariables(environment, "environment");
  reader.readSecretFiles();
  const { found, faults } = reader;
  return { found, faults };
}

/** All that .env says, names of nobody here included; nothing where there is none or it is not to be read. */
export function readDotenv(environment: Variables): Variables {
  if (environment.PARLEY_CONFIG === "none") return {};
  const folder = environment.PARLEY_HOME || process.cwd();
  const path = join(/* turbopackIgnore: true */ folder, ".env");
  return existsSync(path) ? parseDotenv(readFileSync(path, "utf8")) : {};
}

function findConfigFile(named: string | undefined, folder: string, faults: string[]) {
  if (named) {
    const path = resolve(/* turbopackIgnore: true */ folder, named);
    if (existsSync(path)) return path;
    faults.push(`PARLEY_CONFIG: there is no file ${path}`);
    return undefined;
  }
  const standing = FILE_NAMES.filter((it) =>
    existsSync(join(/* turbopackIgnore: true */ folder, it)),
  );
  if (standing.length > 1) {
    faults.push(`${standing.join(" and ")} are both there: keep one, or name it in PARLEY_CONFIG`);
  }
  const [first] = standing;
  return first === undefined ? undefined : join(/* turbopackIgnore: true */ folder, first);
}

class SourceReader {
  readonly found = new Map<string, Found>();
  readonly faults: string[] = [];
  readonly #names: SettingNames;
  /** Settings, and beside each secret the name of a file that holds it. */
  readonly #known: ReadonlySet<string>;

  constructor(names: SettingNames) {
    this.#names = names;
    this.#known = new Set([...names.all, ...names.secrets.map((name) => `${name}_FILE`)]);
  }

  takeFile(path: string | undefined): void {
    if (path === undefined) return;
    const file = this.#attempt(basename(path), () => readConfigFile(path));
    if (file === undefined) return;
    this.faults.push(...file.faults);
    const nameOf = new Map([...this.#known].map((name) => [toSettingKey(name), name]));
    for (const [key, { value, at }] of file.entries) {
      const name = nameOf.get(key);
      // They say where the file is, so that in the file they come too late.
      if (name === "PARLEY_HOME" || name === "PARLEY_CONFIG") {
        this.faults.push(`${at}: ${key} says where files are; set ${name} in the environment`);
      } else if (name !== undefined)
        this.found.set(name, { value, source: "file", at: `${at} ${key}` });
      else this.faults.push(`${at}: ${unknown(key, [...nameOf.keys()])}`);
    }
  }

  takeDotenv(path: string, environment: Variables): void {
    if (!existsSync(path)) return;
    const text = this.#attempt(".env", () => readFileSync(path, "utf8"));
    const variables = text === undefined ? {} : parseDotenv(text);
    this.takeVariables(variables, ".env");
    // `npm start` hands its variables on to its children, where they stand in the environment.
    for (const [name, value] of Object.entries(variables)) {
      if (environment[name] === value && value !== "") this.#fromDotenv.add(name);
    }
  }
  readonly #fromDotenv = new Set<string>();

  takeVariables(variables: Variables, source: Source): void {
    for (const [name, value] of Object.entries(variables)) {
      if (value === undefined || value === "") continue;
      if (this.#known.has(name)) {
        const isFromDotenv = source === ".env" || this.#fromDotenv.has(name);
        this.found.set(name, { value, source: isFromDotenv ? ".env" : source, at: name });
      } else if (name.startsWith("PARLEY_") && !OF_KUBERNETES.test(name)) {
        const place = source === ".env" ? `.env: ` : "";
        this.faults.push(`${place}${unknown(name, [...this.#known])}`);
      }
    }
  }

  /** `PARLEY_SECRET_FILE` names a file that holds PARLEY_SECRET, as Docker and Kubernetes hand out secrets. */
  readSecretFiles(): void {
    for (const name of this.#names.secrets) {
      const file = this.found.get(`${name}_FILE`);
      if (file === undefined) continue;
      // Where the secret came from is told with the secret.
      this.found.delete(`${name}_FILE`);
      const direct = this.found.get(name);
      if (direct?.source === file.source) {
        this.faults.push(`${direct.at} and ${file.at} are both set: keep one`);
      } else if (direct === undefined || rankOf(direct.source) < rankOf(file.source)) {
        const value = this.#attempt(file.at, () => readSecret(file.value));
        if (value !== undefined) this.found.set(name, { ...file, value });
      }
    }
  }

  #attempt<T>(at: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      this.faults.push(`${at}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
}

const rankOf = (source: Source) => ["file", ".env", "environment"].indexOf(source);

function unknown(word: string, known: readonly string[]): string {
  const nearest = findNearest(word, known);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  return `there is no setting ${word}${hint}`;
}

function readSecret(path: string): string {
  // An editor's newline at the end is no part of a secret.
  const text = readFileSync(/* turbopackIgnore: true */ path, "utf8").replace(/\r?\n$/, "");
  if (text.length > SECRET_BYTES_MAX) throw new Error(`${path} is too long for a secret`);
  if (text === "") throw new Error(`${path} is empty`);
  return text;
}
