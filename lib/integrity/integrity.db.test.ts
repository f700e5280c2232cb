/**
 * Goal: blind votes are judged by what stands in the database, limits hold, and what keepers decide takes
 * ballots out and puts exactly the right ones back. Method: a real database, rows as the arena writes them.
 */
import { eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
});

import { ANONYMOUS_CALLER, ENVIRONMENT_CALLER, visitorCaller } from "@/lib/auth/api-caller";
import { ensureVisitor } from "@/lib/auth/visitor-store";
import { catalog, type ModelSettings } from "@/lib/catalog/catalog";
import { reviews, tallies } from "@/lib/db/schema/arena";
import { ballots } from "@/lib/db/schema/ballots";
import { battles, votes } from "@/lib/db/schema/battles";
import { conversations, messages, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { env } from "@/lib/env";
import { isAppError } from "@/lib/errors";
import { Leaderboard } from "@/lib/leaderboard/leaderboard";
import { readBoardView } from "@/lib/leaderboard/read-board-view";
import { setRetired } from "@/lib/ledger/retirement";
import { type ArenaSettings, arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { OVERALL } from "@/lib/protocol/board-key";
import { changeRules, rules } from "@/lib/rules/rules";
import { createId } from "@/lib/util/id";
import { decideReview, setExcluded, setModelWithdrawn } from "./change-board";
import { checkLimits, countBlindCalls, findUndrawable } from "./check-limits";
import { checkVoter } from "./check-voter";
import { createBallot } from "./create-ballot";
import { readPublicLog } from "./read-public-log";
import { listReviews } from "./read-reviews";
import { pruneTallies } from "./tally";
import { visitorGate } from "./visitor-gate";
import { VoterWatch } from "./voter-watch";

let database: TestDatabase;
let x: { id: string; name: string };
let y: { id: string; name: string };
const z = { id: createId(), name: "acme/zebra-9b" };

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  [x, y] = [
    { id: createId(), name: `alpha-${createId()}` },
    { id: createId(), name: `beta-${createId()}` },
  ];
  await database.db.insert(models).values([
    { ...x, description: {} },
    { ...y, description: {} },
  ]);
  await database.db
    .insert(models)
    .values({ ...z, description: { organization: "Acme Research" } })
    .onConflictDoNothing();
});
afterEach(async () => {
  await database.db.delete(ballots);
  await database.db.delete(reviews);
});

const rulesOf = (integrity: object = {}): ArenaSettings =>
  arenaSettingsSchema.parse({ integrity: { readSecondsMin: 0, ...integrity } });

async function visitor(network?: string): Promise<string> {
  const id = createId();
  await ensureVisitor(database.db, id, network);
  return id;
}

type Battle = Awaited<ReturnType<typeof fight>>;
let moment = Date.now();

/** A battle of one turn, whose answers ended so many seconds ago. */
async function fight(
  visitorId: string,
  {
    answers = ["one", "two"],
    prompt = `Question ${createId()}`,
    pair = [x, y],
    agoSeconds = 60,
  }: { answers?: string[]; prompt?: string; pair?: (typeof x)[]; agoSeconds?: number } = {},
) {
  const { db } = database;
  const [conversationId, battleId, promptId, answerAId, answerBId] = Array.from({ length: 5 }, () =>
    createId(moment++),
  ) as [string, string, string, string, string];
  const [a = x, b = y] = pair;
  await db.insert(conversations).values({ id: conversationId, visitorId, kind: "battle" });
  await db.insert(battles).values({
    ...{ id: battleId, conversationId, conversationKind: "battle" },
    ...{ modelAId: a.id, modelBId: b.id, pairProbability: 0.5, drawMethod: "uniform" },
  });
  await db.insert(messages).values({ id: promptId, conversationId, role: "user", content: prompt });
  const sides = [
    { id: answerAId, side: "a", modelId: a.id, content: answers[0] ?? "" },
    { id: answerBId, side: "b", modelId: b.id, content: answers[1] ?? "" },
  ] as const;
  await db.insert(messages).values(
    sides.map((it) => ({
      ...{ ...it, conversationId, parentId: promptId, role: "assistant" as const },
      ...{ status: "stopped" as const, completionTokens: 7 },
      updatedAt: sql`now() - make_interval(secs => ${agoSeconds})`,
    })),
  );
  return { visitorId, conversationId, battleId, answerAId, answerBId, models: { a, b } };
}

