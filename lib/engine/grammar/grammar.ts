/** A JSON schema as it came in a request; `true` allows every value. */
export type JsonSchema = boolean | { readonly [key: string]: unknown };

/** What an answer must look like, from its first token to its last. */
export type GrammarSpec =
  /** Any JSON object: OpenAI's `json_object`. */
  | { type: "json-object" }
  | { type: "json-schema"; schema: JsonSchema }
  /** The whole answer matches, whether or not the expression says so with `^` and `$`. */
  | { type: "regex"; pattern: string }
  /** One of these texts. */
  | { type: "choice"; choices: readonly string[] }
  /** Texts and grammars in turn, as answers with reasoning or tool calls have them. */
  | { type: "structure"; structure: Structure };

/** A tree of what may follow what. */
export type Structure =
  | { type: "text"; text: string }
  /** Anything, up to where the part around it ends it. */
  | { type: "any-text" }
  /**
   * With `at`, a JSON pointer, the schema there, whose references are to all of `schema`. With `orElse`, that
   * schema where the first cannot be kept to.
   */
  | { type: "json-schema"; schema: JsonSchema; at?: string; orElse?: JsonSchema }
  /** A text as it stands, without quotes, that is valid under a schema of strings and has no `without` in it. */
  | { type: "plain-string"; schema: JsonSchema; without: string; orElse?: JsonSchema }
  | { type: "regex"; pattern: string }
  | { type: "sequence"; parts: readonly Structure[] }
  | { type: "one-of"; parts: readonly Structure[] }
  | Tag
  /** Free text in which each trigger begins one of the tags; a trigger is the beginning of a tag's `begin`. */
  | {
      type: "triggered-tags";
      triggers: readonly string[];
      tags: readonly Tag[];
      isOneNeeded: boolean;
      endsAfterFirst: boolean;
    }
  /** Tags one after the other with a text between two of them. */
  | {
      type: "separated-tags";
      tags: readonly Tag[];
      separator: string;
      isOneNeeded: boolean;
      endsAfterFirst: boolean;
    };

export type Tag = { type: "tag"; begin: string; content: Structure; end: string };

/** Which tokens may come next: bit `id & 31` of word `id >> 5`. As many bits as the graph has logits, or more. */
export type TokenMask = Int32Array;

/**
 * One answer's way through a grammar. Masks are made elsewhere, while the graph runs; the step loop
 * neither waits for one nor computes one.
 */
export interface GrammarMatcher {
  /** What may come next; undefined until it is known. Nobody writes to it; valid until `accept`. */
  readonly mask: TokenMask | undefined;
  /** Whether the answer is whole: nothing but an end token may follow. */
  readonly isComplete: boolean;
  /**
   * Resolves when `mask` is there or the answer is whole.
   *
   * @throws AppError when the grammar cannot go on; that request's alone.
   */
  whenReady(): Promise<void>;
  /** Takes the token that was drawn, one of those in `mask`; the next mask is made meanwhile. */
  accept(id: number): void;
  /** Gives its memory back. Whoever waits for it hears nothing more. */
  close(): void;
}

/** Makes matchers, outside of the thread that runs the model. */
export interface GrammarCompiler {
  /**
   * @param endTokenIds the tokens that may end the answer once it is whole; none: it ends by itself.
   * @param accepted tokens that the answer has already; none unless given.
   * @throws AppError `invalid-request` with `param` "grammar" when it is no grammar, cannot be met, or
   * asks for what cannot be guaranteed; `timeout` when it takes too long; the signal's reason on abort.
   */
  compile(
    spec: GrammarSpec,
    endTokenIds: readonly number[],
    signal: AbortSignal,
    accepted?: readonly number[],
  ): Promise<GrammarMatcher>;
  close(): Promise<void>;
}
