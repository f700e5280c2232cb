import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { chooseFamily } from "@/lib/adapters/choose-family";
import type { Conversation } from "@/lib/adapters/conversation";
import { parseTemplateRecord } from "@/lib/adapters/conversation-record";
import {
  getTemplate,
  isTemplatePath,
  isTemplateText,
  NEUTRAL,
} from "@/lib/adapters/known-template";
import { toModelName } from "@/lib/adapters/match-adapter";
import { toConversation } from "@/lib/adapters/templates";
import { TEMPLATE_FILE_BYTES_MAX } from "@/lib/limits";
import { StartError } from "@/lib/util/start-error";
import type { ModelFiles } from "../onnx/model-files";
import type { TemplateSource } from "./chat-template";
import type { TokenizerJson } from "./tokenizer-schema";

export type TemplateChoice = {
  /** Undefined: the neutral one. */
  source: TemplateSource | undefined;
  /** Where it is from, a clause for the log. */
  origin: string;
  /** For whoever serves it, a sentence; undefined where it is the model's own. */
  warning?: string | undefined;
  /** For whoever asks it, a sentence for the model's card. */
  limit?: string | undefined;
};

type Files = Pick<
  ModelFiles,
  "folder" | "config" | "tokenizer" | "tokenizerConfig" | "chatTemplate"
>;

/**
 * What a model's prompts are made with: what was asked for, else its own template, else that of its family
 * by its name, else the neutral one.
 *
 * @param asked a template's or a family's name, that of one of several in tokenizer_config.json, the path of
 *   a file (Jinja, or FastChat's record of a conversation template as JSON), or the text of a template in Jinja.
 * @throws StartError for a name that is not known or a file that cannot be read.
 */
export async function chooseTemplate(files: Files, asked?: string): Promise<TemplateChoice> {
  if (asked !== undefined) return await readAsked(files, asked);
  if (files.chatTemplate !== undefined) {
    return { source: files.chatTemplate, origin: "its own" };
  }
  const name = toModelName(files.folder);
  const has = new Set(listTokens(files.tokenizer));
  const choice = chooseFamily({
    name,
    modelType: files.config.model_type ?? undefined,
    hasToken: (token) => has.has(token),
  });
  if (choice.template) {
    const { template, adapter } = choice;
    return {
      source: toConversation(template),
      origin: `${template.name}, by the model's name`,
      warning: `No chat template in the folder: messages are written as models of the family ${adapter.name} want them (${template.name}). --chat-template names another one.`,
      limit: `No chat template came with this model: messages are written as its family's are (${template.name}), which is known by its name alone.`,
    };
  }
  return {
    source: undefined,
    origin: "neutral",
    warning: `No chat template (chat_template.jinja, or chat_template in tokenizer_config.json), and ${choice.doubt}: messages are written as \`User: …\`, which a model trained on another form answers badly. --chat-template names the right one.`,
    limit:
      "No chat template came with this model: messages are written as `User: …`, which a model trained on another form answers badly.",
  };
}

async function readAsked(files: Files, asked: string): Promise<TemplateChoice> {
  const origin = `${asked}, as asked for`;
  if (isTemplateText(asked)) return { source: asked, origin: "Jinja, as asked for" };
  if (asked.toLowerCase() === NEUTRAL) return { source: undefined, origin };
  if (isTemplatePath(asked)) return { source: await readTemplateFile(asked), origin };
  const listed = files.tokenizerConfig.chat_template;
  const own = Array.isArray(listed) ? listed.find((it) => it.name === asked) : undefined;
  if (own) return { source: own.template, origin };
  const facts = getTemplate(asked);
  const has = new Set(listTokens(files.tokenizer));
  const missing = facts.tokens?.filter((token) => !has.has(token)) ?? [];
  if (missing.length === 0) return { source: toConversation(facts), origin };
  const warning = `The chat template ${facts.name} writes ${missing.join(" and ")}, which the model's vocabulary does not have: it was most likely trained on another one.`;
  return { source: toConversation(facts), origin, warning };
}

/** @throws StartError where the file is missing, too large, or none of the two. */
export async function readTemplateFile(given: string): Promise<TemplateSource> {
  const path = resolve(given);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new StartError({
      message: `There is no file ${path}.`,
      remedy:
        "Give --chat-template the path of a Jinja template or of FastChat's record of one as JSON.",
    });
  }
  if (found.size > TEMPLATE_FILE_BYTES_MAX) {
    throw new StartError({
      message: `${path} has ${found.size} bytes, and a chat template has ${TEMPLATE_FILE_BYTES_MAX} at most.`,
      remedy: "Give --chat-template the path of a template.",
    });
  }
  const text = await readFile(path, "utf8");
  return extname(path) === ".json" ? parseTemplateRecord(text, path) : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Added tokens, and of the vocabulary what is written like one. */
function listTokens(tokenizer: TokenizerJson): string[] {
  const { vocab } = tokenizer.model;
  const pieces = Array.isArray(vocab)
    ? vocab.map((entry: unknown) => (Array.isArray(entry) ? String(entry[0]) : ""))
    : Object.keys(isRecord(vocab) ? vocab : {});
  const marks = pieces.filter((piece) => /^<.+>$/.test(piece));
  return [...tokenizer.added_tokens.map(({ content }) => content), ...marks];
}

/**
 * Tokens that end an answer by a family's template: ids are those of another vocabulary where the token of an
 * id is none that ends anything, so only control tokens are taken.
 */
export function listFamilyEnds(family: Conversation, tokenizer: TokenizerJson): number[] {
  const { separator, separator2, stop, stopTokenIds } = family;
  const marks = new Set([separator, separator2, ...stop].map((it) => it.trim()));
  return tokenizer.added_tokens
    .filter(
      (token) => token.special && (stopTokenIds.includes(token.id) || marks.has(token.content)),
    )
    .map((token) => token.id);
}

/** The files as the choice makes them: what ends an answer, and which build it is. */
export function applyTemplate(files: ModelFiles, { source }: TemplateChoice): ModelFiles {
  const family = typeof source === "object" ? source : undefined;
  const chatTemplate = typeof source === "string" ? source : undefined;
  const isOwn = chatTemplate === files.chatTemplate && !family;
  if (isOwn) return files;
  const ends = family ? listFamilyEnds(family, files.tokenizer) : [];
  const told = JSON.stringify(source ?? NEUTRAL);
  return {
    ...files,
    chatTemplate,
    // A template of the folder's for conversations about tools is none of this one's.
    tokenizerConfig: { ...files.tokenizerConfig, chat_template: undefined },
    endTokenIds: [...new Set([...files.endTokenIds, ...ends])],
    // Who makes other prompts gives other answers: no worker goes on where another one left off.
    build: createHash("sha256").update(`${files.build}\0${told}`).digest("hex"),
  };
}
