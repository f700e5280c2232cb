import type { GrammarState, HighlighterCore } from "shiki/core";

/** The highlighter and each language arrive on first use; the theme is variables of globals.css. */
const LANGUAGES: Record<string, () => Promise<unknown>> = {
  bash: () => import("shiki/langs/bash.mjs"),
  c: () => import("shiki/langs/c.mjs"),
  cpp: () => import("shiki/langs/cpp.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  java: () => import("shiki/langs/java.mjs"),
  javascript: () => import("shiki/langs/javascript.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  typescript: () => import("shiki/langs/typescript.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
};

const ALIASES: Record<string, string> = {
  "c++": "cpp",
  js: "javascript",
  jsx: "javascript",
  py: "python",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  ts: "typescript",
  tsx: "typescript",
  yml: "yaml",
};

let core: Promise<HighlighterCore> | undefined;

async function createCore(): Promise<HighlighterCore> {
  const [{ createHighlighterCore, createCssVariablesTheme }, { createJavaScriptRegexEngine }] =
    await Promise.all([import("shiki/core"), import("shiki/engine/javascript")]);
  return createHighlighterCore({
    themes: [createCssVariablesTheme({ name: "parley" })],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
}

export type CodeToken = { content: string; color: string | undefined };

/** The colouring of one code that grows: it goes on where the last complete line left the grammar. */
export type Highlighting = {
  /** Takes whole lines, the last one with its end. */
  add(lines: string): void;
  /** The colours of a line that may still grow; changes nothing. */
  peek(line: string): CodeToken[];
  /** What was added, a group for each time. */
  groups: readonly (readonly CodeToken[][])[];
};

/** A line above this is shown without colours: grammars need time by the square of it. */
const COLOURED_LINE_CHARACTERS_MAX = 1_000;
/**
 * For one line, where a grammar that meets its worst case gives up and leaves the rest in one colour. A
 * grammar's first line also compiles its patterns, which took 50 ms and more on a busy machine.
 */
const LINE_MS_MAX = 500;

/** @throws Error for a language that we do not carry. */
export async function openHighlighting(name: string): Promise<Highlighting> {
  const lang = ALIASES[name.toLowerCase()] ?? name.toLowerCase();
  const loadLanguage = Object.hasOwn(LANGUAGES, lang) ? LANGUAGES[lang] : undefined;
  if (!loadLanguage) throw new Error(`No grammar for ${name}.`);
  core ??= createCore();
  const highlighter = await core;
  if (!highlighter.getLoadedLanguages().includes(lang)) {
    // Shiki's type for a language module is not exported by this entry; it checks the shape itself.
    const module = (await loadLanguage()) as Parameters<HighlighterCore["loadLanguage"]>[0];
    await highlighter.loadLanguage(module);
  }
  const groups: CodeToken[][][] = [];
  let state: GrammarState | undefined;
  const read = (text: string) => {
    const { tokens, grammarState } = highlighter.codeToTokens(text, {
      lang,
      theme: "parley",
      tokenizeMaxLineLength: COLOURED_LINE_CHARACTERS_MAX,
      tokenizeTimeLimit: LINE_MS_MAX,
      ...(state && { grammarState: state }),
    });
    const lines = tokens.map((line) => line.map(({ content, color }) => ({ content, color })));
    return { lines, grammarState };
  };
  return {
    groups,
    add(text) {
      const { lines, grammarState } = read(text.replace(/\n$/, ""));
      groups.push(lines);
      state = grammarState;
    },
    peek: (line) => read(line).lines[0] ?? [],
  };
}
