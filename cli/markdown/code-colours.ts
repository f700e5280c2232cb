import type { GrammarState, HighlighterCore } from "shiki/core";
import { type Span, STYLE } from "../screen/spans";

/** The colours of one code: lines go in as they are finished. */
export type LineColours = {
  add(line: string): Span[];
  /** Of a line that may still grow. */
  peek(line: string): Span[];
};

/** What tells code its colours. */
export type CodeColours = { open(language: string): Promise<LineColours> };

const PLAIN: LineColours = {
  add: (line) => [{ text: line, style: STYLE.plain }],
  peek: (line) => [{ text: line, style: STYLE.plain }],
};

/** For terminals without colours, and for texts that are not looked at. */
export const noColours: CodeColours = { open: async () => PLAIN };

/** Of those that models write most; any other language is shown without colours. */
const LANGUAGES: Record<string, () => Promise<unknown>> = {
  bash: () => import("shiki/langs/bash.mjs"),
  c: () => import("shiki/langs/c.mjs"),
  cpp: () => import("shiki/langs/cpp.mjs"),
  csharp: () => import("shiki/langs/csharp.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  diff: () => import("shiki/langs/diff.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  java: () => import("shiki/langs/java.mjs"),
  javascript: () => import("shiki/langs/javascript.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  kotlin: () => import("shiki/langs/kotlin.mjs"),
  php: () => import("shiki/langs/php.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  ruby: () => import("shiki/langs/ruby.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  swift: () => import("shiki/langs/swift.mjs"),
  toml: () => import("shiki/langs/toml.mjs"),
  typescript: () => import("shiki/langs/typescript.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
};

const ALIASES: Record<string, string> = {
  ...{ "c++": "cpp", "c#": "csharp", cs: "csharp", js: "javascript", jsx: "javascript" },
  ...{ py: "python", python3: "python", rb: "ruby", rs: "rust", sh: "bash", shell: "bash" },
  ...{ console: "bash", zsh: "bash", ts: "typescript", tsx: "typescript", yml: "yaml" },
  ...{ kt: "kotlin", patch: "diff", golang: "go", jsonc: "json", htm: "html", xml: "html" },
};

/** A line above this is shown without colours: grammars need time by the square of it. */
const LINE_CHARACTERS_MAX = 1_000;
/**
 * For one line, where a grammar that meets its worst case gives up and leaves the rest in one colour. A
 * grammar's first line also compiles its patterns, which took more than half a second on a busy machine.
 */
const LINE_MS_MAX = 3_000;

// A theme's colours are names of ours here: what the terminal shows for them is its owner's choice.
const LOOKS: Record<string, string> = {
  "#000001": STYLE.faint,
  "#000002": STYLE.green,
  "#000003": STYLE.yellow,
  "#000004": STYLE.magenta,
  "#000005": STYLE.blue,
  "#000006": STYLE.cyan,
  "#000007": STYLE.red,
};

const THEME = {
  name: "parley-terminal",
  type: "dark" as const,
  fg: "#000000",
  bg: "#ffffff",
  settings: [
    { scope: ["comment", "punctuation.definition.comment"], settings: { foreground: "#000001" } },
    { scope: ["string", "markup.inserted"], settings: { foreground: "#000002" } },
    { scope: ["constant", "support.constant"], settings: { foreground: "#000003" } },
    { scope: ["keyword", "storage"], settings: { foreground: "#000004" } },
    { scope: ["keyword.operator"], settings: { foreground: "#000000" } },
    { scope: ["entity.name.function", "support.function"], settings: { foreground: "#000005" } },
    {
      scope: ["entity.name.type", "entity.name.tag", "support.type", "support.class"],
      settings: { foreground: "#000006" },
    },
    { scope: ["markup.deleted", "invalid"], settings: { foreground: "#000007" } },
  ],
};

/** Colours by the grammars that pages colour code with, loaded at the first fence and by language. */
export function createCodeColours(): CodeColours {
  let core: Promise<HighlighterCore> | undefined;
  return {
    open: async (said) => {
      const word = said.toLowerCase();
      const language = ALIASES[word] ?? word;
      const load = Object.hasOwn(LANGUAGES, language) ? LANGUAGES[language] : undefined;
      if (!load) return PLAIN;
      core ??= createCore();
      const highlighter = await core;
      // Each of these modules' default export is a language; shiki takes the module itself.
      await highlighter.loadLanguage(load() as Parameters<HighlighterCore["loadLanguage"]>[0]);
      return new ColouredLines(highlighter, language);
    },
  };
}

async function createCore(): Promise<HighlighterCore> {
  const [{ createHighlighterCore }, { createJavaScriptRegexEngine }] = await Promise.all([
    import("shiki/core"),
    import("shiki/engine/javascript"),
  ]);
  const engine = createJavaScriptRegexEngine({ forgiving: true });
  return createHighlighterCore({ themes: [THEME], langs: [], engine });
}

class ColouredLines implements LineColours {
  readonly #highlighter: HighlighterCore;
  readonly #lang: string;
  /** Where the last finished line left the grammar. */
  #state: GrammarState | undefined;

  constructor(highlighter: HighlighterCore, lang: string) {
    this.#highlighter = highlighter;
    this.#lang = lang;
  }

  add(line: string): Span[] {
    const { spans, state } = this.#read(line);
    this.#state = state;
    return spans;
  }

  peek(line: string): Span[] {
    return this.#read(line).spans;
  }

  #read(line: string): { spans: Span[]; state: GrammarState | undefined } {
    const { tokens, grammarState: state } = this.#highlighter.codeToTokens(line, {
      lang: this.#lang,
      theme: THEME.name,
      tokenizeMaxLineLength: LINE_CHARACTERS_MAX,
      tokenizeTimeLimit: LINE_MS_MAX,
      ...(this.#state && { grammarState: this.#state }),
    });
    const spans = (tokens[0] ?? []).map(({ content, color }) => ({
      text: content,
      style: LOOKS[color?.toLowerCase() ?? ""] ?? STYLE.plain,
    }));
    return { spans, state };
  }
}
