/** OpenAI's categories of what a moderator finds (API reference, Moderations). */
export const CATEGORIES = [
  ...(["harassment", "harassment/threatening", "hate", "hate/threatening"] as const),
  ...(["illicit", "illicit/violent"] as const),
  ...(["self-harm", "self-harm/instructions", "self-harm/intent"] as const),
  ...(["sexual", "sexual/minors", "violence", "violence/graphic"] as const),
] as const;
export type Category = (typeof CATEGORIES)[number];

/**
 * What other classifiers call these, in lower case with dashes. The letters are those of the Koala
 * text-moderation models, the words those of the classifiers made for the Jigsaw data sets and of common
 * detectors of one kind. Coarse words stand under OpenAI's coarse category. Words that may mean anything
 * offensive (`obscene`, `profanity`) are under none.
 */
const OTHER_LABELS: Record<string, Category> = {
  ...{
    hr: "harassment",
    toxic: "harassment",
    toxicity: "harassment",
    "severe-toxic": "harassment",
  },
  ...{ "severe-toxicity": "harassment", insult: "harassment", bullying: "harassment" },
  ...{ threat: "harassment/threatening" },
  ...{ h: "hate", "identity-hate": "hate", "identity-attack": "hate", hateful: "hate" },
  ...{ "hate-speech": "hate", h2: "hate/threatening" },
  ...{ sh: "self-harm", suicide: "self-harm", "self-harm-intent": "self-harm/intent" },
  ...{ s: "sexual", nsfw: "sexual", "sexual-explicit": "sexual", s3: "sexual/minors" },
  ...{ v: "violence", violent: "violence", v2: "violence/graphic", graphic: "violence/graphic" },
};

/** The category that a label of a model stands for; undefined for one that is none of them. */
export function findCategory(label: string): Category | undefined {
  const plain = label
    .trim()
    .toLowerCase()
    .replace(/[\s_-]+/g, "-");
  // "self_harm" and "Self Harm" are OpenAI's word as well; so is "sexual-minors" without the slash.
  const own = CATEGORIES.find((it) => it === plain || it.replace("/", "-") === plain);
  if (own !== undefined) return own;
  return Object.hasOwn(OTHER_LABELS, plain) ? OTHER_LABELS[plain] : undefined;
}
