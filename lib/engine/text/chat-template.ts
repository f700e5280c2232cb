import { Template } from "@huggingface/jinja";
import { AppError } from "@/lib/errors";
import { StartError } from "@/lib/util/start-error";
import type { TokenizerConfig } from "./tokenizer-schema";

export type ChatMessage = {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  /** Of the assistant: what it asked to have called; `arguments` is JSON text. */
  toolCalls?: readonly { id: string; name: string; arguments: string }[] | undefined;
  /** Of a tool: the call that this is the result of. */
  toolCallId?: string | undefined;
};

/** For models that bring no template (they were not trained to chat): speakers by name. */
const NEUTRAL_TEMPLATE = `{% for message in messages %}{{ message['role'] | capitalize + ': ' + message['content'] + '\n\n' }}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}`;
/** Without an end-of-turn token such a model goes on in the visitor's name. */
const NEUTRAL_STOPS = ["\n\nUser:", "\n\nSystem:", "\n\nAssistant:"];

/** Messages to the text a model was trained to continue, as the model's own Jinja template has it. */
export class ChatTemplate {
  /** Strings that end an answer besides the model's own end token. */
  readonly stopStrings: readonly string[];
  /** True when the model brought no template and the neutral one is used. */
  readonly isNeutral: boolean;
  readonly #template: Template;
  readonly #tokens: Record<string, string>;

  /**
   * @param source the model's template; undefined when it has none.
   * @throws StartError when the template is no valid Jinja.
   */
  constructor(source: string | undefined, config: TokenizerConfig) {
    this.isNeutral = source === undefined;
    this.stopStrings = this.isNeutral ? NEUTRAL_STOPS : [];
    try {
      this.#template = new Template(source ?? NEUTRAL_TEMPLATE);
    } catch (cause) {
      throw new StartError({
        message: `The chat template cannot be read: ${describe(cause)}`,
        remedy: "Correct chat_template.jinja (or chat_template in tokenizer_config.json).",
        cause,
      });
    }
    // Templates write these by name; an absent one must be empty and not "undefined".
    this.#tokens = {
      bos_token: config.bos_token ?? "",
      eos_token: config.eos_token ?? "",
      pad_token: config.pad_token ?? "",
      unk_token: config.unk_token ?? "",
    };
  }

  /**
   * The prompt, up to where the assistant begins to speak.
   *
   * @throws AppError `invalid-request` when the template refuses these messages (some want strictly
   * alternating roles, some know no system message).
   */
  render(messages: readonly ChatMessage[]): string {
    try {
      return this.#template.render({ ...this.#tokens, messages, add_generation_prompt: true });
    } catch (cause) {
      throw new AppError("invalid-request", {
        message: `This model's chat template does not take these messages: ${describe(cause)}`,
        param: "messages",
        cause,
      });
    }
  }
}

/** The template among those that tokenizer_config.json may list by name. */
export function findChatTemplate(config: TokenizerConfig): string | undefined {
  const listed = config.chat_template;
  if (!Array.isArray(listed)) return listed ?? undefined;
  return (listed.find((it) => it.name === "default") ?? listed[0])?.template;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
