import { chooseFamily } from "@/lib/adapters/choose-family";
import { getTemplate } from "@/lib/adapters/known-template";
import type { TemplateFacts } from "@/lib/adapters/template-facts";
import { toConversation } from "@/lib/adapters/templates";
import { FamilyTemplate } from "@/lib/engine/text/family-template";
import { AppError } from "@/lib/errors";
import type { Message } from "@/lib/protocol/message";
import { hasImage, messageText } from "@/lib/protocol/message";
import type { ModelFeature, ModelOffer } from "@/lib/protocol/worker-card";
import { UPSTREAM_CONTEXT_LENGTH_DEFAULT } from "@/lib/upstream-limits";
import { describeEntry, toTerms } from "../describe-entry";
import { toBuild, toOffer, type WireModel } from "../openai-wire/wire-model";
import { toDialect } from "./hosted-dialect";
import type { HostedModel } from "./hosted-model";

/** What servers of one model call it where nobody says (TGI's documentation of its chats). */
const ONLY_MODEL = "tgi";

export function toWireModel(entry: HostedModel): WireModel {
  const { name, model, endpoint, contextLength, features } = entry;
  const template = findTemplate(entry)?.name ?? "";
  // An endpoint of which nobody says what it serves is known by its address alone.
  const weights = [model === undefined ? (endpoint ?? "") : "", template].join("\n");
  const kept: ModelFeature[] = [];
  if (chats(entry)) kept.push("chat");
  if (features.includes("embeddings")) kept.push("embeddings");
  if (features.includes("reasoning")) kept.push("reasoning");
  const limits =
    template === ""
      ? ""
      : `Messages are written to it by the template ${template}, and it goes on with the text.`;
  return {
    name,
    upstreamName: model ?? ONLY_MODEL,
    build: toBuild("huggingface", model ?? ONLY_MODEL, weights),
    contextLength: contextLength ?? UPSTREAM_CONTEXT_LENGTH_DEFAULT,
    features: kept,
    dialect: toDialect(entry),
    description: describeEntry(entry, limits),
  };
}

export function toHostedOffer(entry: HostedModel, model: WireModel): ModelOffer {
  return { ...toOffer(model), ...toTerms(entry) };
}

function chats({ features }: HostedModel): boolean {
  return features.includes("chat") || !features.includes("embeddings");
}

/** Of a model whose prompts are written here. */
export function findTemplate({ api, template, model }: HostedModel): TemplateFacts | undefined {
  if (api === "chat") return undefined;
  if (template !== undefined) return getTemplate(template);
  return model === undefined ? undefined : chooseFamily({ name: model }).template;
}

/** A conversation as its template writes it, and the texts that end an answer. */
export class PromptWriter {
  readonly stops: readonly string[];
  readonly #template: FamilyTemplate;

  constructor(facts: TemplateFacts) {
    const conversation = toConversation(facts);
    this.stops = conversation.stop;
    this.#template = new FamilyTemplate(conversation);
  }

  /** @throws AppError `unsupported-parameter` for what the template has no words for. */
  write(messages: readonly Message[]): string {
    try {
      const spoken = messages.map((message) => {
        if (hasImage(message)) throw new Error("a prompt of text alone shows no image.");
        const { role, toolCalls } = message;
        return { role, content: messageText(message), tool_calls: toolCalls };
      });
      return this.#template.render({ messages: spoken, add_generation_prompt: true });
    } catch (cause) {
      // All that it throws are clauses about the conversation.
      const why = cause instanceof Error ? cause.message : "";
      throw new AppError("unsupported-parameter", {
        message: `This model cannot be given the conversation: ${why}`,
        ...{ param: "messages", cause },
      });
    }
  }
}
