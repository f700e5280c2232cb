/** Goal: what keepers ask for is published once, and they see how it went. Method: jobs that are called by hand, also twice. */
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { OVERALL } from "@/lib/protocol/board-key";
import { log } from "@/lib/telemetry/log";
import { createId } from "@/lib/util/id";
import { Publications } from "./publications";

type Handler = (job: { data: { id: string }; signal: AbortSignal }) => Promise<void>;

let database: TestDatabase;
const run = (statement: ReturnType<typeof sql>) => database.db.execute(statement);
beforeAll(async () => {
  log.level = "silent";
  database = await createTestDatabase();
  await run(sql`insert into models (id, name, description)
    values (${createId()}, 'x', '{}'), (${createId()}, 'y', '{}')`);
  await run(sql`insert into ballots
    (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted)
    select gen_random_uuid(), gen_random_uuid(), a.id, b.id, outcome, 0.5, 1, true
    from models a, models b, unnest(array['a', 'b', 'tie', 'a']) as outcome
    where a.name = 'x' and b.name = 'y'`);
});
beforeEach(() => run(sql`truncate board_publications, published_boards, vote_snapshots cascade`));
afterAll(() => database.drop());

/** A keeper's process whose jobs the test calls. */
function open(compute?: () => Promise<string>) {
  const sent: { id: string }[] = [];
  let handler: Handler | undefined;
  const publications = new Publications({
    db: database.db,
    compute,
    jobs: {
      handle: (_name: string, given: unknown) => {
        handler = given as Handler;
      },
      send: async (_name: string, data = {}) => {
        sent.push(data as { id: string });
      },
    },
  });
  publications.start();
  const work = (signal = new AbortController().signal) => handler!({ data: sent[0]!, signal });
  return { publications, sent, work };
}

const asked = { title: "A title", key: { ...OVERALL, period: "30d" } };

test("it is told while it goes on, and done once, however often its job comes", async () => {
  const { publications, sent, work } = open();
  const first = await publications.request(asked);
  expect(first).toMatchObject({ title: "A title", key: "overall@30d", state: "running" });
  expect(sent).toEqual([{ id: first.id }]);
  await work();
  await work();
  const list = await publications.list();
  expect(list.publications).toMatchObject([
    { state: "done", votesDone: 4, votesTotal: 4, error: null, boardId: list.boards[0]!.id },
  ]);
  expect(list.boards).toMatchObject([{ title: "A title", snapshotVotes: 4 }]);
  expect(list.codeVersion).toBe("unbundled");
});

test("a process that died after its last word is made up for", async () => {
  const { publications, work } = open();
  await publications.request(asked);
  await work();
  await run(sql`update board_publications set state = 'running'`);
  await work();
  const { boards, publications: told } = await publications.list();
  expect([boards.length, told[0]?.state]).toEqual([1, "done"]);
  await run(
    sql`update board_publications set state = 'running', updated_at = now() - interval '1 hour'`,
  );
  expect((await publications.list()).publications[0]?.error).toContain("Nothing was heard");
});

test("what cannot be published says why; a process that ends leaves it to another", async () => {
  const { publications, work } = open();
  await publications.request({ ...asked, key: { ...OVERALL, language: "fr" } });
  await work();
  expect((await publications.list()).publications).toMatchObject([
    { state: "failed", boardId: null, error: expect.stringContaining("No vote that counts") },
  ]);

  const ending = new AbortController();
  const leaving = open(async () => {
    ending.abort(new Error("The process ends."));
    throw ending.signal.reason;
  });
  await leaving.publications.request(asked);
  await expect(leaving.work(ending.signal)).rejects.toThrow("The process ends.");
  const { publications: told, boards } = await publications.list();
  expect([told[0]?.state, boards]).toEqual(["running", []]);

  const broken = open(async () => {
    throw new Error("a secret of ours");
  });
  await broken.publications.request(asked);
  await broken.work();
  expect((await publications.list()).publications[0]?.error).not.toContain("secret");
});