async function vote(
  battle: Battle,
  {
    outcome = "a",
    rules = rulesOf(),
    network,
  }: { outcome?: "a" | "b" | "tie" | "both-bad"; rules?: ArenaSettings; network?: string } = {},
) {
  const { db } = database;
  const { models: pair, ...ids } = battle;
  const voteId = createId(moment++);
  const aliases = new Map();
  const reason = await db.transaction(async (transaction) => {
    await transaction.insert(votes).values({ id: voteId, ...ids, outcome, blind: true });
    const asked = { ...ids, voteId, outcome, turn: 1, models: pair, network };
    return createBallot(transaction, asked, {
      ...{ rules, known: { aliases, settings: new Map() } },
    });
  });
  return { voteId, reason };
}

const ballotOf = async (voteId: string) =>
  (await database.db.select().from(ballots).where(eq(ballots.id, voteId)))[0];
const voterOf = async (visitorId: string) =>
  (await database.db.select().from(visitors).where(eq(visitors.id, visitorId)))[0]?.voter ?? "";
const reasons = async () =>
  (await database.db.select().from(ballots).orderBy(ballots.id)).map((it) => it.uncountedReason);

describe("a blind vote", () => {
  test("counts, with numbers about its answers and no words of them", async () => {
    const answers = ["# One\n- a **bold** point", "plain"];
    const battle = await fight(await visitor(), { answers, prompt: "What is the meaning of it?" });
    const { voteId, reason } = await vote(battle);
    expect(reason).toBeNull();
    const ballot = await ballotOf(voteId);
    expect(ballot).toMatchObject({
      ...{ counted: true, uncountedReason: null, language: "en", turn: 1, outcome: "a" },
      facts: {
        a: { tokens: 7, characters: answers[0]?.length, headers: 1, lists: 1, bold: 1 },
        b: { tokens: 7, headers: 0 },
        prompt: { characters: 26, hasCode: false },
      },
    });
    expect(JSON.stringify(ballot)).not.toMatch(/meaning|point|plain/);
  });

  test("is too early before both answers could be read, longer ones longer", async () => {
    const rules = rulesOf({ readSecondsMin: 2, readSecondsPerThousandCharacters: 1 });
    const who = await visitor();
    const at = async (agoSeconds: number, length: number) =>
      (await vote(await fight(who, { agoSeconds, answers: ["x".repeat(length), "y"] }), { rules }))
        .reason;
    expect(await at(1, 10)).toBe("too-early");
    expect(await at(4, 10)).toBeNull();
    expect(await at(4, 5_000)).toBe("too-early");
    expect(await at(8, 5_000)).toBeNull();
    // However long they are, no more is asked than the most.
    expect(await at(11, 100_000)).toBeNull();
  });

  test("is not counted where an answer has nothing to read, however long it was looked at", async () => {
    const who = await visitor();
    const said = async (...answers: string[]) => (await vote(await fight(who, { answers }))).reason;
    expect(await said("", "")).toBe("nothing-to-read");
    expect(await said("a whole answer", " \n\t")).toBe("nothing-to-read");
    expect(await said("\u200b\u00a0\ufe0f", "a whole answer")).toBe("nothing-to-read");
    expect(await said("4", "…")).toBeNull();
    expect(await said("😀", "はい")).toBeNull();
  });

  test("is not counted after an answer that named its model, its maker or an operator's phrase", async () => {
    const who = await visitor();
    const said = async (text: string, integrity = {}) => {
      const battle = await fight(who, { answers: ["fine", text], pair: [x, z] });
      return (await vote(battle, { rules: rulesOf(integrity) })).reason;
    };
    expect(await said("I am Zebra - 9b.")).toBe("identity-leak");
    expect(await said("made by ACME research")).toBe("identity-leak");
    expect(await said("a horse is a horse")).toBeNull();
    const tellTales = [{ model: z.name, phrases: ["horse is a horse"] }];
    expect(await said("a horse is a horse", { tellTales })).toBe("identity-leak");
    expect(await said("a zebra runs", { innocentWords: ["zebra"] })).toBeNull();
  });

  test("on a prompt repeated too often is thinned, whatever its case, also when conversations are gone", async () => {
    const rules = rulesOf({ votesPerPromptMax: 2 });
    const prompt = `Say  HELLO ${createId()}`;
    const ask = async (text: string) => {
      const battle = await fight(await visitor(), { prompt: text });
      const { reason } = await vote(battle, { rules });
      await database.db.delete(conversations).where(eq(conversations.id, battle.conversationId));
      return reason;
    };
    expect(await ask(prompt)).toBeNull();
    expect(await ask(prompt.toLowerCase())).toBeNull();
    expect(await ask(prompt.replace("  ", "\n"))).toBe("repeated-prompt");
    expect(await ask(`${prompt}!`)).toBeNull();
  });

  test("beyond a visitor's or a network's limit is kept and not counted", async () => {
    const rules = rulesOf({ votesPerVisitorAndHour: 2, votesPerNetworkAndDay: 3 });
    const network = createId();
    const [one, other] = [await visitor(network), await visitor(network)];
    const by = async (who: string) => (await vote(await fight(who), { rules, network })).reason;
    expect([await by(one), await by(one), await by(one)]).toEqual([null, null, "too-many"]);
    // The network's three are used up, by a vote that did not count among them.
    expect(await by(other)).toBe("too-many");
    const elsewhere = await vote(await fight(other), { rules, network: createId() });
    expect(elsewhere.reason).toBeNull();
  });

  test("of a flagged visitor counts unless the rules hold it; of an excluded one it does not", async () => {
    const who = await visitor();
    await database.db.insert(reviews).values({ kind: "anomaly", visitorId: who, evidence: {} });
    expect((await vote(await fight(who))).reason).toBeNull();
    const rules = rulesOf({ holdsFlagged: true });
    expect((await vote(await fight(who), { rules })).reason).toBe("flagged-visitor");
    // Upheld, it says no less than while it waited.
    await database.db.update(reviews).set({ state: "upheld" });
    expect((await vote(await fight(who), { rules })).reason).toBe("flagged-visitor");
    const board = new Leaderboard({ db: database.db });
    await setExcluded({ db: database.db, board }, await voterOf(who), true);
    expect((await vote(await fight(who))).reason).toBe("excluded-visitor");
  });
});

