import { performance } from "node:perf_hooks";
import * as z from "zod";
import { createGrammarCompiler } from "@/lib/engine/grammar/create-grammar-compiler";
import type { GrammarCompiler, GrammarMatcher } from "@/lib/engine/grammar/grammar";
import { sampleToken, wantsBlockSums } from "@/lib/engine/sampling/sampler";
import type { SamplingParameters } from "@/lib/engine/sampling/sampling-parameters";
import { parametersOf, stateOf, withLists } from "@/lib/engine/sampling/testing";
import type { TokenLogits } from "@/lib/engine/sampling/token-logits";
import { countAllowed } from "@/lib/engine/sampling/token-mask";
import { type Answer, type DrawKind, type Opener, refuse } from "../engine/question";
import { percentile } from "../load";
import { orderSchema } from "./schema";
import { END_TOKEN_ID, makeVocabulary, VOCABULARY_SIZE } from "./vocabulary";

/** Rows of logits that tokens are drawn from in turn. */
const ROW_COUNT = 8;
/** Compilations from the cache that are timed together; one takes about as long as reading the clock. */
const CACHED_COUNT = 20;
/** A further schema of the same kind is compiled so often, each time with a name of its own. */
const FRESH_COUNT = 3;

/** The bundle beside the one that this file is in. */
const THREAD_URL = new URL("./grammar-thread.mjs", import.meta.url);

const DRAWS: Record<DrawKind, Partial<SamplingParameters>> = {
  greedy: { temperature: 0 },
  "temperature 1": {},
  "top-p 0.9, temperature 0.7": { temperature: 0.7, topP: 0.9 },
};

/** Grammars and masked draws over a large vocabulary, without a graph: what they cost the engine's thread. */
export const openGrammar: Opener = async (given) => {
  z.object({}).parse(given);
  const tokens = makeVocabulary();
  const create = () =>
    createGrammarCompiler({
      vocabularySize: VOCABULARY_SIZE,
      bytesOf: (id) => tokens[id],
      threadUrl: THREAD_URL,
    });
  const rows = Array.from({ length: ROW_COUNT }, (_, index) => peakedRow(index));
  const compiler = create();
  return async (question) => {
    if (question.kind === "grammar-compile") return await measureCompile(create, question.salt);
    if (question.kind !== "grammar-tokens") return refuse(question);
    return await measureTokens(compiler, rows, question);
  };
};

/** A fresh compiler's first grammar, then further ones, then the last of them again. */
async function measureCompile(create: () => GrammarCompiler, salt: number): Promise<Answer> {
  const compiler = create();
  try {
    const first = await timeCompile(compiler, salt);
    const freshMs: number[] = [];
    for (let count = 1; count <= FRESH_COUNT; count++) {
      freshMs.push((await timeCompile(compiler, salt * 1_000 + count)).elapsedMs);
    }
    const cachedMs: number[] = [];
    for (let count = 0; count < CACHED_COUNT; count++) {
      cachedMs.push((await timeCompile(compiler, salt * 1_000 + FRESH_COUNT)).elapsedMs);
    }
    return {
      ...{ firstMs: first.elapsedMs, firstThreadMs: first.busyMs },
      ...{ freshMs: Math.max(...freshMs), cachedMs: percentile(cachedMs, 0.5) },
    };
  } finally {
    await compiler.close();
  }
}

/** Until the first mask is there, which a compiler waits for. */
async function timeCompile(compiler: GrammarCompiler, salt: number): Promise<Waited> {
  return await timeWait(async () => {
    (await compile(compiler, salt)).close();
  });
}

type Waited = {
  elapsedMs: number;
  /** Without the time in which this thread had nothing to do. */
  busyMs: number;
};

async function timeWait(work: () => Promise<void>): Promise<Waited> {
  const idleBefore = performance.eventLoopUtilization().idle;
  const startedAtMs = performance.now();
  await work();
  const elapsedMs = performance.now() - startedAtMs;
  const idleMs = performance.eventLoopUtilization().idle - idleBefore;
  return { elapsedMs, busyMs: elapsedMs - idleMs };
}

