/**
 * How a FastChat template puts turns together: `SeparatorStyle` of fastchat/conversation.py, in its order.
 * A worker of FastChat's tells the place in this list as a number (`style-number.ts`).
 */
export const SEPARATOR_STYLES = [
  ...(["add-colon-single", "add-colon-two", "add-colon-space-single"] as const),
  ...(["no-colon-single", "no-colon-two", "add-new-line-single", "llama2", "llama3"] as const),
  ...(["chatglm", "chatml", "chatintern", "dolly", "rwkv", "phoenix", "robin"] as const),
  ...(["falcon-chat", "chatglm3", "deepseek-chat", "metamath", "yuan2", "gemma"] as const),
  ...(["cllm", "default"] as const),
] as const;

export type SeparatorStyle = (typeof SEPARATOR_STYLES)[number];

/** The style by the name that FastChat's code has for it: `ADD_COLON_TWO` is `add-colon-two`. */
export function findStyle(name: string): SeparatorStyle | undefined {
  const ours = name.toLowerCase().replaceAll("_", "-");
  return SEPARATOR_STYLES.find((style) => style === ours);
}
