import { join } from "node:path";
import type { Preset } from "@/lib/engine/synthetic/dimensions";
import type { WeightForm } from "@/lib/engine/synthetic/weight-form";
import { writeSyntheticEncoder } from "@/lib/engine/synthetic/write-synthetic-encoder";
import { writeSyntheticModel } from "@/lib/engine/synthetic/write-synthetic-model";
import { once } from "../engine/models";

const SEED = 1;

/** Folder of a decoder as Optimum exports it, with a cache that grows; written unless an earlier run has. */
export async function ensureGrowingModel(
  folder: string,
  preset: Preset,
  { form, softCap }: { form: WeightForm; softCap: number | undefined },
): Promise<string> {
  const kind = softCap === undefined ? "growing" : `growing-cap${softCap}`;
  const target = join(folder, "models", `${preset}-${form}-${kind}`);
  const growing = softCap === undefined ? {} : { softCap };
  await once(target, () =>
    writeSyntheticModel({ folder: target, preset, form, seed: SEED, growing }),
  );
  return target;
}

/** Folder of an encoder of BERT-base's dimensions, in single precision. */
export async function ensureEncoder(folder: string): Promise<string> {
  const target = join(folder, "models", "bert-base-fp32");
  await once(target, () =>
    writeSyntheticEncoder({ folder: target, preset: "bert-base", seed: SEED }),
  );
  return target;
}
