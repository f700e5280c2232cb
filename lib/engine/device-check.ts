import { StartError } from "@/lib/util/start-error";
import type { ModelRunner } from "./model-runner";
import type { Device } from "./onnx/device";

/** Kernels that read prompts take over from those that write at some 32 tokens. */
const PROMPT_TOKENS = [40, 64, 96];
/** Divides all of them. */
const CHUNK_TOKENS = 8;
/**
 * Root of the mean square of the difference, as a share of the logits' deviation. Rounding comes to 1e-5 in
 * fp32 and, by the bits of a half, to some hundredth after many layers; attention that was wrong came to
 * 0.13 and more.
 */
const DIFFERENCE_MAX = 0.05;

/**
 * Reads one prompt at once and in parts, which devices do with different kernels. A kernel that does not
 * suit a device may answer with wrong numbers instead of an error: WebGPU's for prompts does so on a device
 * whose subgroups are of 4 (onnxruntime 1.30), and an answer of such a model looks like one of a bad model.
 *
 * @throws StartError when the two differ by more than rounding.
 */
export async function expectRightNumbers(
  runner: ModelRunner,
  { device, source }: { device: Device; source: string },
): Promise<void> {
  const lengths = PROMPT_TOKENS.filter((it) => it < runner.cache.capacity);
  const { vocabularySize } = runner.signature;
  const read = async (start: number, end: number) => {
    const ids = Array.from(
      { length: end - start },
      (_, at) => (17 + 37 * (start + at)) % vocabularySize,
    );
    return (await runner.prefill({ row: 0, start, ids, logits: "last" })).at(0).all.slice();
  };
  let difference = 0;
  try {
    const atOnce: Float32Array[] = [];
    for (const length of lengths) atOnce.push(await read(0, length));
    for (let end = CHUNK_TOKENS; end <= Math.max(0, ...lengths); end += CHUNK_TOKENS) {
      const inParts = await read(end - CHUNK_TOKENS, end);
      const whole = atOnce[lengths.indexOf(end)];
      if (whole) difference = Math.max(difference, compare(whole, inParts));
    }
  } catch (error) {
    await runner.release();
    throw error;
  }
  if (difference <= DIFFERENCE_MAX) return;
  // A session is closed when nothing is bound to it any more.
  await runner.release();
  throw new StartError({
    message: `${device} computes ${source} wrongly here: a prompt gives other logits read at once than in parts (by ${difference.toFixed(2)} of their deviation).`,
    remedy: "Bring the device's driver up to date, or serve with --device cpu.",
  });
}

/** NaN counts as different. */
function compare(one: Float32Array, other: Float32Array): number {
  const mean = one.reduce((sum, it) => sum + it, 0) / one.length;
  let square = 0;
  let variance = 0;
  for (const [index, value] of one.entries()) {
    square += (value - (other[index] ?? Number.NaN)) ** 2;
    variance += (value - mean) ** 2;
  }
  const share = Math.sqrt(square / variance);
  return Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
}

export type OnDeviceCheck = {
  device: Device | undefined;
  /** What messages call the model: the path of its graph. */
  source: string;
  /** Activations are scaled over all that a pass reads, so numbers differ by how a prompt is cut. */
  isWholeBatchScaled: boolean;
};

/**
 * Makes what runs a model on a device, and checks that it gives right numbers there.
 *
 * @throws StartError also for what onnxruntime says of a first run: that is for a person to change.
 */
export async function onDevice<Made extends { runner: ModelRunner } | undefined>(
  check: OnDeviceCheck,
  make: () => Promise<Made>,
): Promise<Made> {
  const { device = "cpu", source, isWholeBatchScaled } = check;
  if (device === "cpu") return make();
  try {
    const made = await make();
    if (made && !isWholeBatchScaled) await expectRightNumbers(made.runner, { device, source });
    return made;
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new StartError({
      message: `${source} does not run on ${device}: ${reason.replace(/([^.!?])$/, "$1.")}`,
      remedy: "Take another form of the weights, or serve with --device cpu.",
      cause,
    });
  }
}
