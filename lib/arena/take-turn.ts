import type { Database } from "@/lib/db/client";
import {
  checkBlindTurns,
  countBlindCalls,
  findUndrawable,
  refuseBattle,
} from "@/lib/integrity/check-limits";
import { enterFirstBattles, rememberBattle } from "@/lib/ledger/first-battles";
import type {
  AnswerAgainBody,
  ConversationEvent,
  StartBody,
  TurnBody,
} from "@/lib/protocol/conversation-view";
import { textMessage } from "@/lib/protocol/message";
import { assert } from "@/lib/util/assert";
import type { Random } from "@/lib/util/random";
import { admitTurn, type TurnAsk } from "./admit-turn";
import type { Arena } from "./arena";
import { type AwakeChatModel, assertNamed, getNamedModel, readAwakeModels } from "./awake-models";
import { createPair } from "./battle-store";
import { checkBattleRoom, checkRoom, findUnreachable } from "./check-room";
import { type DrawnPair, drawPair } from "./draw-pair";
import { type LoadedConversation, loadConversation, whileKept } from "./load-conversation";
import { type PlannedTurn, planFirstTurn, planNewAnswers, planNextTurn } from "./plan-turn";
import { createConversation } from "./store";
import { type Asked, withVisitor, writeTurn } from "./visitor-turn";

/**
 * Every turn goes the same way: it is planned from what stands, admitted, checked for room, planned once
 * more and written under the visitor's lock, and then runs by itself; whoever asked is its first reader.
 */

type Events = AsyncIterable<ConversationEvent>;

/**
 * Starts a battle, a comparison or a chat with its first turn.
 *
 * @throws AppError what `admitTurn` says; `no-worker`, `model-not-found`, `not-supported`,
 * `context-length-exceeded` or `overloaded`; all before anything is written.
 */
export async function startConversation(
  arena: Arena,
  asked: Asked & { start: StartBody; random?: Random },
): Promise<Events> {
  const { start } = asked;
  const { kind, prompt } = start;
  const models = namedModels(start);
  const system = start.kind === "battle" ? undefined : start.settings?.system;
  const ask = { kind, prompt, system, models, isNew: true, conversationId: null };
  await admit(arena, asked, ask);
  if (start.kind === "battle") return startBattle(arena, asked, prompt);
  const [first, second] = models;
  assert(first !== undefined, "whoever chooses names a model");
  const a = await getNamedModel(arena, first);
  const b = second === undefined ? a : await getNamedModel(arena, second);
  const turn = planFirstTurn({
    ...{ kind, prompt, settings: start.settings },
    modelAt: (side) => toModel(side === "b" ? b : a),
  });
  await checkRoom(arena, toAsks(turn), asked.signal);
  return write(arena, asked, async (db) => {
    const conversationId = await createConversation(db, {
      ...{ visitorId: asked.visitorId, kind, settings: turn.settings },
      modelId: kind === "chat" ? a.modelId : null,
    });
    if (kind === "compare") {
      const pair = { modelAId: a.modelId, modelBId: b.modelId };
      await createPair(db, { conversationId, conversationKind: "compare", ...pair });
    }
    return { conversationId, turn };
  });
}

async function startBattle(
  arena: Arena,
  asked: Asked & { random?: Random },
  prompt: string,
): Promise<Events> {
  const { a, b, probability, method } = await draw(arena, asked, prompt);
  await countBlind(arena, asked, [a.name, b.name]);
  const turn = planFirstTurn({
    ...{ kind: "battle", prompt },
    modelAt: (side) => toModel(side === "b" ? b : a),
  });
  const events = await write(arena, asked, async (db) => {
    const { visitorId } = asked;
    const conversationId = await createConversation(db, {
      ...{ visitorId, kind: "battle", modelId: null, settings: {} },
    });
    await createPair(db, {
      ...{ conversationId, conversationKind: "battle" },
      ...{ modelAId: a.modelId, modelBId: b.modelId },
      ...{ pairProbability: probability, drawMethod: method },
    });
    await enterFirstBattles(db, [a.modelId, b.modelId]);
    return { conversationId, turn };
  });
  rememberBattle([a.modelId, b.modelId]);
  return events;
}

/**
 * The next prompt of a conversation, or an earlier one said otherwise.
 *
 * @throws AppError as `startConversation`; `not-found`, `conflict` or `invalid-request`
 */
export async function takeTurn(
  arena: Arena,
  asked: Asked & { conversationId: string; turn: TurnBody },
): Promise<Events> {
  return whileKept(arena.db, asked, () =>
    goOn(arena, asked, (db, loaded) => planNextTurn(db, loaded, asked.turn)),
  );
}

/**
 * A prompt once more, to all of its models or to the one side that failed.
 *
 * @throws AppError as `takeTurn`
 */
export async function answerAgain(
  arena: Arena,
  asked: Asked & { conversationId: string; again: AnswerAgainBody },
): Promise<Events> {
  return whileKept(arena.db, asked, () =>
    goOn(arena, asked, (db, loaded) => planNewAnswers(db, loaded, asked.again)),
  );
}

