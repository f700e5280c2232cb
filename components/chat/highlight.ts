import type { HighlighterCore } from "shiki/core";

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

/** Lines of coloured tokens; undefined for a language we do not carry. */
export async function highlight(code: string, name: string): Promise<CodeToken[][] | undefined> {
  const lang = ALIASES[name.toLowerCase()] ?? name.toLowerCase();
  const loadLanguage = LANGUAGES[lang];
  if (!loadLanguage) return undefined;
  core ??= createCore();
  const highlighter = await core;
  if (!highlighter.getLoadedLanguages().includes(lang)) {
    // Shiki's type for a language module is not exported by this entry; it checks the shape itself.
    const module = (await loadLanguage()) as Parameters<HighlighterCore["loadLanguage"]>[0];
    await highlighter.loadLanguage(module);
  }
  const { tokens } = highlighter.codeToTokens(code, { lang, theme: "parley" });
  return tokens.map((line) => line.map(({ content, color }) => ({ content, color })));
}
