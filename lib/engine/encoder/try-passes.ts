import { StartError } from "@/lib/util/start-error";
import type { Device } from "../onnx/device";
import type { EncoderRunner } from "./encoder-runner";
import { joinTexts, type TemplatePart } from "./special-tokens";

/**
 * Tokens of the longest text that is tried: all that most encoders with a table of positions read. A
 * text of 8,192 would take a large model half a minute at each start.
 */
const TOKENS_MAX = 512;
/** Ids that a graph has a row for even where a vocabulary is said to be larger than its table. */
const IDS_MAX = 64;

export type PassesToTry = {
  /** What messages call the graph: its path. */
  source: string;
  /** Control tokens around a text, or around a pair where the model is asked for pairs. */
  parts: readonly TemplatePart[];
  contextLength: number;
  vocabularySize: number;
  /** Whether several texts may share a pass, the shorter ones filled up. */
  isShared: boolean;
  /** What runs the operators; unless given, the CPU. */
  device?: Device | undefined;
};

const FILES_REMEDY =
  "Check max_position_embeddings, pad_token_id, type_vocab_size and vocab_size in config.json against the graph, or copy the whole model folder again.";
const DEVICE_REMEDY = "Take another form of the weights, or serve with --device cpu.";

/**
 * Reads a long text and a short one, together where texts will be: a token for padding, a control token,
 * a type or a position that the graph has no row for shows here and not in somebody's request.
 *
 * @throws StartError with what onnxruntime says; the runner has let go of the session then.
 */
export async function tryPasses(
  runner: Pick<EncoderRunner, "run" | "release">,
  passes: PassesToTry,
): Promise<void> {
  const { device = "cpu", source, parts, contextLength, vocabularySize, isShared } = passes;
  const idCount = Math.min(vocabularySize, IDS_MAX);
  const length = Math.min(contextLength, TOKENS_MAX);
  const room = length - parts.filter((it) => it.kind === "special").length;
  const drawIds = (count: number) =>
    Array.from({ length: count }, (_, at) => (17 + 7 * at) % idCount);
  const textCount = parts.filter((it) => it.kind === "text").length;
  const toText = (count: number) =>
    joinTexts(parts, [drawIds(count - textCount + 1), ...(textCount > 1 ? [drawIds(1)] : [])]);
  const texts = [toText(room), toText(textCount)];
  try {
    for (const pass of isShared ? [texts] : texts.map((it) => [it])) await runner.run(pass);
  } catch (cause) {
    runner.release();
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    const shared = isShared ? ", the shorter filled up," : "";
    const where = device === "cpu" ? "as its files have it" : `on ${device}`;
    throw new StartError({
      message: `${source} does not read texts of up to ${length} tokens${shared} ${where}: ${reason.replace(/([^.!?])$/, "$1.")}`,
      remedy: device === "cpu" ? FILES_REMEDY : DEVICE_REMEDY,
      cause,
    });
  }
}
