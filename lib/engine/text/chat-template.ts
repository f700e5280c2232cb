import { createHash } from "node:crypto";
import type { Conversation } from "@/lib/adapters/conversation";
import { AppError } from "@/lib/errors";
import { StartError } from "@/lib/util/start-error";
import type { Tool } from "../answer/answer-format";
import { FamilyTemplate } from "./family-template";
import { JinjaTemplate } from "./jinja/jinja-template";
import { probeReasoning, type ReasoningControl } from "./reasoning-control";
import { probeAbilities, type RenderTemplate, type TemplateAbilities } from "./template-abilities";
import type { TokenizerConfig } from "./tokenizer-schema";
import { spellOutTools, type ToolText, toTemplateTool } from "./tool-text";

export type ChatMessage = {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  /** Of the assistant: what it asked to have called; `arguments` is JSON text. */
  toolCalls?: readonly { id: string; name: string; arguments: string }[] | undefined;
  /** Of a tool: the call that this is the result of. */
  toolCallId?: string | undefined;
};

export type RenderOptions = {
  /** What the model may ask to have called. */
  tools?: readonly Tool[] | undefined;
  /** Tools, calls and results go into plain messages this way instead of to the template. */
  toolText?: ToolText | undefined;
  /** More for the template to read, by the names it has for them (`enable_thinking`). A caller's text: quoted. */
  variables?: Readonly<Record<string, unknown>> | undefined;
  /** Ends where the assistant begins to speak; true unless told. */
  addGenerationPrompt?: boolean | undefined;
};

/** For models that bring no template (they were not trained to chat): speakers by name. */
const NEUTRAL_TEMPLATE = `{% for message in messages %}{{ message['role'] | capitalize + ': ' + message['content'] + '\n\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}`;
/** Without an end-of-turn token such a model goes on in the visitor's name. */
const NEUTRAL_STOPS = ["\n\nUser:", "\n\nSystem:", "\n\nAssistant:"];
/** As long as Mistral's templates want the ids of calls. */
const SHORT_ID_LENGTH = 9;

/** What a prompt is made with: Jinja, as models bring it, or the conversation template of a family. */
export type TemplateSource = string | Conversation;

/** What renders: Jinja, or a family's rules. */
type Renderer = { render(variables: Record<string, unknown>): string };

/** Messages to the text a model was trained to continue, as the model's own template or its family's has it. */
export class ChatTemplate {
  /** Strings that end an answer besides the model's own end token. */
  readonly stopStrings: readonly string[];
  /** True when the model brought no template, is of no known family, and the neutral one is used. */
  readonly isNeutral: boolean;
  /** The model's templates in Jinja, one after the other; undefined when it has none. */
  readonly source: string | undefined;
  /** The template of the model's family, where prompts are made with one. */
  readonly family: Conversation | undefined;
  /** Why it makes no prompt of a plain question, a clause; undefined where it does. */
  readonly fault: string | undefined;
  readonly abilities: TemplateAbilities;
  readonly reasoning: ReasoningControl;
  readonly #template: Renderer;
  /** For conversations with tools, where the model has one of its own. */
  readonly #toolTemplate: Renderer;
  readonly #tokens: Record<string, string>;
  readonly #mayWriteAscii: boolean;

  /**
   * @param given the model's template; undefined when it has none.
   * @throws StartError when the template is no valid Jinja.
   */
  constructor(given: TemplateSource | undefined, config: TokenizerConfig) {
    const source = typeof given === "string" ? given : undefined;
    this.family = typeof given === "string" ? undefined : given;
    const toolSource = source === undefined ? undefined : findNamed(config, "tool_use");
    this.isNeutral = given === undefined;
    this.source = toolSource === undefined ? source : `${source}\n${toolSource}`;
    this.#mayWriteAscii = this.source?.includes("ensure_ascii") ?? false;
    this.stopStrings = this.isNeutral ? NEUTRAL_STOPS : (this.family?.stop ?? []);
    this.#template = this.family
      ? new FamilyTemplate(this.family)
      : parseTemplate(source ?? NEUTRAL_TEMPLATE);
    this.#toolTemplate = toolSource === undefined ? this.#template : parseTemplate(toolSource);
    // Templates write these by name; an absent one must be empty and not "undefined".
    this.#tokens = {
      bos_token: config.bos_token ?? "",
      eos_token: config.eos_token ?? "",
      pad_token: config.pad_token ?? "",
      unk_token: config.unk_token ?? "",
    };
    const common = { ...this.#tokens, add_generation_prompt: true };
    this.abilities = probeAbilities((it) => this.#toolTemplate.render({ ...common, ...it }));
    this.fault = findFault((it) => this.#template.render({ ...common, ...it }));
    this.reasoning = probeReasoning((it) => this.#template.render({ ...common, ...it }));
  }

  /**
   * The prompt, up to where the assistant begins to speak.
   *
   * @throws AppError `invalid-request` when the template refuses these messages (some want strictly
   * alternating roles, some know no system message); `not-supported` for tools where the template lists
   * none and no `toolText` is given.
   */
  render(messages: readonly ChatMessage[], options: RenderOptions = {}): string {
    const { tools, toolText, variables, addGenerationPrompt = true } = options;
    const hasTools = tools !== undefined && tools.length > 0;
    const common = {
      ...variables,
      ...this.#tokens,
      add_generation_prompt: addGenerationPrompt,
    };
    if (toolText) {
      const { takesSystem } = this.abilities;
      const spelled = spellOutTools(messages, { tools, toolText, takesSystem });
      return this.#render(this.#template, { ...common, messages: spelled });
    }
    if (hasTools && !this.abilities.takesTools) {
      throw new AppError("not-supported", {
        message:
          "This model's chat template lists no tools. Leave out `tools` or ask another model.",
        param: "toolRequest",
      });
    }
    const isAboutTools = hasTools || messages.some((it) => it.role === "tool" || it.toolCalls);
    return this.#render(isAboutTools ? this.#toolTemplate : this.#template, {
      ...common,
      messages: this.#toTemplateMessages(messages),
      ...(hasTools && { tools: tools.map(toTemplateTool) }),
    });
  }

  #render(template: Renderer, variables: Record<string, unknown>): string {
    try {
      const text = template.render(variables);
      return this.#mayWriteAscii ? restoreNoncharacters(text) : text;
    } catch (cause) {
      throw new AppError("invalid-request", {
        message: `This model's chat template does not take these messages: ${describe(cause)}`,
        param: "messages",
        cause,
      });
    }
  }

