import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { fitsHeader } from "@/lib/models-file/fits-header";
import { StartError } from "@/lib/util/start-error";
import { CLI_EXIT_CODES, CliError } from "../cli-error";
import { platformUrl } from "../running";
import { areColoursWanted } from "../screen/colours-wanted";
import { Keyboard } from "../screen/keyboard";
import { LineEditor } from "../screen/line-editor";
import { Screen } from "../screen/screen";
import { parseServerAddress } from "../server-address";
import type { Terminal, TerminalStreams } from "../terminal";
import { plainLine } from "../text-table";
import { ChatError } from "./chat-error";
import {
  badUse,
  type ChatFlags,
  type ChatStyleName,
  toRoles,
  toSampling,
  toStyle,
} from "./chat-flags";
import { ChatSession } from "./chat-session";
import type { ChatSource } from "./chat-source";
import type { ChatStyle } from "./chat-style";
import { pickChatModel, toNames } from "./listed-models";
import { LocalSource } from "./local-source";
import { readPiped } from "./message-reader";
import { printAnswer, printError, printEvents } from "./one-answer";
import { colourWishes, homeFolder, isDumbTerminal, personalVariable, stateHome } from "./person";
import { createDumbIo, createPersonIo, createProgramIo } from "./plain-io";
import { PlainStyle } from "./plain-style";
import { defaultHistoryPath, PromptHistory } from "./prompt-history";
import { RichStyle } from "./rich-style";
import { ServerSource } from "./server-source";
import { HELP_ROWS } from "./typed-command";

/** What `npx parley chat` does. @throws StartError */
export async function runChat(words: string, flags: ChatFlags, terminal: Terminal): Promise<void> {
  const plan = await toPlan(words, flags, terminal);
  if (!flags.json) return await chat(plan, flags, terminal);
  try {
    await chat(plan, flags, terminal);
  } catch (error) {
    // Whoever reads events reads why there are none, too.
    if (error instanceof ChatError) printError(error, terminal);
    throw error;
  }
}

async function chat(plan: Plan, flags: ChatFlags, terminal: Terminal): Promise<void> {
  const source = await openSource(flags, terminal);
  try {
    const model = await chooseModel(source, flags.model);
    if (plan.prompt === undefined) await converse(source, model, { flags, terminal, plan });
    else await answerOnce(source, model, { flags, terminal, prompt: plan.prompt });
  } finally {
    await source.close();
  }
}

type Plan = {
  /** One question; undefined: a conversation. */
  prompt: string | undefined;
  style: ChatStyleName;
  roles: readonly [string, string];
};

async function toPlan(words: string, flags: ChatFlags, { streams }: Terminal): Promise<Plan> {
  const style = toStyle(flags);
  const roles = toRoles(flags);
  // What is wrong is told before anything is read or loaded.
  toSampling(flags);
  if (flags.local !== undefined && flags.baseUrl !== undefined) {
    throw badUse("--local and --base-url name two places to ask.", "Give one of them.");
  }
  if (flags.json && style !== undefined) {
    throw badUse("--json is a style of its own.", "Leave out --style.");
  }
  if (style === "programmatic" && words === "") return { prompt: undefined, style, roles };
  const isTyped = streams?.input.isTTY === true;
  const piped = streams && !isTyped ? await readPiped(streams.input) : "";
  const prompt = [words, piped.trim()].filter((it) => it !== "").join("\n\n");
  if (prompt !== "") return { prompt, style: style ?? "simple", roles };
  if (!isTyped) throw badUse("There is no prompt.", "Give one as an argument or through a pipe.");
  if (flags.json) throw badUse("--json prints one answer.", "Give a prompt with it.");
  const isLookedAt = streams?.output.isTTY === true && !isDumbTerminal();
  return { prompt: undefined, style: style ?? (isLookedAt ? "rich" : "simple"), roles };
}

async function openSource(flags: ChatFlags, { root, writeError }: Terminal): Promise<ChatSource> {
  if (flags.local !== undefined) {
    const threadUrl = pathToFileURL(join(root, "dist/chat-thread.mjs"));
    const source = await openLocal(resolve(flags.local), threadUrl);
    for (const warning of source.warnings) writeError(`${warning}\n`);
    return source;
  }
  const baseUrl = flags.baseUrl ?? platformUrl(root);
  parseServerAddress("--base-url", baseUrl, "https://api.example.com/v1");
  const keyHint =
    "Give a key that it knows with --api-key-env; `npx parley keys create` makes one for a Parley.";
  return new ServerSource({ baseUrl, apiKey: findKey(flags), keyHint });
}

async function openLocal(folder: string, threadUrl: URL): Promise<LocalSource> {
  try {
    return await LocalSource.open(folder, threadUrl);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    throw new ChatError("unusable-folder", error.message, error.remedy, error);
  }
}

/** No variable is taken unasked: a key that belongs to one server is not shown to another. */
function findKey({ apiKey, apiKeyEnv }: ChatFlags): string | undefined {
  if (apiKeyEnv === undefined) return apiKey && expectHeader(apiKey, "--api-key");
  const key = personalVariable(apiKeyEnv);
  if (key) return expectHeader(key, apiKeyEnv);
  throw badUse(`The variable ${apiKeyEnv} is not set.`, "Set it to the key, or name another.");
}

/** One that no header can hold would stand whole in the error of whoever tries. */
function expectHeader(said: string, place: string): string {
  const key = said.trim();
  if (fitsHeader(key)) return key;
  throw badUse(
    `What ${place} holds can be no key: a line's end or another letter that no header can hold is in it.`,
    "Copy the key anew.",
  );
}

