/**
 * Goal: the votes in memory are those of the database, whatever was written while they were read. Method: transactions
 * that overlap, end in odd orders or not at all, change rows of each other's time; after each reading one table that
 * has followed from the beginning is held against one that was read anew. The seed is printed when it fails.
 */

import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openDatabase } from "@/lib/db/client";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { createId } from "@/lib/util/id";
import { seededRandom } from "@/lib/util/random";
import { IdIndex, toIdWords } from "./id-index";
import { LiveVotes } from "./live-votes";

let database: TestDatabase;
let writers: ReturnType<typeof openDatabase>;
const models = Array.from({ length: 5 }, () => createId());
beforeAll(async () => {
  database = await createTestDatabase();
  writers = openDatabase(database.url, { connectionsMax: 8 });
  for (const [index, id] of models.entries()) {
    await database.db.execute(
      sql`insert into models (id, name, description) values (${id}, ${`m${index}`}, '{}')`,
    );
  }
});
afterAll(async () => {
  await writers.close();
  await database.drop();
});

/** Other tests' transactions end within their own limit. */
const OTHERS = { timeout: 20_000 };
const FILTER = { category: "overall", language: null, fromDay: 0, toDay: 65_535 } as const;

/** All that boards may ask of the votes, in an order of its own. */
function contentOf({ table }: LiveVotes): unknown {
  const votes = table.pick(FILTER, { isStyled: true });
  const { fingerprint } = table.fingerprint(FILTER);
  const rows = Array.from({ length: votes.count }, (_, row) =>
    [
      votes.models[votes.modelA[row]!]!,
      votes.models[votes.modelB[row]!]!,
      votes.outcome[row],
      ...Object.values(votes.style ?? {}).flatMap(({ a, b }) => [a[row], b[row]]),
    ].join(" "),
  ).sort();
  const parts = (["coding", "multi-turn", "no-refusal"] as const).map((category) =>
    table.fingerprint({ ...FILTER, category }),
  );
  const languages = [...table.countLanguages({ fromDay: 0, toDay: 65_535 })]
    .filter(([, count]) => count > 0)
    .sort();
  return { rows, fingerprint, parts, languages };
}

/**
 * Reads what changed, and no row that was written before the oldest transaction that was under way at the reading
 * before (`since`). That may be one of another test, whose database stands on the same server.
 */
async function follow(votes: LiveVotes, since: string) {
  return await database.db.transaction(async (db) => {
    const [now] = await db.execute<{ oldest: string; changed: number }>(
      sql`select pg_snapshot_xmin(pg_current_snapshot())::text as oldest, count(*)::int as changed
        from ballots where changed_in >= ${since}::xid8`,
    );
    const read = await votes.refresh(db);
    expect(read).toBeLessThanOrEqual(now!.changed);
    return { read, oldest: now!.oldest };
  });
}

async function readAnew(): Promise<LiveVotes> {
  const fresh = new LiveVotes();
  await database.db.transaction((db) => fresh.refresh(db));
  return fresh;
}

