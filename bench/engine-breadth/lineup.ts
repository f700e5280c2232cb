import { installPeers } from "../engine/install-peers";
import { ensureModel } from "../engine/models";
import type { Question } from "../engine/question";
import { DRAW_KINDS } from "../engine/question";
import type { SeriesKey } from "../engine/series";
import { Subject, type SubjectKind } from "../engine/subject";
import { ensureEncoder, ensureGrowingModel } from "./models";
import type { BreadthOptions } from "./options";

/** Of the weights of decoders; what grammars and forms cost does not depend on it. */
export const WEIGHT_FORM = "int4-block128";
/** Sequences that decode side by side. */
export const BATCH = 8;
export const CONTEXT_LENGTH = 128;
const STEP_COUNT = 48;
/** Context of one sequence: enough for the prompt and what is decoded after it. */
const LENGTH_MAX = 512;
/** As Gemma 2 has it. */
const SOFT_CAP = 50;
const TOKEN_COUNT = 600;
/** Salts of schemas and texts that no other part of the run has seen. */
const SCHEMA_SALT = 100;
const TEXT_SALT = 200;

/** Whoever is measured, as they stand in the tables. */
export const WHO = {
  grammar: "grammar",
  inPlace: "GroupQueryAttention",
  /** Attention in plain operators, which is replaced when the graph is loaded. */
  optimum: "Optimum export",
  /** The same with a cap on its scores, which keeps its attention from being replaced. */
  capped: "Optimum export, capped",
  encoder: "ours",
  transformers: "transformers.js",
} as const;

/** One thing to ask of one process, in each round once. */
export type Case = { key: SeriesKey; subject: Subject; question(round: number): Question };

export type BreadthLineup = {
  cases: Case[];
  /** Who could not be started, and why. */
  failures: Map<string, string>;
  close(): void;
};

type Opening = {
  options: BreadthOptions;
  say: (line: string) => void;
  signal: AbortSignal;
  start(
    who: string,
    kind: SubjectKind,
    toSettings: () => Promise<object>,
  ): Promise<Subject | undefined>;
};

/** Writes the models, installs the peer and starts every process; who fails is left out and named. */
export async function openLineup(
  options: BreadthOptions,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<BreadthLineup> {
  const subjects: Subject[] = [];
  const failures = new Map<string, string>();
  const close = () => {
    for (const subject of subjects) subject.stop();
  };
  const start: Opening["start"] = async (who, kind, toSettings) => {
    say(`${who}: its model, its process`);
    try {
      const subject = await Subject.start(kind, await toSettings(), signal);
      subjects.push(subject);
      return subject;
    } catch (error) {
      if (signal.aborted) throw error;
      failures.set(who, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const opening = { options, say, signal, start };
  const cases: Case[] = [];
  try {
    if (options.parts.includes("grammar")) cases.push(...(await grammarCases(opening)));
    const needsDecoder = options.parts.includes("steps") || options.parts.includes("forms");
    if (needsDecoder) cases.push(...(await decoderCases(opening)));
    if (options.parts.includes("embeddings")) cases.push(...(await embeddingCases(opening)));
    return { cases, failures, close };
  } catch (error) {
    close();
    throw error;
  }
}

async function grammarCases({ start }: Opening): Promise<Case[]> {
  const subject = await start(WHO.grammar, "grammar", async () => ({}));
  if (!subject) return [];
  const who = WHO.grammar;
  return [
    {
      ...{ key: { part: "compile", who }, subject },
      question: (round) => ({ kind: "grammar-compile", salt: SCHEMA_SALT + round }),
    },
    ...DRAW_KINDS.map((draw) => ({
      ...{ key: { part: "tokens", who, detail: draw }, subject },
      question: (round: number) => ({
        ...{ kind: "grammar-tokens" as const, draw, tokenCount: TOKEN_COUNT, salt: round + 1 },
      }),
    })),
  ];
}

async function decoderCases({ options, start }: Opening): Promise<Case[]> {
  const { folder, model, threadCount } = options;
  const settings = {
    ...{ threadCount, slotCount: BATCH, lengthMax: LENGTH_MAX, mayVaryWithBatch: false },
    graphCacheFolder: `${folder}/graphs`,
  };
  const inPlace = await start(WHO.inPlace, "engine", async () => ({
    ...{ ...settings, modelFolder: await ensureModel(folder, model, WEIGHT_FORM) },
  }));
  const cases: Case[] = [];
  if (inPlace && options.parts.includes("steps")) {
    for (const batch of [1, BATCH]) {
      cases.push(decodeCase("free", WHO.inPlace, inPlace, { batch }));
      cases.push(decodeCase("constrained", WHO.inPlace, inPlace, { batch, isConstrained: true }));
    }
  }
  if (!options.parts.includes("forms")) return cases;
  if (inPlace) cases.push(decodeCase("forms", WHO.inPlace, inPlace, { batch: BATCH }));
  for (const [who, softCap] of [
    [WHO.optimum, undefined],
    [WHO.capped, SOFT_CAP],
  ] as const) {
    const subject = await start(who, "engine", async () => ({
      ...settings,
      modelFolder: await ensureGrowingModel(folder, model, { form: WEIGHT_FORM, softCap }),
    }));
    if (subject) cases.push(decodeCase("forms", who, subject, { batch: BATCH }));
  }
  return cases;
}

function decodeCase(
  part: string,
  who: string,
  subject: Subject,
  { batch, isConstrained = false }: { batch: number; isConstrained?: boolean },
): Case {
  return {
    ...{ key: { part, who, detail: batch }, subject },
    question: () => ({
      ...{ kind: "decode", batch, stepCount: STEP_COUNT, contextLength: CONTEXT_LENGTH },
      ...{ sampling: "temperature", isConstrained },
    }),
  };
}

async function embeddingCases({ options, signal, start }: Opening): Promise<Case[]> {
  const { folder, threadCount, textCount } = options;
  const modelFolder = await ensureEncoder(folder);
  const subjects = new Map<string, Subject | undefined>();
  const ours = { modelFolder, threadCount, graphCacheFolder: `${folder}/graphs` };
  subjects.set(WHO.encoder, await start(WHO.encoder, "encoder", async () => ours));
  if (options.hasPeers) {
    const peer = await start(WHO.transformers, "transformers-encoder", async () => ({
      ...{ peersFolder: await installPeers(folder, signal), modelFolder, threadCount },
    }));
    subjects.set(WHO.transformers, peer);
  }
  return [...subjects].flatMap(([who, subject]) =>
    subject === undefined
      ? []
      : {
          ...{ key: { part: "embeddings", who }, subject },
          question: (round) => ({ kind: "embed", textCount, salt: TEXT_SALT + round }),
        },
  );
}
