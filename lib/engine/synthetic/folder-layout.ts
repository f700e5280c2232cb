import { join } from "node:path";
import type { OnnxModel } from "../onnx/onnx-model";
import { ELEMENT_TYPE } from "../onnx/onnx-model";
import { makeGraphAttribute, makeNode, makeValue } from "../onnx/onnx-parts";
import { renameTensors, renameValues } from "../onnx/rename-values";
import type { ModelDimensions } from "./dimensions";

/**
 * Where a model's files lie and what they are called:
 *
 * - `hub`: `onnx/model*.onnx` and config.json.
 * - `root`: the same without `onnx/`.
 * - `merged`: `onnx/decoder_model_merged*.onnx`, the graph within an `If` that an input decides.
 * - `genai`: `model.onnx` and genai_config.json alone, as onnxruntime-genai's model builder writes them.
 * - `genai-renamed`: the same with inputs and outputs under names of their own.
 */
export type FolderLayout = "hub" | "root" | "merged" | "genai" | "genai-renamed";

export const isGenai = (layout: FolderLayout) => layout.startsWith("genai");

/** Folder and name of the graph, and of the weights beside it. */
export function placeGraph(folder: string, graphFile: string, layout: FolderLayout) {
  if (isGenai(layout)) {
    return { folder, graphFile: "model.onnx", weightsFile: "model.onnx.data" };
  }
  const file =
    layout === "merged"
      ? graphFile.replace(/^/, "decoder_").replace("model", "model_merged")
      : graphFile;
  return {
    folder: layout === "root" ? folder : join(folder, "onnx"),
    graphFile: file,
    weightsFile: `${file}_data`,
  };
}

/** The graph as the layout has it. */
export function layOutGraph(model: OnnxModel, layout: FolderLayout): OnnxModel {
  if (layout === "merged") return mergeBranches(model);
  if (layout !== "genai-renamed") return model;
  const names = [...model.graph.input, ...model.graph.output].map(({ name }) => name);
  return renameTensors(model, new Map(names.map((name) => [name, toOwnName(name)])));
}

/** `past_key_values.3.key` is `pastKey.3`, `input_ids` is `inputIds`. */
function toOwnName(name: string): string {
  const [, time = "", layer = "", part = ""] =
    /^(past|present)\D*(\d+)\.(key|value)$/.exec(name) ?? [];
  if (layer !== "") return `${time}${part === "key" ? "Key" : "Value"}.${layer}`;
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The graph twice in an `If`: with a past, and as if there were none, which nobody is to run. */
function mergeBranches(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const outputs = new Set(graph.output.map((it) => it.name));
  const made = graph.node.flatMap((it) => it.output).filter((name) => name !== "");
  const toBranch = (suffix: string) => {
    const names = new Map(made.map((name) => [name, `${name}/${suffix}`]));
    const node = renameValues(graph, names);
    return {
      name: suffix,
      node: suffix === "no_past" ? node.map(withoutPast) : node,
      initializer: [],
      input: [],
      output: graph.output.map((it) => ({ ...it, name: `${it.name}/${suffix}` })),
    };
  };
  const attribute = [
    makeGraphAttribute("then_branch", toBranch("with_past")),
    makeGraphAttribute("else_branch", toBranch("no_past")),
  ];
  return {
    ...model,
    graph: {
      ...graph,
      input: [...graph.input, makeValue("use_cache_branch", ELEMENT_TYPE.bool, [1])],
      node: [makeNode("If", { input: ["use_cache_branch"], output: [...outputs], attribute })],
    },
  };
}

/** Joining nothing to new keys leaves them as they are. */
function withoutPast(node: OnnxModel["graph"]["node"][number]) {
  const isJoin =
    node.opType === "Concat" && node.input.some((it) => it.startsWith("past_key_values."));
  if (!isJoin) return node;
  return makeNode("Identity", { input: node.input.slice(1), output: node.output });
}

/** genai_config.json. */
export function toGenaiConfig(
  dimensions: ModelDimensions,
  options: { layout: FolderLayout; endTokenIds: number[]; takesPositionIds: boolean },
): object {
  const { layout, endTokenIds, takesPositionIds } = options;
  const name = (it: string) => (layout === "genai-renamed" ? toOwnName(it) : it);
  const pattern = (it: string) => name(it.replace("%d", "0")).replace(/\d+/, "%d");
  return {
    model: {
      type: dimensions.qkvBias ? "qwen2" : "llama",
      bos_token_id: endTokenIds[0],
      eos_token_id: endTokenIds,
      pad_token_id: endTokenIds.at(-1),
      context_length: dimensions.contextLength,
      vocab_size: dimensions.vocabularySize,
      decoder: {
        session_options: { log_id: "onnxruntime-genai", provider_options: [] },
        filename: "model.onnx",
        head_size: dimensions.headSize,
        hidden_size: dimensions.hiddenSize,
        num_attention_heads: dimensions.headCount,
        num_hidden_layers: dimensions.layerCount,
        num_key_value_heads: dimensions.kvHeadCount,
        inputs: {
          input_ids: name("input_ids"),
          attention_mask: name("attention_mask"),
          ...(takesPositionIds && { position_ids: name("position_ids") }),
          past_key_names: pattern("past_key_values.%d.key"),
          past_value_names: pattern("past_key_values.%d.value"),
        },
        outputs: {
          logits: name("logits"),
          present_key_names: pattern("present.%d.key"),
          present_value_names: pattern("present.%d.value"),
        },
      },
    },
    search: {
      ...{ do_sample: true, temperature: 0.6, top_k: 20, top_p: 0.95, repetition_penalty: 1.1 },
      ...{ num_beams: 1, max_length: dimensions.contextLength, past_present_share_buffer: true },
    },
  };
}
