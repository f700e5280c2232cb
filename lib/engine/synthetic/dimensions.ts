/**
 * Sizes of a decoder of the Llama family: root-mean-square norms, rotary positions, grouped-query
 * attention and a SiLU-gated feed-forward. `qkvBias` makes it a Qwen2.
 */
export type ModelDimensions = {
  layerCount: number;
  hiddenSize: number;
  headCount: number;
  kvHeadCount: number;
  headSize: number;
  /** Width of the feed-forward. */
  innerSize: number;
  vocabularySize: number;
  /** Base of the rotary frequencies. */
  ropeTheta: number;
  qkvBias: boolean;
  /** The head uses the embedding's weights. */
  isTied: boolean;
  contextLength: number;
  normEpsilon: number;
};

const COMMON = { isTied: true, contextLength: 4_096, normEpsilon: 1e-6 } as const;

/**
 * `tiny` is for tests: every part of a decoder, written in milliseconds. The two others have the
 * dimensions in the published `config.json` of SmolLM2-135M and Qwen2.5-0.5B (context shortened),
 * since speed depends on them and not on what the weights say.
 */
export const PRESETS = {
  tiny: {
    ...COMMON,
    layerCount: 2,
    hiddenSize: 64,
    headCount: 4,
    kvHeadCount: 2,
    headSize: 16,
    innerSize: 160,
    vocabularySize: 1_000,
    ropeTheta: 10_000,
    qkvBias: false,
    contextLength: 512,
  },
  "smollm2-135m": {
    ...COMMON,
    layerCount: 30,
    hiddenSize: 576,
    headCount: 9,
    kvHeadCount: 3,
    headSize: 64,
    innerSize: 1_536,
    vocabularySize: 49_152,
    ropeTheta: 100_000,
    qkvBias: false,
  },
  "qwen2.5-0.5b": {
    ...COMMON,
    layerCount: 24,
    hiddenSize: 896,
    headCount: 14,
    kvHeadCount: 2,
    headSize: 64,
    innerSize: 4_864,
    vocabularySize: 151_936,
    ropeTheta: 1_000_000,
    qkvBias: true,
  },
} as const satisfies Record<string, ModelDimensions>;

export type Preset = keyof typeof PRESETS;

/** @throws Error that names the relation which does not hold. */
export function checkDimensions(dimensions: ModelDimensions): void {
  const { headCount, kvHeadCount, headSize, vocabularySize } = dimensions;
  for (const [name, size] of Object.entries(dimensions)) {
    if (typeof size === "number" && !(size > 0)) throw new Error(`${name} must be positive`);
  }
  if (headCount % kvHeadCount !== 0) throw new Error("kvHeadCount must divide headCount");
  // Rotary embedding turns pairs; other sizes than these are not tested.
  if (headSize % 16 !== 0) throw new Error("headSize must be a multiple of 16");
  if (vocabularySize < VOCABULARY_SIZE_MIN) {
    throw new Error(`vocabularySize must be at least ${VOCABULARY_SIZE_MIN}`);
  }
}

/** 256 bytes, the control tokens, and at least one token that stands for nothing else. */
export const VOCABULARY_SIZE_MIN = 260;
