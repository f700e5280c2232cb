import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Preset } from "@/lib/engine/synthetic/dimensions";
import type { GgufType } from "@/lib/engine/synthetic/gguf-blocks";
import type { WeightForm } from "@/lib/engine/synthetic/weight-form";
import { writeGguf } from "@/lib/engine/synthetic/write-gguf";
import { writeSyntheticModel } from "@/lib/engine/synthetic/write-synthetic-model";

/** All models are the same random weights, kept in different forms. */
const SEED = 1;

/** Folder of the model in that form; written unless an earlier run has. */
export async function ensureModel(
  folder: string,
  preset: Preset,
  form: WeightForm,
): Promise<string> {
  const target = join(folder, "models", `${preset}-${form}`);
  await once(target, () => writeSyntheticModel({ folder: target, preset, form, seed: SEED }));
  return target;
}

/** Path of the same model for llama.cpp. */
export async function ensureGguf(folder: string, preset: Preset, type: GgufType): Promise<string> {
  const target = join(folder, "models", `${preset}-${type.toLowerCase()}`);
  const path = join(target, "model.gguf");
  await once(target, () => writeGguf({ path, preset, type, seed: SEED }));
  return path;
}

/** A model that a run left half-written is written again. */
export async function once(target: string, write: () => Promise<unknown>): Promise<void> {
  const stamp = join(target, ".complete");
  if (existsSync(stamp)) return;
  mkdirSync(target, { recursive: true });
  await write();
  writeFileSync(stamp, "");
}
