import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { WEIGHT_FORMS } from "../onnx/model-files";
import { findGraphEnds, type GraphEnds } from "./graph-ends";

/** What a model folder can be asked for: answers, or what a text means. */
export type ServedKind = "decoder" | "encoder";

const PAST = /^past_key_values\.|^past_\d/;
/** Outputs that vectors are made of. */
const STATES = ["last_hidden_state", "token_embeddings", "sentence_embedding"];
const WRITES = /ForCausalLM|LMHeadModel|ForConditionalGeneration/;

/**
 * Reads from the graph which kind a folder is. Whatever is not clearly an encoder goes to the loader of
 * decoders, which says what is wrong with the folder. All forms in one folder are of one model, so that
 * any graph in it will do.
 */
export async function readServedKind(folder: string): Promise<ServedKind> {
  const ends = await findEnds(folder);
  if (!ends?.inputs.includes("input_ids")) return "decoder";
  const givesStates = ends.outputs.some((it) => STATES.includes(it));
  // A decoder may give its states besides; one that gives nothing else was exported for vectors.
  if (ends.outputs.includes("logits")) {
    const hasCache = ends.inputs.some((it) => PAST.test(it));
    return hasCache || (!givesStates && (await isWriter(folder))) ? "decoder" : "encoder";
  }
  return givesStates ? "encoder" : "decoder";
}

async function findEnds(folder: string): Promise<GraphEnds | undefined> {
  const forms: readonly string[] = WEIGHT_FORMS.map((it) => it.file);
  for (const place of [join(folder, "onnx"), folder]) {
    const names = await readdir(place).catch((): string[] => []);
    const graphs = names.filter((it) => it.endsWith(".onnx"));
    const known = forms.find((it) => graphs.includes(it)) ?? graphs.sort()[0];
    if (known !== undefined) return findGraphEnds(join(place, known));
  }
  return undefined;
}

async function isWriter(folder: string): Promise<boolean> {
  // A config that is absent or broken is told of by the loader.
  const text = await readFile(join(folder, "config.json"), "utf8").catch(() => "");
  return WRITES.test(text);
}
