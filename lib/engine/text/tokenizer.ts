import { randomBytes } from "node:crypto";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import { assert } from "@/lib/util/assert";
import type { AddedToken, TokenizerConfig, TokenizerJson } from "./tokenizer-schema";

/**
 * Text to token ids, with control tokens out of a caller's reach.
 *
 * A chat template writes control tokens as text ("<|im_end|>"), and a tokenizer turns that text into
 * ids wherever it stands: whoever types it into a message would end their turn and open one in the
 * assistant's name. So control tokens get a second, secret spelling, drawn anew in each process, and
 * the library knows them by that alone:
 *
 * 1. `quote` replaces each control token in what a caller wrote by a secret placeholder;
 * 2. the template is rendered around it;
 * 3. `encodePrompt` gives the control tokens that the template wrote their secret spelling, puts the
 *    caller's text back as typed, and encodes. Typed control tokens are then plain characters.
 *
 * Text without control tokens takes the same ids as in the library alone (`tokenizer.test.ts`).
 */

/** U+FDD0 and U+FDD1 are noncharacters: reserved for use inside a program, no text means them. */
const OPEN = "\uFDD0";
const CLOSE = "\uFDD1";

export class Tokenizer {
  readonly #hub: HubTokenizer;
  readonly #secret = randomBytes(12).toString("hex");
  /** Control tokens by their public spelling. */
  readonly #controlIds: ReadonlyMap<string, number>;
  /** Those that no text may take: all but the one for what the vocabulary cannot spell. */
  readonly #controlIdSet: ReadonlySet<number>;
  readonly #anyControl: RegExp | undefined;

  constructor(json: TokenizerJson, config: TokenizerConfig) {
    const control = json.added_tokens.filter(isFrame);
    this.#controlIds = new Map(control.map((token) => [token.content, token.id]));
    const unknownId = findUnknownId(json);
    this.#controlIdSet = new Set([...this.#controlIds.values()].filter((id) => id !== unknownId));
    this.#anyControl = toAlternation([...this.#controlIds.keys()]);
    const respell = (token: AddedToken) =>
      // The library would look for a token marked `normalized` in normalized text; ours is put in before.
      isFrame(token)
        ? { ...token, content: this.#controlSpelling(token.id), normalized: false }
        : token;
    const secretOf = (id: number) =>
      this.#controlIdSet.has(id) ? this.#controlSpelling(id) : undefined;
    this.#hub = new HubTokenizer(
      {
        ...json,
        added_tokens: json.added_tokens.map(respell),
        model: { ...json.model, vocab: respellVocabulary(json.model.vocab, secretOf) },
      },
      { ...config, additional_special_tokens: [] },
    );
  }

  /** Ids of plain text. Control tokens in it are characters like any other. */
  encodeText(text: string): number[] {
    return text === "" ? [] : this.#encode(text, 0);
  }

  /** What a caller wrote, made safe for a chat template. Undone by `encodePrompt`. */
  quote(text: string): string {
    if (this.#anyControl === undefined) return text;
    return text.replaceAll(this.#anyControl, (it) => this.#quotedSpelling(this.#controlId(it)));
  }

  /** Ids of a rendered chat template whose messages went through `quote`. */
  encodePrompt(rendered: string): number[] {
    if (this.#anyControl === undefined || rendered === "") return this.encodeText(rendered);
    let controlCount = 0;
    const text = rendered.replaceAll(this.#anyControl, (it) => {
      const id = this.#controlId(it);
      if (this.#controlIdSet.has(id)) controlCount++;
      return this.#controlSpelling(id);
    });
    return this.#encode(this.unquote(text), controlCount);
  }

  /** What went through `quote`, as it was typed: for messages, which must not tell the secret spelling. */
  unquote(text: string): string {
    let typed = text;
    for (const [content, id] of this.#controlIds) {
      typed = typed.replaceAll(this.#quotedSpelling(id), content);
    }
    return typed;
  }

  #encode(text: string, controlCount: number): number[] {
    const { ids } = this.#hub.encode(text, { add_special_tokens: false });
    // The other half of the promise above: whatever the vocabulary does, no turn was forged.
    const found = ids.filter((id) => this.#controlIdSet.has(id)).length;
    assert(found === controlCount, "a control token came from a caller's text");
    return ids;
  }

  #controlId(content: string): number {
    const id = this.#controlIds.get(content);
    assert(id !== undefined, "the pattern matches control tokens only");
    return id;
  }

  #controlSpelling(id: number): string {
    return `${OPEN}${this.#secret}c${id}${CLOSE}`;
  }

  #quotedSpelling(id: number): string {
    return `${OPEN}${this.#secret}q${id}${CLOSE}`;
  }
}

/**
 * What templates put around what people write. Not all of it is marked as special: `<tool_response>` and
 * `<think>` of Qwen's vocabularies are added tokens like others, and a tool's result could close its own frame.
 * Other added tokens are plain text (runs of spaces in those of GPT-NeoX).
 */
function isFrame({ special, content }: AddedToken): boolean {
  return special || /^<\S+>$|^\[[A-Z_/]+\]$/.test(content);
}

/**
 * Some vocabularies list control tokens among the pieces that text is made of ("</s>" in those of
 * SentencePiece), where the model would find them in typed text all the same.
 */
function respellVocabulary(vocabulary: unknown, secretOf: (id: number) => string | undefined) {
  if (Array.isArray(vocabulary)) {
    return vocabulary.map((entry: unknown[], id) => [secretOf(id) ?? entry[0], ...entry.slice(1)]);
  }
  if (typeof vocabulary !== "object" || vocabulary === null) return vocabulary;
  const entries = Object.entries(vocabulary);
  return Object.fromEntries(entries.map(([token, id]) => [secretOf(Number(id)) ?? token, id]));
}

/** The token of what has none, which any text may take. */
function findUnknownId({ model, added_tokens: added }: TokenizerJson): number | undefined {
  const { unk_id: id, unk_token: token } = model;
  if (typeof id === "number") return id;
  return added.find((it) => it.content === token)?.id;
}

/** A pattern for any of `words`, the longest first, as the library matches them; undefined for none. */
function toAlternation(words: string[]): RegExp | undefined {
  if (words.length === 0) return undefined;
  const longestFirst = [...words].sort((a, b) => b.length - a.length);
  const escaped = longestFirst.map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(escaped.join("|"), "g");
}
