import { unreachable } from "@/lib/util/assert";
import { StartError } from "@/lib/util/start-error";
import { plainLine } from "../text-table";
import { ChatError } from "./chat-error";
import type { ChatSampling, ChatSource } from "./chat-source";
import type { Answered, ChatStyle } from "./chat-style";
import { Conversation, type Outcome } from "./conversation";
import { findSaved, loadConversation, saveConversation, toSavePath } from "./conversation-file";
import { toNames } from "./listed-models";
import { HELP_ROWS, readFastChatTyped, readTyped, type Typed } from "./typed-command";

export type ChatSessionOptions = {
  source: ChatSource;
  style: ChatStyle;
  model: string;
  system: string | undefined;
  roles: readonly [string, string];
  sampling: ChatSampling;
  /** Every prompt stands alone (FastChat's `--no-history`). */
  isForgetful: boolean;
  /** Remembers a prompt for arrow keys. */
  remember: (prompt: string) => void;
};

type OfType<T extends Typed["type"]> = Extract<Typed, { type: T }>;

/** A conversation with whoever sits at the terminal. FastChat's words (inference.py) are its answers. */
export class ChatSession {
  readonly #options: ChatSessionOptions;
  readonly #conversation: Conversation;
  /** Who answers: one, or the two of a comparison. */
  #models: readonly string[];
  /** Asked and not answered, for /regen. */
  #unanswered: string | undefined;

  constructor(options: ChatSessionOptions) {
    const { model, system, roles } = options;
    this.#options = options;
    this.#models = [model];
    this.#conversation = new Conversation({ system, roles });
  }

  /** Until the person leaves. */
  async run(): Promise<void> {
    const { style, isForgetful } = this.#options;
    const readMessage = style.isForPrograms ? readFastChatTyped : readTyped;
    for (;;) {
      if (isForgetful) this.#conversation.reset();
      const line = await style.read(this.#conversation.roles[0]);
      const typed: Typed = line === undefined ? { type: "exit" } : readMessage(line);
      if (typed.type === "exit") break;
      try {
        await this.#obey(typed);
      } catch (error) {
        if (!(error instanceof StartError)) throw error;
        style.complain(error.line);
      }
    }
    style.note("exit...");
  }

  async #obey(typed: Exclude<Typed, { type: "exit" }>): Promise<void> {
    switch (typed.type) {
      case "prompt":
        return this.#prompt(typed.text);
      case "reset":
        this.#say("resetting...");
        this.#unanswered = undefined;
        this.#conversation.reset();
        return;
      case "remove":
        return this.#remove();
      case "regen":
        return this.#regenerate();
      case "save":
        this.#save(typed.file);
        return;
      case "load":
        return this.#load(typed.file);
      case "help":
        this.#help();
        return;
      case "model":
        return this.#chooseModel(typed.name);
      case "system":
        this.#setSystem(typed.text);
        return;
      case "compare":
        return this.#compare(typed);
      case "vote":
        this.#vote(typed.outcome);
        return;
      case "unknown":
        this.#say(`There is no ${typed.word}; /help lists what there is.`);
        return;
      default:
        return unreachable(typed);
    }
  }

