import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { StartError } from "@/lib/util/start-error";
import { probeBatchInvariance } from "../batch-invariance";
import type { ReadyRunner } from "../create-runner";
import type { GraphSession } from "../onnx/graph-session";
import { type AdapterSource, loadAdapter } from "./load-adapter";
import type { LoraAdapter } from "./lora-adapter";

export type LoadedAdapter = LoraAdapter & {
  /** False where a request's numbers depend on who shares its steps. */
  isBatchInvariant: boolean;
};

export type AdapterHost = ReadyRunner & {
  session: GraphSession;
  /** What messages call the model, and what no adapter may be called. */
  base: string;
};

/**
 * Loads adapters over a model that is ready to run, and runs each once.
 *
 * @throws StartError that names the adapter at fault.
 */
export async function loadAdapters(
  sources: readonly AdapterSource[],
  host: AdapterHost,
): Promise<ReadonlyMap<string, LoadedAdapter>> {
  const adapters = new Map<string, LoadedAdapter>();
  for (const source of sources) {
    if (source.name === host.base || adapters.has(source.name)) {
      throw new StartError({
        message: `Two models would be named ${source.name}, which is the name they are asked for by.`,
        remedy: "Give each adapter a name of its own, and none that of the model folder.",
      });
    }
    const adapter = await loadAdapter(source, host.session, host.base);
    adapters.set(source.name, {
      ...adapter,
      isBatchInvariant: await tryOut(adapter, source, host),
    });
  }
  return adapters;
}

/** Bytes that the files of adapters take; one that is not there has none, which loading it then says. */
export async function measureAdapters(sources: readonly AdapterSource[]): Promise<number> {
  const found = await Promise.all(
    sources.map((it) => stat(resolve(it.path)).catch(() => undefined)),
  );
  return found.reduce((sum, it) => sum + (it?.isFile() ? it.size : 0), 0);
}

/**
 * Whether rows get the same bits in any company, by running the graph with the adapter: its matrices are
 * fed and not prepacked, and how onnxruntime cuts their products up among its threads depends on their rank
 * and on the rows. Over 64, 576, 896 and 1,536 inputs: with one thread every rank from 2 to 256 keeps its bits;
 * with two those up to 16 and 256 do, and 24 to 128 do not (but over 64 inputs).
 */
async function tryOut(
  adapter: LoraAdapter,
  { path }: AdapterSource,
  { session, runner, isBatchInvariant, mayCutAnywhere }: AdapterHost,
): Promise<boolean> {
  try {
    // Rows that run by themselves, or that vary already, have nothing more to show; and only a cache that
    // is written in place can be probed.
    if (!isBatchInvariant || runner.cache.runsRowsAlone) {
      await runner.prefill({ row: 0, start: 0, ids: [0, 1], logits: "last", adapter });
      return isBatchInvariant;
    }
    const probe = await probeBatchInvariance(session, runner.signature, {
      ...{ contextLength: runner.cache.capacity, adapter },
    });
    return probe.rows !== "none" && (probe.mayCutAnywhere || !mayCutAnywhere);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError({
      message: `${path} cannot be used: the graph does not run with it (${reason}).`,
      remedy: "Take the adapter that was exported with this very graph.",
      cause,
    });
  }
}