test.each([1, 2, 3, 4])("seed %i", async (seed) => {
  const random = seededRandom(seed);
  const below = (most: number) => Math.floor(random() * most);
  const pick = <T>(from: readonly T[]) => from[below(from.length)]!;
  const ids: string[] = [];
  const open = new Set<() => Promise<void>>();
  const followed = new LiveVotes();
  // The first reading is of all there is.
  let oldest = "0";

  const newBallot = (id: string) => {
    const [a, b] = [pick(models), pick(models)];
    const side = () => ({
      tokens: below(900),
      headers: below(3),
      lists: 0,
      bold: below(2),
      codeBlocks: below(2),
      isRefusal: random() < 0.2,
    });
    const facts =
      random() < 0.2
        ? {}
        : {
            version: 2,
            a: side(),
            b: side(),
            prompt: { characters: 9, hasCode: random() < 0.5, hasMath: false },
          };
    const counted = random() < 0.8;
    return sql`insert into ballots (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, uncounted_reason, language, facts)
      values (${id}, ${createId()}, ${a}, ${a === b ? models.find((it) => it !== a) : b}, ${pick(["a", "b", "tie", "both-bad"])}, 0.5,
        ${1 + below(3)}, ${counted}, ${counted ? null : "too-early"}, ${pick(["en", "de", null])}, ${JSON.stringify(facts)}::jsonb)`;
  };
  const change = () => {
    const id = pick(ids);
    return random() < 0.5
      ? sql`update ballots set counted = not counted, uncounted_reason = case when counted then 'too-many' end where id = ${id}`
      : sql`update ballots set labels = array['coding'], language = 'fr' where id = ${id}`;
  };

  /** A transaction that stays open until it is told how to end. */
  async function begin(): Promise<void> {
    let end: (isKept: boolean) => void = () => {};
    const told = new Promise<boolean>((resolve) => {
      end = resolve;
    });
    let ready: () => void = () => {};
    const written = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const made: string[] = [];
    const done = writers.db
      .transaction(async (db) => {
        await db.execute(sql`set local lock_timeout = '50ms'`);
        for (let n = 1 + below(3); n > 0; n--) {
          const isNew = ids.length < 5 || random() < 0.6;
          const id = createId();
          await db.execute(isNew ? newBallot(id) : change());
          if (isNew) made.push(id);
        }
        ready();
        if (!(await told)) throw new Error("taken back");
      })
      .then(() => void ids.push(...made))
      // One that waits for another one's row gives up, as does one that is told to.
      .catch(() => undefined)
      .finally(ready);
    await written;
    const finish = async () => {
      open.delete(finish);
      end(random() < 0.8);
      await done;
    };
    open.add(finish);
  }

  try {
    for (let step = 0; step < 60; step++) {
      const dice = random();
      if (dice < 0.45 && open.size < 6) await begin();
      else if (dice < 0.75 && open.size > 0) await pick([...open])();
      else {
        ({ oldest } = await follow(followed, oldest));
        expect(contentOf(followed), `seed ${seed}, step ${step}`).toEqual(
          contentOf(await readAnew()),
        );
      }
    }
  } finally {
    for (const finish of [...open]) await finish();
  }
  ({ oldest } = await follow(followed, oldest));
  expect(contentOf(followed)).toEqual(contentOf(await readAnew()));
  // At rest nothing is followed, once everybody who wrote while the last rows were written has ended.
  await vi.waitFor(async () => {
    const [under] = await database.db.execute<{ way: number }>(
      sql`select count(*)::int as way from ballots
        where changed_in >= pg_snapshot_xmin(pg_current_snapshot())`,
    );
    expect(under?.way).toBe(0);
  }, OTHERS);
  ({ oldest } = await follow(followed, oldest));
  expect(await follow(followed, oldest)).toMatchObject({ read: 0 });
});

test.each([1, 2, 3])("rows of ids come and go, seed %i", (seed) => {
  const random = seededRandom(seed);
  const room = 3_000;
  const column = new Uint32Array(room * 4);
  const index = new IdIndex(column);
  const rows: string[] = [];
  for (let step = 0; step < 6_000; step++) {
    if (rows.length < room && random() < 0.6) {
      const id = createId();
      column.set(toIdWords(id), rows.push(id) * 4 - 4);
      index.add(rows.length - 1);
    } else if (rows.length > 0) {
      const at = Math.floor(random() * rows.length);
      const last = rows.length - 1;
      index.remove(toIdWords(rows[at]!));
      if (at !== last) {
        index.move(last, at);
        column.copyWithin(at * 4, last * 4, last * 4 + 4);
        rows[at] = rows[last]!;
      }
      const gone = rows.pop()!;
      if (at === last) expect(index.find(toIdWords(gone))).toBeUndefined();
    }
  }
  for (const [row, id] of rows.entries())
    expect(index.find(toIdWords(id)), `seed ${seed}`).toBe(row);
  expect(index.find(toIdWords(createId()))).toBeUndefined();
});
