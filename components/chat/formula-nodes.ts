import katex, { type KatexOptions } from "katex";

/** Expansions of macros that a formula may cost; KaTeX allows 1,000, and no honest formula needs many. */
const EXPANSIONS_MAX = 300;
/** In em: a rule or a gap that a formula asks for. Without a limit it may cover the page. */
const SIZE_MAX = 20;
const CACHED_MAX = 300;

export const FORMULA_OPTIONS: KatexOptions = {
  maxExpand: EXPANSIONS_MAX,
  maxSize: SIZE_MAX,
  strict: "ignore",
  throwOnError: true,
  // No command that links, loads a picture or names a class or a style.
  trust: false,
  // Such a command is shown by its name; KaTeX's own red is too faint on a dark page.
  errorColor: "inherit",
};

const cached = new Map<string, Node>();

/**
 * A formula as nodes of the page, with MathML beside them for readers of the screen; undefined where KaTeX
 * cannot set it (a mistake in it, or nested too deeply).
 */
export function toFormulaNodes(tex: string, isDisplay: boolean): Node | undefined {
  const key = `${isDisplay ? "d" : "i"}${tex}`;
  let node = cached.get(key);
  if (node === undefined) {
    node = render(tex, isDisplay);
    if (node === undefined) return undefined;
    // Rows of a long chat come and go: the same formula is set once.
    const oldest = cached.size >= CACHED_MAX ? cached.keys().next().value : undefined;
    if (oldest !== undefined) cached.delete(oldest);
    cached.set(key, node);
  }
  return node.cloneNode(true);
}

function render(tex: string, isDisplay: boolean): Node | undefined {
  const frame = document.createElement("span");
  try {
    katex.render(tex, frame, { ...FORMULA_OPTIONS, displayMode: isDisplay });
  } catch {
    // A mistake in the formula, or a RangeError of one that nests thousands deep: its source is shown.
    return undefined;
  }
  return frame.firstChild ?? undefined;
}