  /** Messages as templates on the hub expect them. */
  #toTemplateMessages(messages: readonly ChatMessage[]): Record<string, unknown>[] {
    const names = new Map<string, string>();
    const turns = this.abilities.takesSeveralCalls ? messages : splitCalls(messages);
    return turns.map(({ role, content, toolCalls, toolCallId }) => {
      for (const call of toolCalls ?? []) names.set(call.id, call.name);
      const calls = toolCalls?.map((call) => ({
        id: this.#toId(call.id),
        type: "function",
        function: { name: call.name, arguments: this.#toArguments(call.arguments) },
      }));
      if (calls) return { role, content, tool_calls: calls };
      if (toolCallId === undefined) return { role, content };
      const name = names.get(toolCallId);
      const id = this.#toId(toolCallId);
      return { role, content, ...(name !== undefined && { name }), tool_call_id: id };
    });
  }

  #toArguments(json: string): unknown {
    if (this.abilities.argumentsForm === "text") return json;
    try {
      return JSON.parse(json);
    } catch {
      return json; // What a model wrote and broke off; it reads it again as it was.
    }
  }

  /** An id that the template takes; the same id always becomes the same. */
  #toId(id: string): string {
    if (!this.abilities.needsShortIds || /^[A-Za-z0-9]{9}$/.test(id)) return id;
    return createHash("sha256").update(id).digest("hex").slice(0, SHORT_ID_LENGTH);
  }
}

/** Tries a question, also after a system message: some templates want one. */
function findFault(render: RenderTemplate): string | undefined {
  const question = { role: "user", content: "probe-question" };
  const faults = [[question], [{ role: "system", content: "probe" }, question]].map((messages) => {
    try {
      const isAsked = render({ messages }).includes(question.content);
      return isAsked ? undefined : "it leaves out what is asked";
    } catch (error) {
      return describe(error);
    }
  });
  return faults.includes(undefined) ? undefined : faults[0];
}

/** One call a message, each followed by its result, for templates that write no more. */
function splitCalls(messages: readonly ChatMessage[]): ChatMessage[] {
  const split: ChatMessage[] = [];
  for (const message of messages) {
    if (message.role === "tool") {
      const caller = split.findLastIndex((it) => it.toolCalls?.[0]?.id === message.toolCallId);
      split.splice(caller < 0 ? split.length : caller + 1, 0, message);
    } else if (message.toolCalls) {
      for (const [at, call] of message.toolCalls.entries()) {
        split.push({ ...message, content: at === 0 ? message.content : "", toolCalls: [call] });
      }
    } else split.push(message);
  }
  return split;
}

/** The template among those that tokenizer_config.json may list by name. */
export function findChatTemplate(config: TokenizerConfig): string | undefined {
  const listed = config.chat_template;
  if (!Array.isArray(listed)) return listed ?? undefined;
  return findNamed(config, "default") ?? listed[0]?.template;
}

function findNamed(config: TokenizerConfig, name: string): string | undefined {
  const listed = config.chat_template;
  return Array.isArray(listed) ? listed.find((it) => it.name === name)?.template : undefined;
}

/** JSON in ASCII spells out the noncharacters around what `Tokenizer.quote` put in. */
function restoreNoncharacters(text: string): string {
  return text.replaceAll("\\ufdd0", "\uFDD0").replaceAll("\\ufdd1", "\uFDD1");
}

function parseTemplate(source: string): JinjaTemplate {
  try {
    return new JinjaTemplate(source);
  } catch (cause) {
    throw new StartError({
      message: `The chat template cannot be read: ${describe(cause)}`,
      remedy: "Correct chat_template.jinja (or chat_template in tokenizer_config.json).",
      cause,
    });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
