import { StartError } from "@/lib/util/start-error";
import { toBytes } from "./byte-alphabet";
import type { TokenizerJson } from "./tokenizer-schema";

/**
 * What each token id stands for, as bytes: a token may end inside a code point, so text only exists
 * once bytes are joined (`detokenizer.ts`).
 */
export type TokenPiece = {
  bytes: Uint8Array;
  /** Stands outside of the text (`<|im_end|>`); never part of an answer. */
  isControl: boolean;
};

/** Two ways in which vocabularies spell bytes. */
type Spelling = "byte-level" | "sentencepiece";

const SPACE_MARK = "\u2581";
const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;

export class TokenBytes {
  /** SentencePiece writes a space before the first word that the text does not have. */
  readonly dropsFirstSpace: boolean;
  /** No token stands for more bytes than this, so a text has at least its bytes over this many tokens. */
  readonly longestTokenBytes: number;
  readonly #tokens: readonly (string | undefined)[];
  readonly #spelling: Spelling;
  readonly #added: ReadonlyMap<number, TokenPiece>;
  readonly #pieces: (TokenPiece | undefined)[] = [];

  /** @throws StartError when the vocabulary is spelled in a way we cannot read. */
  constructor(json: TokenizerJson) {
    const steps = [json.decoder, ...(json.decoder?.decoders ?? [])].filter((it) => it != null);
    this.#spelling = pickSpelling(steps.map((step) => step.type));
    this.dropsFirstSpace =
      this.#spelling === "sentencepiece" &&
      steps.some(
        (step) =>
          (step.type === "Strip" && Number(step.start) > 0) ||
          (step.type === "Metaspace" && step.prepend_scheme !== "never"),
      );
    this.#tokens = readVocabulary(json);
    // Their spelling is never shorter than what they stand for.
    this.longestTokenBytes = this.#tokens.reduce(
      (longest, token) => Math.max(longest, Buffer.byteLength(token ?? "")),
      1,
    );
    const encoder = new TextEncoder();
    this.#added = new Map(
      json.added_tokens.map((token) => [
        token.id,
        { bytes: encoder.encode(token.content), isControl: token.special },
      ]),
    );
  }

  /** The piece of `id`; an id outside of the vocabulary (a padded output row) stands for nothing. */
  get(id: number): TokenPiece {
    const known = this.#added.get(id) ?? this.#pieces[id];
    if (known) return known;
    const token = this.#tokens[id];
    const piece = { bytes: this.#spell(token ?? ""), isControl: false };
    if (token !== undefined) this.#pieces[id] = piece;
    return piece;
  }

  #spell(token: string): Uint8Array {
    const encoder = new TextEncoder();
    // A token that is not spelled in the byte alphabet was added by hand and means its own text.
    if (this.#spelling === "byte-level") return toBytes(token) ?? encoder.encode(token);
    const byte = BYTE_TOKEN.exec(token)?.[1];
    if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
    return encoder.encode(token.replaceAll(SPACE_MARK, " "));
  }
}

function pickSpelling(decoderTypes: string[]): Spelling {
  if (decoderTypes.includes("ByteLevel")) return "byte-level";
  if (decoderTypes.includes("ByteFallback") || decoderTypes.includes("Metaspace")) {
    return "sentencepiece";
  }
  throw new StartError({
    message: `tokenizer.json: its decoder (${decoderTypes.join(", ") || "none"}) is not supported.`,
    remedy: "Use a model whose tokenizer is byte-level BPE or SentencePiece.",
  });
}

/** Tokens by id. BPE lists text → id, Unigram lists [text, score] with the id as position. */
export function readVocabulary(json: TokenizerJson): (string | undefined)[] {
  const tokens: (string | undefined)[] = [];
  const vocabulary: unknown = json.model.vocab;
  if (Array.isArray(vocabulary)) {
    for (const [id, entry] of vocabulary.entries()) tokens[id] = String(entry[0]);
  } else if (typeof vocabulary === "object" && vocabulary !== null) {
    for (const [token, id] of Object.entries(vocabulary)) tokens[Number(id)] = token;
  }
  if (tokens.length === 0) {
    throw new StartError({
      message: "tokenizer.json: it lists no vocabulary.",
      remedy: "Copy tokenizer.json again from where the model came from.",
    });
  }
  return tokens;
}