async function compile(compiler: GrammarCompiler, salt: number): Promise<GrammarMatcher> {
  const never = new AbortController().signal;
  return await compiler.compile(
    { type: "json-schema", schema: orderSchema(salt) },
    [END_TOKEN_ID],
    never,
  );
}

/**
 * Writes answers token by token. Each token is drawn twice from the same logits with the same random
 * numbers, with and without the mask, now one first and now the other; what the engine's thread does
 * from handing the token over until the next mask is there is counted without its idle time, in which
 * the graph runs.
 */
async function measureTokens(
  compiler: GrammarCompiler,
  rows: readonly Float32Array[],
  { tokenCount, draw, salt }: { tokenCount: number; draw: DrawKind; salt: number },
): Promise<Answer> {
  const parameters = parametersOf({ ...DRAWS[draw], seed: salt });
  const logits = rows.map((row) => toLogits(row, parameters));
  const us: { plain: number; masked: number; thread: number; added: number }[] = [];
  const maskMs: number[] = [];
  let strictCount = 0;
  let matcher: GrammarMatcher | undefined;
  for (let position = 0; position < tokenCount; position++) {
    if (!matcher || matcher.isComplete) {
      matcher?.close();
      matcher = await compile(compiler, salt);
      await matcher.whenReady();
    }
    const row = logits[position % logits.length];
    const held = matcher;
    const { mask } = held;
    if (!row || !mask) throw new Error("A matcher that is ready and not complete has a mask.");
    if (countAllowed(mask, VOCABULARY_SIZE) < VOCABULARY_SIZE / 2) strictCount++;
    const state = stateOf({ position });
    const plain = () => sampleToken(row, parameters, state);
    const masked = () => sampleToken(row, parameters, { ...state, mask });
    const isPlainFirst = position % 2 === 0;
    const before = isPlainFirst ? time(plain) : undefined;
    const { us: maskedUs, id } = time(masked);
    const { us: plainUs } = before ?? time(plain);
    const { elapsedMs, busyMs } = await timeWait(async () => {
      held.accept(id);
      await held.whenReady();
    });
    const thread = busyMs * 1_000;
    us.push({ plain: plainUs, masked: maskedUs, thread, added: thread + maskedUs - plainUs });
    maskMs.push(elapsedMs);
  }
  matcher?.close();
  const of = (key: keyof (typeof us)[number], share: number) =>
    percentile(
      us.map((it) => it[key]),
      share,
    );
  return {
    ...{ plainUs: of("plain", 0.5), maskedUs: of("masked", 0.5), maskedUsP99: of("masked", 0.99) },
    ...{ threadUs: of("thread", 0.5), threadUsP99: of("thread", 0.99) },
    ...{ addedUs: of("added", 0.5), addedUsP99: of("added", 0.99) },
    strictShare: strictCount / tokenCount,
    addedUsMean: us.reduce((sum, it) => sum + it.added, 0) / us.length,
    maskMsP50: percentile(maskMs, 0.5),
    maskMsP99: percentile(maskMs, 0.99),
    maskMsMax: Math.max(...maskMs),
  };
}

function time(work: () => number): { us: number; id: number } {
  const startedAtMs = performance.now();
  const id = work();
  return { us: (performance.now() - startedAtMs) * 1_000, id };
}

function toLogits(row: Float32Array, parameters: SamplingParameters): TokenLogits {
  const lists = withLists(row, { temperature: parameters.temperature || 1 });
  return wantsBlockSums(parameters) ? lists : { ...lists, blocks: undefined };
}

/**
 * Logits that fall with the logarithm of the rank, as those of trained models do. Which tokens are
 * likely has nothing to do with the grammar, which a trained model's would: a hard case for masks.
 */
function peakedRow(index: number): Float32Array {
  const all = new Float32Array(VOCABULARY_SIZE);
  // Odd, so that multiplying by it modulo the size reaches every id once: the size is 2^7 · 1187.
  const stride = 104_729 + 2 * index;
  for (let rank = 0; rank < VOCABULARY_SIZE; rank++) {
    all[(rank * stride + index * 7_919) % VOCABULARY_SIZE] = 20 - 2 * Math.log(rank + 1);
  }
  return all;
}
