import { AppError } from "@/lib/errors";

/**
 * How a FastChat template puts turns together. A worker tells its style as a number, and the numbers moved:
 * `LLAMA3` came in as the eighth in spring 2024, after the last release that pip installs (0.2.36), and
 * shifted all that follow. FastChat's own API server takes the number as it comes and so must be as old as
 * its workers. Here a name that FastChat registers decides, and for templates of one's own the record's age.
 */
export const SEPARATOR_STYLES = [
  ...(["add-colon-single", "add-colon-two", "add-colon-space-single"] as const),
  ...(["no-colon-single", "no-colon-two", "add-new-line-single", "llama2", "llama3"] as const),
  ...(["chatglm", "chatml", "chatintern", "dolly", "rwkv", "phoenix", "robin"] as const),
  ...(["falcon-chat", "chatglm3", "deepseek-chat", "metamath", "yuan2", "gemma"] as const),
  ...(["cllm", "default"] as const),
] as const;

export type SeparatorStyle = (typeof SEPARATOR_STYLES)[number];

/** In their order of 0.2.36, which has none of the four. */
const LATER: ReadonlySet<SeparatorStyle> = new Set<SeparatorStyle>([
  ...(["llama3", "gemma", "cllm", "default"] as const),
]);
const EARLIER_STYLES = SEPARATOR_STYLES.filter((style) => !LATER.has(style));

/** Templates that FastChat registers with a style whose number depends on its age. */
const STYLE_BY_TEMPLATE: Partial<Record<SeparatorStyle, readonly string[]>> = {
  llama3: ["llama-3"],
  chatglm: ["chatglm", "chatglm2"],
  chatglm3: ["chatglm3"],
  chatml: [
    ...["mpt-7b-chat", "mpt-30b-chat", "lemur-70b-chat", "starchat", "mistral-7b-openorca"],
    ...["dolphin-2.2.1-mistral-7b", "OpenHermes-2.5-Mistral-7B", "Nous-Hermes-2-Mixtral-8x7B-DPO"],
    ...["qwen-7b-chat", "Yi-34b-chat", "zephyr", "catppt", "TinyLlama", "orca-2", "llava-chatml"],
  ],
  chatintern: ["internlm-chat"],
  dolly: ["dolly_v2", "vigogne_instruct"],
  rwkv: ["rwkv", "falcon"],
  phoenix: ["phoenix", "ReaLM-7b-v1"],
  robin: ["Robin", "tigerbot"],
  "falcon-chat": ["openchat_3.5", "tenyxchat", "falcon-chat"],
  "deepseek-chat": ["deepseek-chat"],
  metamath: ["metamath"],
  yuan2: ["yuan2"],
  gemma: ["gemma"],
  cllm: ["cllm"],
};

const KNOWN = new Map(
  SEPARATOR_STYLES.flatMap((style) =>
    (STYLE_BY_TEMPLATE[style] ?? []).map((name) => [name, style] as const),
  ),
);

export type StyleNumber = {
  /** The template's. */
  name: string;
  number: number;
  /** Whether the record has fields that came with or after `LLAMA3`. */
  isLater: boolean;
};

/** @throws AppError `upstream-invalid` for a number that FastChat never had. */
export function toSeparatorStyle({ name, number, isLater }: StyleNumber): SeparatorStyle {
  const [later, earlier] = [SEPARATOR_STYLES[number - 1], EARLIER_STYLES[number - 1]];
  const known = KNOWN.get(name);
  // A template that was registered anew under a known name says neither.
  if (known !== undefined && (known === later || known === earlier)) return known;
  const told = isLater ? later : earlier;
  if (told !== undefined) return told;
  throw new AppError("upstream-invalid", {
    message: `The template \`${name}\` of a FastChat worker has the style ${number}, which is not known here.`,
  });
}