async function goOn(
  arena: Arena,
  asked: Asked & { conversationId: string },
  plan: (db: Database, loaded: LoadedConversation) => Promise<PlannedTurn>,
): Promise<Events> {
  const { signal, conversationId } = asked;
  // Before the lock: whoever has no conversation may have no row to lock.
  const seen = await loadConversation(arena.db, asked);
  const { integrity } = await arena.rules.get();
  const planAllowed = async (db: Database, loaded: LoadedConversation) => {
    const planned = await plan(db, loaded);
    // A failed side tried again is no turn more.
    const isTurn = planned.sight === "blind" && planned.answers.length > 1;
    if (isTurn) checkBlindTurns(integrity, countPairs(loaded.state.messages));
    return planned;
  };
  const turn = await planAllowed(arena.db, seen);
  const { kind, sight, answers } = turn;
  const models = sight === "blind" ? [] : answers.map(({ modelName }) => modelName);
  // Chosen while it still had a name; an opened battle goes on with the two that were drawn.
  if (kind !== "battle") await assertNamed(arena, models);
  const { content: prompt } = turn.prompt;
  const { system } = turn.settings;
  await admit(arena, asked, { kind, prompt, system, models, isNew: false, conversationId });
  // A single side of a blind battle is not checked: a refusal would be its alone and say too much.
  if (sight === "open") await checkRoom(arena, toAsks(turn), signal);
  else if (answers.length > 1) await checkBattleRoom(arena, toAsks(turn), signal);
  if (sight === "blind") {
    await countBlind(
      arena,
      asked,
      answers.map(({ modelName }) => modelName),
    );
  }
  // Once more under the lock: another tab may have gone on in the meantime.
  return write(arena, asked, async (db) => {
    return { conversationId, turn: await planAllowed(db, await loadConversation(db, asked)) };
  });
}

async function write(
  arena: Arena,
  asked: Asked,
  compose: (transaction: Database) => Promise<{ conversationId: string; turn: PlannedTurn }>,
): Promise<Events> {
  const { visitorId, network, requestId } = asked;
  const { pace } = await arena.rules.get();
  const { conversationId, turn } = await withVisitor(arena.db, visitorId, async (db) => {
    const composed = await compose(db);
    await writeTurn(db, { visitorId, ...composed });
    return composed;
  });
  const run = arena.runs.begin(arena, {
    ...turn,
    ...{ conversationId, visitorId, network, requestId, pace },
  });
  return run.read();
}

function admit(
  arena: Arena,
  { visitorId, network, requestId, signal }: Asked,
  ask: Omit<TurnAsk, keyof Asked>,
): Promise<void> {
  return admitTurn(arena, { ...ask, visitorId, network, requestId, signal });
}

/** Calls of models whose names are not told: counted, and never refused by side. */
async function countBlind(
  { db, rules }: Arena,
  { visitorId, network }: Asked,
  models: string[],
): Promise<void> {
  await countBlindCalls({ db, rules: await rules.get() }, { visitorId, network, models });
}

/** Draws again without the models that turn out not to answer, until two do or fewer than two are left. */
async function draw(
  arena: Arena,
  { signal, random, visitorId, network }: Asked & { random?: Random },
  prompt: string,
): Promise<DrawnPair<AwakeChatModel>> {
  const messages = [textMessage("user", prompt)];
  const all = await readAwakeModels(arena.controller);
  const limits = { db: arena.db, rules: await arena.rules.get() };
  const models = all.map(({ name }) => name);
  const out = await findUndrawable(limits, { visitorId, network, models });
  let awake = all.filter(({ name }) => !out.has(name));
  if (awake.length < 2 && all.length >= 2) throw refuseBattle();
  awake = arena.unreachable.without(awake);
  for (;;) {
    const drawn = await drawPair(arena, { awake, ...(random && { random }) });
    const asks = [drawn.a, drawn.b].map(({ name }) => ({ modelName: name, messages }));
    const unreachable = await findUnreachable(arena, asks, signal);
    if (unreachable.length === 0) return drawn;
    arena.unreachable.note(unreachable);
    awake = awake.filter((model) => !unreachable.includes(model.name));
  }
}

/** Pairs of answers of a battle, all attempts at all of its prompts. */
const countPairs = (messages: LoadedConversation["state"]["messages"]) =>
  new Set(messages.flatMap((it) => (it.side ? [`${it.parentId} ${it.attempt}`] : []))).size;

/** None of a battle, whose two are drawn. */
function namedModels(start: StartBody): string[] {
  if (start.kind === "battle") return [];
  return start.kind === "chat" ? [start.model] : [start.models.a, start.models.b];
}

const toModel = ({ modelId, name }: AwakeChatModel) => ({ id: modelId, name });

const toAsks = ({ answers }: PlannedTurn) =>
  answers.map(({ modelName, history }) => ({ modelName, messages: history }));
