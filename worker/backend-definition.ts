import type { ParseArgsConfig } from "node:util";
import type { Env } from "@/lib/env";
import type { BackendKind } from "@/lib/protocol/worker-card";
import type { Log } from "@/lib/telemetry/log";
import type { Backend } from "./backend";

/** What a kind of worker is to the program that starts it: its flags, and what makes its backend of them. */

/** As `parseArgs` reads them. */
export type FlagValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export type FlagContext = {
  environment: Env;
  /** What `--backend` said, as it was said: a kind, or the file of a module. */
  word: string;
  /** What `--model` said, as it was said. */
  models: readonly string[];
  /** `--slots`, where somebody asked for a number. */
  slots: number | undefined;
  /** The words after `--`. */
  command: readonly string[];
};

export type CreateContext = {
  /** Answers at once. */
  slots: number;
  /** Cores for inference, 0 for all. */
  threads: number;
  /** Base URL of the web process, for kinds that have their models from there. */
  controllerUrl: string;
  /** With what the web lets this worker in. */
  secret: string;
  log: Log;
  /** Aborts when the worker is told to stop, also while it loads. */
  signal: AbortSignal;
};

export type BackendDefinition<Settings> = {
  kind: BackendKind;
  /** Its flags, as `--help` shows them; each line is indented by two spaces. */
  usage: string;
  /** Its flags beside those that every worker has. */
  options: NonNullable<ParseArgsConfig["options"]>;
  /** Whether words after `--` are a command of its own. */
  takesCommand?: boolean;
  /** Answers at once where nobody asks for a number. */
  slotsDefault: number;
  /** @throws StartError naming the flag and what it takes. */
  read(values: FlagValues, context: FlagContext): Settings;
  /** The models that it is about to offer, as far as flags tell. */
  starting(settings: Settings): string[];
  /**
   * What is printed in place of starting, where the flags ask for a check alone; undefined where they do not.
   *
   * @throws StartError naming what is wrong.
   */
  check?(settings: Settings): Promise<string | undefined>;
  /** @throws StartError when it cannot begin until a person changes something. */
  create(settings: Settings, context: CreateContext): Promise<Backend>;
};

/** A definition and its settings, whose type is nobody else's business. */
export type PreparedBackend = {
  /** For logs and tests. */
  settings: unknown;
  starting: string[];
  check(): Promise<string | undefined>;
  create(context: CreateContext): Promise<Backend>;
};

/** Any definition, by what can be done with it without knowing its settings. */
export type AnyBackendDefinition = Omit<
  BackendDefinition<unknown>,
  "read" | "starting" | "check" | "create"
> & {
  prepare(values: FlagValues, context: FlagContext): PreparedBackend;
};

export function defineBackend<Settings>(
  definition: BackendDefinition<Settings>,
): AnyBackendDefinition {
  const { read, starting, check, create, ...told } = definition;
  return {
    ...told,
    prepare(values, context) {
      const settings = read(values, context);
      return {
        settings,
        starting: starting(settings),
        check: async () => await check?.(settings),
        create: (createContext) => create(settings, createContext),
      };
    },
  };
}