describe("limits", () => {
  const limits = (settings: object, prices: Record<string, number> = {}) => ({
    db: database.db,
    rules: arenaSettingsSchema.parse(settings),
    models: {
      settings: new Map(
        Object.entries(prices).map(([model, prompt]) => {
          const price = { prompt, completion: 0 };
          const none = { defaults: {}, limits: {}, fallbacks: [] };
          return [model, { model, price, ...none } satisfies ModelSettings];
        }),
      ),
    },
  });
  const codeOf = (error: unknown) =>
    isAppError(error) ? `${error.code}: ${error.message}` : String(error);
  const refusal = (act: Promise<unknown>) => act.then(() => null, codeOf);

  test("turns of battles are counted by visitor and by network, and say when to come again", async () => {
    const context = limits({
      integrity: { battlesPerVisitorAndHour: 2, battlesPerNetworkAndHour: 3 },
    });
    const network = createId();
    const [one, other] = [createId(), createId()];
    const begin = (visitorId: string, of = network) =>
      refusal(checkLimits(context, { visitorId, network: of, isBattle: true, models: [] }));
    expect([await begin(one), await begin(one)]).toEqual([null, null]);
    expect(await begin(one)).toMatch(
      /^rate-limited: You have asked 2 turns of battles this hour, .* Try again in (a minute|\d+ minutes)\.$/,
    );
    expect(await begin(other)).toBeNull();
    expect(await begin(other)).toMatch(/^rate-limited: Your network has asked 3 turns/);
    expect(await begin(other, createId())).toBeNull();
    // What was refused was not counted: one of two is left where the network is another one.
    expect(await begin(one, createId())).toMatch(/^rate-limited: You have/);
  });

  test("calls of models that cost money are limited, by hour and by day; others are not", async () => {
    const priced = { perVisitorAndHour: 2, perVisitorAndDay: 3, perNetworkAndHour: 0 };
    const rule = { ...priced, perNetworkAndDay: 0 };
    const context = limits({ calls: { priced: rule } }, { dear: 1, free: 0 });
    const visitorId = createId();
    const call = (...names: string[]) =>
      refusal(
        checkLimits(context, { visitorId, network: undefined, isBattle: false, models: names }),
      );
    for (let index = 0; index < 5; index++) expect(await call("free", "unknown")).toBeNull();
    expect([await call("dear"), await call("dear", "free")]).toEqual([null, null]);
    expect(await call("dear")).toMatch(
      /^rate-limited: You have asked `dear` 2 times this hour, .*, or choose another model\.$/,
    );
    await database.db
      .update(tallies)
      .set({
        startsAt: sql`greatest(starts_at - interval '1 hour', date_trunc('day', now(), 'UTC'))`,
      })
      .where(eq(tallies.subject, `visitor:${visitorId}`));
    await call("dear");
    expect(await call("dear")).toMatch(/^(quota-exceeded|rate-limited): You have asked `dear`/);
  });

  test("a battle is drawn without what is used up, withdrawn or retired, and counts what it calls", async () => {
    const rule = { perVisitorAndHour: 0, perVisitorAndDay: 0, perNetworkAndHour: 1 };
    const calls = { models: [{ model: x.name, ...rule, perNetworkAndDay: 0 }] };
    const context = limits({ calls });
    const ask = { visitorId: createId(), network: createId(), models: [x.name, y.name] };
    expect(await findUndrawable(context, ask)).toEqual(new Set());
    await countBlindCalls(context, ask);
    // Never refused, whatever it comes to.
    await countBlindCalls(context, ask);
    expect(await findUndrawable(context, ask)).toEqual(new Set([x.name]));
    expect(await findUndrawable(context, { ...ask, network: createId() })).toEqual(new Set());
    const board = new Leaderboard({ db: database.db });
    await setModelWithdrawn({ db: database.db, board }, y.name, true);
    expect(await findUndrawable(context, ask)).toEqual(new Set([x.name, y.name]));
    await setModelWithdrawn({ db: database.db, board }, y.name, false);
    await setRetired(database.db, y.name, true);
    expect(await findUndrawable(context, ask)).toEqual(new Set([x.name, y.name]));
    await setRetired(database.db, y.name, false);
    expect(await findUndrawable(context, ask)).toEqual(new Set([x.name]));
  });

  test("turns of battles are counted by the day as well, whoever fights", async () => {
    const integrity = { battlesPerVisitorAndDay: 2, battlesPerNetworkAndDay: 3 };
    const context = limits({ integrity });
    const network = createId();
    const [one, other] = [createId(), createId()];
    const begin = (visitorId: string) =>
      refusal(checkLimits(context, { visitorId, network, isBattle: true, models: [] }));
    expect([await begin(one), await begin(one)]).toEqual([null, null]);
    expect(await begin(one)).toMatch(
      /^quota-exceeded: You have asked 2 turns of battles this day, .* Try again in /,
    );
    expect(await begin(other)).toBeNull();
    expect(await begin(other)).toMatch(
      /^quota-exceeded: Your network has asked 3 turns .* this day/,
    );
  });

  test("nobody learns from refusals who fights: calls of a battle and calls by name leave each other alone", async () => {
    const rule = { perVisitorAndHour: 2, perVisitorAndDay: 0, perNetworkAndHour: 0 };
    const priced = { ...rule, perNetworkAndDay: 0 };
    const names = ["one", "two", "three"];
    const context = limits({ calls: { priced } }, { one: 1, two: 1, three: 1 });
    const asker = { visitorId: createId(), network: createId() };
    const byName = () =>
      Promise.all(
        names.map((name) =>
          refusal(checkLimits(context, { ...asker, isBattle: false, models: [name] })),
        ),
      );
    expect(await byName()).toEqual([null, null, null]);
    // A battle of two of them, which have one call left by name each.
    await countBlindCalls(context, { ...asker, models: ["one", "three"] });
    expect(await byName()).toEqual([null, null, null]);
    expect((await byName()).map((it) => it?.slice(0, 12))).toEqual(Array(3).fill("rate-limited"));
    // Nor is a battle drawn among what is left by name.
    expect(await findUndrawable(context, { ...asker, models: names })).toEqual(new Set());
    await countBlindCalls(context, { ...asker, models: ["one", "three"] });
    const out = await findUndrawable(context, { ...asker, models: names });
    expect(out).toEqual(new Set(["one", "three"]));
  });

  test("of twenty at once no more pass than the limit says, and old rows go", async () => {
    const context = limits({ integrity: { battlesPerVisitorAndHour: 5 } });
    const visitorId = createId();
    const begin = () =>
      refusal(checkLimits(context, { visitorId, network: undefined, isBattle: true, models: [] }));
    const passed = (await Promise.all(Array.from({ length: 20 }, begin))).filter((it) => !it);
    expect(passed).toHaveLength(5);
    expect(await begin()).toMatch(/^rate-limited/);
    await database.db.update(tallies).set({ startsAt: sql`starts_at - interval '3 days'` });
    await pruneTallies(database.db);
    const left = await database.db.select().from(tallies);
    expect(left.filter(({ subject }) => !subject.startsWith("prompt:"))).toEqual([]);
  });
});