  async #prompt(text: string): Promise<void> {
    if (text.trim() === "") return;
    this.#options.remember(text);
    await this.#ask(text);
  }

  async #ask(prompt: string): Promise<void> {
    const { source, style, sampling } = this.#options;
    const models = this.#models;
    const stop = new AbortController();
    const answering = models.map((model, index) => ({
      model,
      events: source.ask(
        {
          model,
          messages: this.#conversation.toMessages(prompt, models.length > 1 ? index : undefined),
          sampling,
        },
        stop.signal,
      ),
    }));
    this.#unanswered = prompt;
    const answers = await style.answer(this.#conversation.roles[1], answering, stop);
    await this.#keep(prompt, models, answers);
  }

  /** What was answered in part is kept, but for programs, whose FastChat drops it. */
  async #keep(prompt: string, models: readonly string[], answers: readonly Answered[]) {
    const { style } = this.#options;
    const failed = answers.filter(({ error }) => error !== undefined);
    for (const { error } of failed) {
      if (!(error instanceof StartError)) throw error;
      style.complain(error.line);
    }
    const isStopped = answers.some((it) => it.isStopped);
    const isEmpty = answers.every(({ text }) => text.trim() === "");
    if (style.isForPrograms && isStopped) {
      this.#unanswered = undefined;
      this.#say("stopped generation.");
      return this.#showAll();
    }
    if (failed.length > 0 || (isStopped && isEmpty)) return;
    this.#unanswered = undefined;
    this.#conversation.add({ prompt, models, answers: answers.map(({ text }) => text.trim()) });
    if (models.length > 1) this.#say("Which was better? /vote a|b|tie|bothbad");
  }

  async #remove(): Promise<void> {
    this.#say("removing last message...");
    const failed = this.#unanswered;
    this.#unanswered = undefined;
    if (failed !== undefined) return;
    if (this.#conversation.remove()) await this.#showAll();
    else this.#say("No messages to remove.");
  }

  async #regenerate(): Promise<void> {
    this.#say("regenerating last message...");
    const { style } = this.#options;
    const last = this.#unanswered === undefined ? this.#conversation.remove() : undefined;
    const prompt = this.#unanswered ?? last?.prompt;
    if (prompt === undefined) {
      this.#say("No messages to regenerate.");
      return;
    }
    if (style.isForPrograms) {
      await this.#showAll();
      await style.show(this.#conversation.roles, { prompt, answers: [], models: [] });
    }
    await this.#ask(prompt);
    // The answer of before is better than none.
    if (last && this.#unanswered !== undefined) {
      this.#unanswered = undefined;
      this.#conversation.add(last);
      this.#say("The answer of before stays.");
    }
  }

  #save(file: string | undefined): void {
    if (file === undefined) {
      this.#say("usage: !!save <filename>");
      return;
    }
    const path = toSavePath(file);
    this.#say(`saving... ${path}`);
    saveConversation(this.#conversation, path);
  }

  async #load(file: string | undefined): Promise<void> {
    if (file === undefined) {
      this.#say("usage: !!load <filename>");
      return;
    }
    const path = findSaved(file);
    if (path === undefined) {
      this.#say(`file not found: ${file}`);
      return;
    }
    this.#say(`loading... ${path}`);
    loadConversation(this.#conversation, path);
    this.#unanswered = undefined;
    await this.#showAll();
  }

  #help(): void {
    const width = Math.max(...HELP_ROWS.map(([word]) => word.length));
    const rows = HELP_ROWS.map(([word, what]) => `${word.padEnd(width)}  ${what}`);
    this.#say(
      [
        ...rows,
        "FastChat's !!exit, !!reset, !!remove, !!regen, !!save and !!load mean the same.",
        "Alt+Enter, Ctrl-J or a backslash at the line's end begin a new line; Ctrl-C stops an answer.",
      ].join("\n"),
    );
  }

  async #chooseModel(name: string | undefined): Promise<void> {
    const names = await this.#options.source.listModels();
    if (name === undefined) {
      this.#say(`${this.#models.map(plainLine).join(" and ")}. ${toNames(names)}`);
      return;
    }
    this.#expectModels([name], names);
    this.#models = [name];
    this.#say(`${name} answers from now on.`);
  }

  #setSystem(text: string | undefined): void {
    if (text === undefined) {
      this.#say(this.#conversation.system ?? "There is no system prompt.");
      return;
    }
    this.#conversation.system = text === "none" ? undefined : text;
    this.#say(
      text === "none" ? "There is no system prompt any more." : "The system prompt is set.",
    );
  }

  async #compare({ models, prompt }: OfType<"compare">): Promise<void> {
    if (models.length === 0) {
      this.#models = this.#models.slice(0, 1);
      this.#say(`${this.#models.join("")} answers alone.`);
      return;
    }
    if (models.length === 1) {
      this.#say("usage: /compare <model> <model> [prompt]");
      return;
    }
    this.#expectModels(models, await this.#options.source.listModels());
    this.#models = models;
    if (prompt === undefined) {
      this.#say(`${models.join(" and ")} answer from now on; /compare off ends it.`);
    } else await this.#prompt(prompt);
  }

  #vote(outcome: Outcome | undefined): void {
    if (outcome === undefined) {
      this.#say("usage: /vote a|b|tie|bothbad");
      return;
    }
    if (!this.#conversation.vote(outcome)) {
      this.#say("There are no two answers to choose from; /compare asks two models.");
      return;
    }
    // A comparison whose names are known is nothing that a leaderboard counts: lib/arena/cast-vote.ts.
    this.#say(
      "Noted in this conversation, which /save keeps. It is on no leaderboard: names were known, and only blind battles count.",
    );
  }

  #expectModels(wanted: readonly string[], names: readonly string[]): void {
    const missing = wanted.find((it) => !names.includes(it));
    if (missing === undefined) return;
    throw new ChatError("unknown-model", `No model is called ${missing}.`, toNames(names));
  }

  async #showAll(): Promise<void> {
    const { roles, turns } = this.#conversation;
    for (const turn of turns) await this.#options.style.show(roles, turn);
  }

  #say(line: string): void {
    this.#options.style.note(line);
  }
}
