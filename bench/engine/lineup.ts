import type { GgufType } from "@/lib/engine/synthetic/gguf-blocks";
import type { WeightForm } from "@/lib/engine/synthetic/weight-form";
import type { Stored } from "./bytes-per-step";
import { installPeers } from "./install-peers";
import { ensureGguf, ensureModel } from "./models";
import { BATCH_DEPENDENT_FORM, type EngineBenchOptions, type PeerName } from "./options";
import { Subject } from "./subject";

export type Competitor = {
  /** As it stands in the table: the form of ours, or the peer's name. */
  name: string;
  kind: "ours" | "llama" | "transformers";
  stored: Stored;
  /** False where an answer depends on who else is in the batch. */
  isBatchInvariant: boolean;
  subject: Subject;
};

export type Lineup = {
  competitors: Competitor[];
  /** One process a core, which read memory at the same time. */
  memory: Subject[];
  /** Who could not be started, and why. */
  failures: Map<string, string>;
  close(): void;
};

const GGUF_TYPES: Partial<Record<PeerName, GgufType>> = {
  "llama-q4_0": "Q4_0",
  "llama-q8_0": "Q8_0",
};
/** What transformers.js gets, unless a form of four bits is measured anyway. */
const TRANSFORMERS_FORM: WeightForm = "int4-block128";
/** Context of one sequence: enough for the longest prompt measured and its answer. */
export const LENGTH_MAX = 1_024;

/** Writes the models, installs the peers and starts every process; who fails is left out and named. */
export async function openLineup(
  options: EngineBenchOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Lineup> {
  const lineup: Lineup = {
    ...{ competitors: [], memory: [], failures: new Map() },
    close() {
      for (const subject of [...this.memory, ...this.competitors.map((it) => it.subject)]) {
        subject.stop();
      }
    },
  };
  const opening = { options, say, signal, lineup };
  try {
    for (let core = 0; core < options.threadCount; core++) {
      lineup.memory.push(await Subject.start("memory", {}, signal));
    }
    for (const form of options.forms) await openOurs(opening, form);
    if (options.peers.length > 0) await openPeers(opening);
    return lineup;
  } catch (error) {
    lineup.close();
    throw error;
  }
}

type Opening = {
  options: EngineBenchOptions;
  say: (line: string) => void;
  signal: AbortSignal;
  lineup: Lineup;
};

async function openOurs({ options, say, signal, lineup }: Opening, form: WeightForm) {
  const { folder, model, threadCount, batches } = options;
  say(`model ${model} in ${form}`);
  try {
    const modelFolder = await ensureModel(folder, model, form);
    const slotCount = Math.max(16, ...batches);
    const mayVaryWithBatch = form === BATCH_DEPENDENT_FORM;
    const settings = {
      ...{ modelFolder, threadCount, slotCount, mayVaryWithBatch, lengthMax: LENGTH_MAX },
      graphCacheFolder: `${folder}/graphs`,
    };
    lineup.competitors.push({
      ...{ name: form, kind: "ours", stored: { weights: form, cacheElementBytes: 4 } },
      isBatchInvariant: !mayVaryWithBatch,
      subject: await Subject.start("engine", settings, signal),
    });
  } catch (error) {
    note(lineup, form, error);
  }
}

async function openPeers(opening: Opening): Promise<void> {
  const { options, say, signal, lineup } = opening;
  let peersFolder: string;
  try {
    say("installing the peers, unless they are there");
    peersFolder = await installPeers(options.folder, signal);
  } catch (error) {
    for (const peer of options.peers) note(lineup, peer, error);
    return;
  }
  for (const peer of options.peers) {
    say(`${peer}: its model, its process`);
    try {
      lineup.competitors.push(await openPeer(opening, peer, peersFolder));
    } catch (error) {
      note(lineup, peer, error);
    }
  }
}

async function openPeer(
  { options, signal }: Opening,
  name: PeerName,
  peersFolder: string,
): Promise<Competitor> {
  const { folder, model, threadCount } = options;
  const type = GGUF_TYPES[name];
  if (type) {
    const modelPath = await ensureGguf(folder, model, type);
    const settings = { peersFolder, modelPath, threadCount, lengthMax: LENGTH_MAX };
    return {
      // llama.cpp keeps keys and values in half precision.
      ...{ name, kind: "llama", stored: { weights: type, cacheElementBytes: 2 } },
      isBatchInvariant: true,
      subject: await Subject.start("llama", settings, signal),
    };
  }
  const form = options.forms.find((it) => it.startsWith("int4")) ?? TRANSFORMERS_FORM;
  const modelFolder = await ensureModel(folder, model, form);
  return {
    ...{ name, kind: "transformers", stored: { weights: form, cacheElementBytes: 4 } },
    isBatchInvariant: true,
    subject: await Subject.start("transformers", { peersFolder, modelFolder, threadCount }, signal),
  };
}

function note(lineup: Lineup, name: string, error: unknown): void {
  lineup.failures.set(name, error instanceof Error ? error.message : String(error));
}
