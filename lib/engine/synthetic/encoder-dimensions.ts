/** Sizes of an encoder of the BERT family: learned positions, post-norm layers, a Gelu feed-forward. */
export type EncoderDimensions = {
  layerCount: number;
  hiddenSize: number;
  headCount: number;
  /** Width of the feed-forward. */
  innerSize: number;
  vocabularySize: number;
  /** Tokens of a text, control tokens included. */
  contextLength: number;
  normEpsilon: number;
};

const COMMON = { vocabularySize: 30_522, contextLength: 512, normEpsilon: 1e-12 } as const;

/**
 * `tiny` is for tests. The two others have the dimensions in the published `config.json` of
 * all-MiniLM-L6-v2 and bert-base-uncased, since speed depends on them and not on what the weights say.
 */
export const ENCODER_PRESETS = {
  tiny: {
    ...COMMON,
    layerCount: 2,
    hiddenSize: 64,
    headCount: 4,
    innerSize: 128,
    vocabularySize: 6_000,
    contextLength: 64,
  },
  "minilm-l6": { ...COMMON, layerCount: 6, hiddenSize: 384, headCount: 12, innerSize: 1_536 },
  "bert-base": { ...COMMON, layerCount: 12, hiddenSize: 768, headCount: 12, innerSize: 3_072 },
} as const satisfies Record<string, EncoderDimensions>;

export type EncoderPreset = keyof typeof ENCODER_PRESETS;
