import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { StartError } from "@/lib/util/start-error";
import type { GraphSession } from "../onnx/graph-session";
import { fitAdapter } from "./fit-adapter";
import type { LoraAdapter } from "./lora-adapter";
import { readOnnxAdapter } from "./read-onnx-adapter";

/** An adapter that a person asks for. */
export type AdapterSource = {
  /** What the model with this adapter is asked for by. */
  name: string;
  path: string;
};

/** Places in a FlatBuffers file are 32-bit, and signed where they lead back. */
const FILE_BYTES_MAX = 2 ** 31 - 1;

/**
 * Reads an adapter's file and checks that it fits a loaded graph.
 *
 * @param base what messages call the model.
 * @throws StartError when the graph takes no adapters, the file is none, or it is one for another graph.
 */
export async function loadAdapter(
  source: AdapterSource,
  session: Pick<GraphSession, "kind" | "overridable">,
  base: string,
): Promise<LoraAdapter> {
  const path = resolve(source.path);
  expectAdaptable(session, { path, base });
  const bytes = await readWhole(path);
  const tensors = parse(path, bytes);
  return {
    name: source.name,
    build: createHash("sha256").update(bytes).digest("hex"),
    tensors: fitAdapter(session, tensors, { source: path, base }),
  };
}

/**
 * The build of a model with an adapter: of the two together, since only both decide what it says.
 *
 * @param base the model's own, hex.
 */
export function buildWith(base: string, adapter: Pick<LoraAdapter, "build">): string {
  return createHash("sha256").update(`${base}\n${adapter.build}`).digest("hex");
}

function expectAdaptable(
  { kind, overridable }: Pick<GraphSession, "kind" | "overridable">,
  { path, base }: { path: string; base: string },
): void {
  if (kind === "portable") {
    throw new StartError({
      message: `${path} cannot be used: adapters need onnxruntime's C interface, and ${base} is run through the package's own.`,
      remedy:
        "Leave --session and PARLEY_WORKER_SESSION out, or merge the adapter into the weights.",
    });
  }
  if (overridable.length > 0) return;
  throw new StartError({
    message: `${path} cannot be used: the graph of ${base} takes no adapters (none of its weights is an input as well).`,
    remedy:
      "Export the model for adapters, with onnxruntime-genai's model builder (adapter_path) or Olive, or merge the adapter into its weights.",
  });
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw folderIsNone(path);
    const { size } = found;
    if (size > FILE_BYTES_MAX) throw new Error("it is larger than 2 GB");
    return await readFile(path);
  } catch (cause) {
    throw cause instanceof StartError ? cause : broken(path, cause);
  }
}

/** Training leaves folders. Neither the names nor the scale of what is in them are a graph's. */
function folderIsNone(path: string): StartError {
  const isPeft = existsSync(join(path, "adapter_config.json"));
  return new StartError({
    message: isPeft
      ? `${path} is an adapter as PEFT keeps it, which no graph takes as it is.`
      : `${path} is a folder and no adapter.`,
    remedy: isPeft
      ? "Convert it for the graph with Olive (olive convert-adapters), and give the .onnx_adapter file that comes out."
      : "Give the .onnx_adapter file that was exported with the model.",
  });
}

function parse(path: string, bytes: Uint8Array) {
  try {
    return readOnnxAdapter(bytes);
  } catch (cause) {
    throw broken(path, cause);
  }
}

function broken(path: string, cause: unknown): StartError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StartError({
    message: `${path} cannot be read as an adapter: ${reason.replace(/([^.!?])$/, "$1.")}`,
    remedy:
      "Give the .onnx_adapter file that was exported with the model, and copy it again if it is.",
    cause,
  });
}
