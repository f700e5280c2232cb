import { randomBytes } from "node:crypto";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import type { TokenizerConfig, TokenizerJson } from "../text/tokenizer-schema";
import {
  type EncodedText,
  joinTexts,
  readSpecialTokens,
  type SpecialTokens,
} from "./special-tokens";
import type { TextEncoder } from "./text-encoder";

/**
 * Text to ids for models that read. Control tokens come from the post-processor's template alone:
 * whoever types "[SEP]" has typed five characters, and cannot end a query and begin a document.
 * The library gets them under spellings that nobody can type, like in `text/tokenizer.ts`; it still
 * makes the token for unknown words, which no caller gains anything by.
 */
export class EncoderTokenizer implements TextEncoder {
  readonly special: SpecialTokens;
  /** One above the highest id. */
  readonly vocabularySize: number;
  readonly #hub: HubTokenizer;
  readonly #lowers: boolean;
  /** Public spellings of the tokens that have another one in the library. */
  readonly #publicSpellings: ReadonlyMap<string, string>;
  readonly #controlIds: ReadonlySet<number>;
  readonly #unknownId: number | undefined;

  constructor(json: TokenizerJson, config: TokenizerConfig, options: { lowers: boolean }) {
    const secret = randomBytes(12).toString("hex");
    const respelled = new Map<string, string>();
    const added = json.added_tokens.map((token) => {
      if (!token.special) return token;
      // Noncharacters, which no text means.
      const content = `\uFDD0${secret}c${token.id}\uFDD1`;
      respelled.set(content, token.content);
      return { ...token, content, normalized: false, lstrip: false, rstrip: false };
    });
    this.special = readSpecialTokens(json.post_processor);
    this.#publicSpellings = respelled;
    const unknown = json.added_tokens.find((it) => it.content === config.unk_token)?.id;
    const control = json.added_tokens.filter((it) => it.special && it.id !== unknown);
    this.#controlIds = new Set(control.map((it) => it.id));
    this.#unknownId = unknown;
    this.#lowers = options.lowers;
    this.#hub = new HubTokenizer(
      { ...json, added_tokens: added, post_processor: null },
      { ...config, additional_special_tokens: [] },
    );
    const ids = [...this.#hub.get_vocab().values(), ...json.added_tokens.map((it) => it.id)];
    this.vocabularySize = ids.reduce((highest, id) => Math.max(highest, id), -1) + 1;
  }

  /** Ids of the text alone. */
  encodeText(text: string): number[] {
    if (text === "") return [];
    const { ids } = this.#hub.encode(this.#lowers ? text.toLowerCase() : text, {
      add_special_tokens: false,
    });
    // A Unigram vocabulary lists "</s>" as a piece like others, so a text can lead to it.
    const unknown = this.#unknownId;
    if (unknown === undefined) return ids;
    return ids.map((id) => (this.#controlIds.has(id) ? unknown : id));
  }

  /** What a model reads of a text: its ids with the control tokens around them. */
  encode(text: string): EncodedText {
    return joinTexts(this.special.single, [this.encodeText(text)]);
  }

  /** Text of ids, control tokens spelled out. Words come back as the vocabulary knows them. */
  decode(ids: readonly number[]): string {
    if (ids.length === 0) return "";
    let text = this.#hub.decode([...ids]);
    for (const [own, content] of this.#publicSpellings) text = text.replaceAll(own, content);
    return text;
  }
}