describe("callers of the API", () => {
  test("pass a gate where they have no key, and are asked for their network where it matters", async () => {
    const { db, url } = database;
    Object.assign(env(), { DATABASE_URL: url, PARLEY_API_OPEN: true });
    const rule = { perVisitorAndHour: 1, perVisitorAndDay: 0, perNetworkAndDay: 0 };
    const calls = { models: [{ model: x.name, ...rule, perNetworkAndHour: 3 }] };
    await changeRules(db, arenaSettingsSchema.parse({ calls }));
    await Promise.all([rules().refresh(), catalog().refresh()]);
    const network = vi.fn(() => "somewhere");
    const visitorId = createId();
    const gate = visitorGate(visitorCaller(visitorId), network);
    await gate?.(y.name);
    expect(network).not.toHaveBeenCalled();
    await gate?.(x.name);
    await expect(gate?.(x.name)).rejects.toThrow(/^You have asked `alpha-.*` once this hour/);
    const stranger = visitorGate(ANONYMOUS_CALLER, network);
    await stranger?.(x.name);
    await stranger?.(x.name);
    await expect(stranger?.(x.name)).rejects.toThrow(/^Your network has asked/);
    Object.assign(env(), { PARLEY_API_OPEN: false });
    expect(visitorGate(ANONYMOUS_CALLER, network)).toBeUndefined();
    expect(visitorGate(ENVIRONMENT_CALLER, network)).toBeUndefined();
    await changeRules(db, arenaSettingsSchema.parse({}));
  });
});