async function chooseModel(source: ChatSource, wanted: string | undefined): Promise<string> {
  // A server need not list what it serves.
  if (wanted !== undefined) return wanted;
  return pickChatModel(await source.listModels(), source.where);
}

async function answerOnce(
  source: ChatSource,
  model: string,
  { flags, terminal, prompt }: { flags: ChatFlags; terminal: Terminal; prompt: string },
): Promise<void> {
  const system = flags.system ?? flags.convSystemMsg;
  const messages = [
    ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
    { role: "user" as const, content: prompt },
  ];
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.on("SIGINT", onInterrupt);
  try {
    const request = { model, messages, sampling: toSampling(flags) };
    const print = flags.json ? printEvents : printAnswer;
    await print(source, request, { terminal, signal: stop.signal });
  } finally {
    process.off("SIGINT", onInterrupt);
  }
  if (!stop.signal.aborted) return;
  throw new CliError({ message: "Stopped.", remedy: "", exitCode: CLI_EXIT_CODES.interrupted });
}

async function converse(
  source: ChatSource,
  model: string,
  { flags, terminal, plan }: { flags: ChatFlags; terminal: Terminal; plan: Plan },
): Promise<void> {
  const { streams } = terminal;
  if (!streams) {
    throw new StartError({ message: "There is no terminal.", remedy: "Pipe a prompt in." });
  }
  const history = openHistory(flags, plan.style);
  const names = await source.listModels().catch(() => []);
  const complete = (text: string) => completions(text, names);
  const style = createStyle(plan.style, { flags, terminal, streams, history, complete });
  const session = new ChatSession({
    ...{ source, style, model, roles: plan.roles },
    system: flags.system ?? flags.convSystemMsg,
    sampling: toSampling(flags),
    isForgetful: !flags.history,
    remember: rememberIn(history, style),
  });
  // What FastChat prints before the first prompt is its model's loading; a program expects no line of ours.
  if (!style.isForPrograms) greet(style, { source, model, names });
  const undo = closeAtSignal(style);
  try {
    await session.run();
  } finally {
    undo();
    style.close();
  }
}

/** Whoever ends the chat from outside leaves its terminal as it was, too; then the signal does what it does. */
function closeAtSignal(style: ChatStyle): () => void {
  const signals = ["SIGTERM", "SIGHUP"] as const;
  const undo = () => {
    for (const it of signals) process.off(it, close);
  };
  const close = (signal: NodeJS.Signals) => {
    undo();
    style.close();
    process.kill(process.pid, signal);
  };
  for (const it of signals) process.on(it, close);
  return undo;
}

function greet(
  style: ChatStyle,
  { source, model, names }: { source: ChatSource; model: string; names: readonly string[] },
): void {
  const others = names.length > 1 ? ` ${toNames(names)}` : "";
  style.note(`${plainLine(model)} at ${source.where}.${others}`);
  style.note("/help lists commands; Ctrl-C stops an answer; Ctrl-D leaves.");
}

function openHistory({ historyFile }: ChatFlags, style: ChatStyleName): PromptHistory {
  if (style === "programmatic" || historyFile === "none") return new PromptHistory(undefined);
  return new PromptHistory(historyFile ?? defaultHistoryPath(homeFolder(), stateHome()));
}

/** A home that cannot be written to is told of once, and keeps nobody from talking. */
function rememberIn(history: PromptHistory, style: ChatStyle): (prompt: string) => void {
  let hasFailed = false;
  return (prompt) => {
    try {
      history.add(prompt);
    } catch (error) {
      if (!hasFailed) {
        const why = error instanceof Error ? error.message : String(error);
        style.complain(
          `Prompts are not kept for later: ${why}. --history-file names another file.`,
        );
      }
      hasFailed = true;
    }
  };
}

type StyleNeeds = {
  flags: ChatFlags;
  terminal: Terminal;
  streams: TerminalStreams;
  history: PromptHistory;
  complete: (text: string) => readonly string[];
};

function createStyle(name: ChatStyleName, needs: StyleNeeds): ChatStyle {
  const { flags, terminal, streams, complete } = needs;
  const isMultiline = flags.multiline === true;
  if (name === "programmatic") {
    return new PlainStyle({ io: createProgramIo(streams, terminal), isForPrograms: true });
  }
  if (isDumbTerminal() || !streams.output.isTTY) {
    return new PlainStyle({
      io: createDumbIo(streams, terminal, isMultiline),
      isForPrograms: false,
    });
  }
  const screen = new Screen(streams.output, areColoursWanted(colourWishes(), true));
  const keyboard = new Keyboard(streams.input, (text) => screen.write(text));
  const history = () => needs.history.entries;
  if (name === "rich") return new RichStyle({ screen, keyboard, history, complete });
  const editor = new LineEditor({ screen, keyboard, history, complete });
  const io = createPersonIo({ editor, keyboard }, terminal, isMultiline);
  return new PlainStyle({ io, isForPrograms: false });
}

/** Commands, and after those that take them the names of models. */
function completions(text: string, models: readonly string[]): string[] {
  const words = HELP_ROWS.flatMap(([usage]) => usage.match(/\/[a-z]+/g) ?? []);
  const [, before, begun] = /^(\/(?:model|compare)(?:\s+\S+)?\s+)(\S*)$/.exec(text) ?? [];
  if (before !== undefined) {
    return models.filter((it) => it.startsWith(begun ?? "")).map((it) => before + it);
  }
  return text.startsWith("/") ? words.filter((it) => it.startsWith(text)) : [];
}
