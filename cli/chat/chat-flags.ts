import * as z from "zod";
import { CLI_EXIT_CODES, CliError } from "../cli-error";
import { parseFlags } from "../parse-flags";
import type { ChatSampling } from "./chat-source";

export const CHAT_STYLES = ["simple", "rich", "programmatic"] as const;
export type ChatStyleName = (typeof CHAT_STYLES)[number];

/** As they were typed. */
export type ChatFlags = {
  model?: string;
  baseUrl?: string;
  apiKeyEnv?: string;
  apiKey?: string;
  local?: string;
  system?: string;
  convSystemMsg?: string;
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  maxNewTokens?: number;
  repetitionPenalty?: number;
  repetition_penalty?: number;
  seed?: number;
  style?: string;
  multiline?: true;
  history: boolean;
  historyFile?: string;
  roles?: string;
  json?: true;
};

const samplingSchema = z.object({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().gt(0).max(1).optional(),
  maxTokens: z.number().int().min(1).optional(),
  seed: z.number().int().optional(),
  repetitionPenalty: z.number().gt(0).optional(),
});

/** @throws CliError that names the flag. */
export function toSampling(flags: ChatFlags): ChatSampling {
  const { temperature, topP, seed } = flags;
  return parseFlags(samplingSchema, {
    ...{ temperature, topP, seed },
    maxTokens: flags.maxTokens ?? flags.maxNewTokens,
    repetitionPenalty: flags.repetitionPenalty ?? flags.repetition_penalty,
  });
}

export function toStyle({ style }: ChatFlags): ChatStyleName | undefined {
  if (style === undefined) return undefined;
  const known = CHAT_STYLES.find((it) => it === style);
  if (known) return known;
  throw badUse(`--style ${style} is none of ${CHAT_STYLES.join(", ")}.`, "Name one of them.");
}

export function toRoles({ roles }: ChatFlags): readonly [string, string] {
  if (roles === undefined) return ["user", "assistant"];
  const [user, assistant, ...more] = roles.split(",").map((it) => it.trim());
  if (user && assistant && user !== assistant && more.length === 0) return [user, assistant];
  throw badUse(`--roles ${roles} names no two roles.`, "Write them as USER,ASSISTANT.");
}

export function badUse(message: string, remedy: string): CliError {
  return new CliError({ message, remedy, exitCode: CLI_EXIT_CODES.badUse });
}