describe("keepers", () => {
  const board = async () => {
    const view = await readBoardView(OVERALL, { awake: [] }, database.db);
    return view.voteCount;
  };
  const context = () => ({ db: database.db, board: new Leaderboard({ db: database.db }) });

  test("exclude a visitor: their votes leave the board at once; undone, what counted before counts again", async () => {
    const [good, bad] = [await visitor(), await visitor()];
    const early = rulesOf({ readSecondsMin: 600, readSecondsMax: 600 });
    await vote(await fight(good));
    await vote(await fight(bad));
    await vote(await fight(bad), { rules: early });
    const keeper = context();
    const voter = await voterOf(bad);
    expect(await setExcluded(keeper, voter, true)).toEqual({ ballots: 1 });
    expect(await board()).toBe(1);
    expect(await reasons()).toEqual([null, "excluded-visitor", "too-early"]);
    // Twice is once.
    expect(await setExcluded(keeper, voter, true)).toEqual({ ballots: 0 });
    await vote(await fight(bad));
    expect(await setExcluded(keeper, voter, false)).toEqual({ ballots: 2 });
    expect(await reasons()).toEqual([null, null, "too-early", null]);
    expect(await board()).toBe(3);
    const { entries } = await readPublicLog({}, database.db);
    expect(entries.slice(0, 2).map(({ kind, ballots: count }) => [kind, count])).toEqual([
      ["visitor-restored", 2],
      ["visitor-excluded", 1],
    ]);
    expect(JSON.stringify(entries)).not.toContain(voter);
    await expect(setExcluded(keeper, createId(), true)).rejects.toThrow("No visitor has voted");
    await expect(setExcluded(keeper, "no id", true)).rejects.toThrow("No visitor has voted");
  });

  test("withdraw a model, and undo both decisions in any order", async () => {
    const who = await visitor();
    await vote(await fight(who));
    await vote(await fight(who, { pair: [y, z] }));
    const keeper = context();
    const voter = await voterOf(who);
    expect(await setModelWithdrawn(keeper, x.name, true)).toEqual({ ballots: 1 });
    expect((await vote(await fight(who))).reason).toBe("withdrawn-model");
    expect(await setExcluded(keeper, voter, true)).toEqual({ ballots: 1 });
    expect(await reasons()).toEqual(["withdrawn-model", "excluded-visitor", "withdrawn-model"]);
    // The model is back, and its votes are still those of an excluded visitor.
    expect(await setModelWithdrawn(keeper, x.name, false)).toEqual({ ballots: 0 });
    expect(await reasons()).toEqual(Array(3).fill("excluded-visitor"));
    expect(await setModelWithdrawn(keeper, z.name, true)).toEqual({ ballots: 0 });
    expect(await setExcluded(keeper, voter, false)).toEqual({ ballots: 2 });
    expect(await reasons()).toEqual([null, "withdrawn-model", null]);
    expect(await setModelWithdrawn(keeper, z.name, false)).toEqual({ ballots: 1 });
    expect(await board()).toBe(3);
    await expect(setModelWithdrawn(keeper, "nobody", true)).rejects.toThrow("No model is called");
  });

  test("a dismissed flag brings back the votes that were held for it", async () => {
    const who = await visitor();
    const [flag] = await database.db
      .insert(reviews)
      .values({ kind: "anomaly", visitorId: who, evidence: { note: "from elsewhere" } })
      .returning();
    await vote(await fight(who), { rules: rulesOf({ holdsFlagged: true }) });
    const open = await listReviews({ state: "open" }, database.db);
    expect(open).toMatchObject({
      ...{ openCount: 1, hasMore: false },
      reviews: [{ kind: "anomaly", anomaly: null, visitor: { counted: 0, uncounted: 1 } }],
    });
    const keeper = context();
    expect(await decideReview(keeper, flag?.id ?? "", "dismissed")).toEqual({ ballots: 1 });
    expect(await reasons()).toEqual([null]);
    await expect(decideReview(keeper, flag?.id ?? "", "upheld")).rejects.toThrow("No open review");
    await expect(decideReview(keeper, "x", "upheld")).rejects.toThrow("No open review");
  });

  test("what comes back after a withdrawal waits where a flag is open and the rules hold flagged votes", async () => {
    const { db } = database;
    const who = await visitor();
    await vote(await fight(who));
    const keeper = context();
    expect(await setModelWithdrawn(keeper, x.name, true)).toEqual({ ballots: 1 });
    const [flag] = await db
      .insert(reviews)
      .values({ kind: "anomaly", visitorId: who, evidence: {} })
      .returning();
    await changeRules(db, rulesOf({ holdsFlagged: true }));
    expect(await setModelWithdrawn(keeper, x.name, false)).toEqual({ ballots: 0 });
    expect(await reasons()).toEqual(["flagged-visitor"]);
    expect(await decideReview(keeper, flag?.id ?? "", "dismissed")).toEqual({ ballots: 1 });
    expect(await reasons()).toEqual([null]);
    await changeRules(db, rulesOf());
  });

  /** A vote that is judged and not yet there for others while `decide` begins. */
  async function decideDuringVote<T>(
    who: string,
    rules: ArenaSettings,
    decide: () => Promise<T>,
  ): Promise<T> {
    const { db } = database;
    const { models: pair, ...ids } = await fight(who);
    let isDone = false;
    const decided = await db.transaction(async (transaction) => {
      await transaction.select().from(visitors).where(eq(visitors.id, who)).for("no key update");
      const voteId = createId(moment++);
      await transaction.insert(votes).values({ id: voteId, ...ids, outcome: "a", blind: true });
      const asked = { ...ids, voteId, outcome: "a" as const, turn: 1, models: pair };
      await createBallot(transaction, asked, {
        rules,
        known: { aliases: new Map(), settings: new Map() },
      });
      const deciding = decide().finally(() => {
        isDone = true;
      });
      const isWaiting = async () => {
        const [row] = await db.execute(
          sql`select count(*)::int as waiting from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return Number(row?.waiting) > 0;
      };
      while (!isDone && !(await isWaiting()));
      return { deciding };
    });
    return decided.deciding;
  }

  test("a vote that is under way slips past neither a withdrawal nor a dismissal", async () => {
    const { db } = database;
    const who = await visitor();
    const keeper = context();
    const withdraw = () => setModelWithdrawn(keeper, x.name, true);
    expect(await decideDuringVote(who, rulesOf(), withdraw)).toEqual({ ballots: 1 });
    expect(await reasons()).toEqual(["withdrawn-model"]);
    await setModelWithdrawn(keeper, x.name, false);
    const [flag] = await db
      .insert(reviews)
      .values({ kind: "anomaly", visitorId: who, evidence: {} })
      .returning();
    const dismiss = () => decideReview(keeper, flag?.id ?? "", "dismissed");
    const holding = rulesOf({ holdsFlagged: true });
    expect(await decideDuringVote(who, holding, dismiss)).toEqual({ ballots: 1 });
    expect(await reasons()).toEqual([null, null]);
  });

  test("reviews of every kind can be read, with the words that speak for them", async () => {
    const who = await visitor();
    const { conversationId, answerAId } = await fight(who, { answers: ["bad words", "fine"] });
    await database.db.insert(reviews).values([
      { kind: "moderation", visitorId: who, evidence: { rules: ["weapons"], prompt: "how to" } },
      {
        ...{ kind: "flag", visitorId: who, conversationId, messageId: answerAId },
        evidence: { note: "rude" },
      },
    ]);
    const read = async () => {
      const { reviews: found } = await listReviews({ state: "open" }, database.db);
      // Those of one millisecond come in any order.
      return found.sort((one, other) => one.kind.localeCompare(other.kind));
    };
    expect((await read()).map(({ kind, facts, answer }) => ({ kind, facts, answer }))).toEqual([
      {
        ...{ kind: "flag", facts: [{ name: "note", value: "rude" }] },
        answer: { model: x.name, text: "bad words" },
      },
      {
        kind: "moderation",
        facts: [
          { name: "rules", value: '["weapons"]' },
          { name: "prompt", value: "how to" },
        ],
        answer: null,
      },
    ]);
    await database.db.delete(conversations).where(eq(conversations.id, conversationId));
    expect((await read())[0]?.answer).toBeNull();
  });
});

describe("the test of votes", () => {
  /** Ballots of somebody, without the conversations behind them. */
  async function cast(visitorId: string, outcomes: readonly ("a" | "b" | "tie")[]) {
    const voter = await voterOf(visitorId);
    const rows = outcomes.map((outcome) => ({
      ...{ id: createId(moment++), voter, modelAId: x.id, modelBId: y.id, outcome },
      ...{ pairProbability: 0.5, turn: 1, counted: true, createdAt: new Date(moment) },
    }));
    await database.db.insert(ballots).values(rows);
  }
  const many = <T>(count: number, value: T) => Array<T>(count).fill(value);

  /** Votes one by one, each looked at, as the arena does. */
  async function voteOn(visitorId: string, outcomes: readonly ("a" | "b" | "tie")[]) {
    const watch = new VoterWatch();
    const rules = { get: async () => arenaSettingsSchema.parse({}) };
    for (const outcome of outcomes) {
      await cast(visitorId, [outcome]);
      watch.note({ db: database.db, rules }, visitorId);
      await watch.idle();
      if ((await database.db.select().from(reviews)).length > 0) return;
    }
  }

  test("flags who votes against everybody, once, with figures, and not who votes as others do", async () => {
    const crowd = await visitor();
    await cast(crowd, [...many(450, "a" as const), ...many(50, "tie" as const)]);
    const [like, unlike] = [await visitor(), await visitor()];
    await voteOn(like, many(40, "a"));
    expect((await listReviews({ state: "open" }, database.db)).reviews).toEqual([]);
    await voteOn(unlike, many(100, "b"));
    const { reviews: found } = await listReviews({ state: "open" }, database.db);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      visitor: { voter: await voterOf(unlike), isExcluded: false },
    });
    const { pValue, threshold, statistic, direction } = found[0]?.anomaly ?? {};
    expect(direction).toMatch(/up|down/);
    expect(pValue).toBeLessThan(0.005);
    expect(statistic).toBeGreaterThanOrEqual(threshold ?? Number.POSITIVE_INFINITY);
    // No vote was touched.
    expect(new Set(await reasons())).toEqual(new Set([null]));
    // What was dismissed is not held against them again.
    await decideReview(
      { db: database.db, board: { recompute: async () => {} } },
      found[0]?.id ?? "",
      "dismissed",
    );
    await checkVoter(database.db, unlike, { anomalyAlpha: 0.5 });
    expect((await listReviews({ state: "open" }, database.db)).reviews).toEqual([]);
  });
});
