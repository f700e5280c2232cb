/** What stands in names of models: words, and where one ends. */

/** Sizes, versions, lengths of context, ways of training, forms of weights: no family's own words. */
const PLAIN_WORDS = [
  /^\d+(\.\d+)?[bm]$/,
  /^\d+x\d+(\.\d+)?b$/,
  // Of a mixture, what is active at once.
  /^a\d+(\.\d+)?b$/,
  /^v?\d+(\.\d+)*$/,
  /^\d+k$/,
  /^(chat|instruct|it|hf|meta|sft|dpo|rlhf)$/,
  /^(onnx|onnxruntime|ort|genai|gguf|ggml|gptq|awq|bnb|web|webgpu|cpu|gpu|cuda|mobile)$/,
  /^(u?int[48]|b?f(p)?(8|16|32)|[48]bits?|q[2-8](f16)?|nf4|quantized|rtn|block|acc|level)$/,
];
/** llama.cpp's forms of weights, which are of several words: `Q4_K_M`, `IQ3_XXS`. */
const GGUF_FORM = /(?<![a-z0-9])i?q[1-8]_(?:k|[01]|nl|x{0,2}s)(?:_(?:xs|s|m|l))?(?![a-z0-9])/g;
/** Weights before anybody taught them to chat. */
const RAW_WORDS = /^(base|pretrain(ed)?|pt|foundation)$/;

export const isPlainWord = (word: string) => PLAIN_WORDS.some((it) => it.test(word));
export const isRawWord = (word: string) => RAW_WORDS.test(word);

/** Words in lower case; `2.5` and `v0.1` stay whole. */
export function toWords(name: string): string[] {
  return name
    .toLowerCase()
    .replaceAll(GGUF_FORM, " ")
    .split(/[^a-z0-9.]+/)
    .map((word) => word.replace(/^\.+|\.+$/g, ""))
    .filter((word) => word !== "");
}

/** Whether `text` stands in a name as a word or several: `mpt` does in `mpt-7b-chat`, and not in `prompt-7b`. */
export function standsAlone(name: string, text: string): boolean {
  return findWord(name, text) >= 0;
}

/** The name without `text` where it stands as a word. */
export function withoutWord(name: string, text: string): string {
  let rest = name;
  for (let at = findWord(rest, text); at >= 0; at = findWord(rest, text)) {
    rest = `${rest.slice(0, at)} ${rest.slice(at + text.length)}`;
  }
  return rest;
}

function findWord(name: string, text: string): number {
  const lower = name.toLowerCase();
  for (let at = lower.indexOf(text); at >= 0; at = lower.indexOf(text, at + 1)) {
    const end = at + text.length;
    if (isBorder(name, at) && isBorder(name, end)) return at;
  }
  return -1;
}

/** Between a letter and anything else, between a digit and anything else, and where `camelCase` rises. */
function isBorder(name: string, at: number): boolean {
  const [before, after] = [name.charAt(at - 1), name.charAt(at)];
  if (at === 0 || after === "") return true;
  const kinds = [kindOf(before), kindOf(after)];
  if (kinds.includes("other") || kinds[0] !== kinds[1]) return true;
  return kinds[0] === "letter" && before === before.toLowerCase() && after !== after.toLowerCase();
}

function kindOf(character: string): "letter" | "digit" | "other" {
  if (/\d/.test(character)) return "digit";
  return /[a-z]/i.test(character) ? "letter" : "other";
}
