/**
 * Goal: a chat of 10,000 messages is as quick as a short one: nodes in the page stay bounded, and no task keeps
 * the page from reacting for long while it opens, scrolls and is streamed into.
 * Method: the messages are written into the database of the platform under the visitor of the browser. Of a task
 * the processor's time counts, so that other programs of a busy machine are not held against the page.
 */
import { type Browser, expect, type Page, test } from "@playwright/test";
import { connect } from "@/lib/db/connect";
import { ask, composer } from "./pages";
import { sharedPlatform, startMockWorker } from "./platform";

/** One fewer than a conversation holds, so that it can go on. */
const TURNS = 4_999;
/** Of the whole document; a chat of 20 turns has some 1,500. */
const NODES_MAX = 6_000;
/** Of one task of the page's own thread; beyond it a reader feels that the page hangs. */
const TASK_MS_MAX = 200;

/** Fills a chat of this browser's visitor up to 10,000 messages. */
async function fill(conversationId: string): Promise<void> {
  const sql = connect(sharedPlatform().databaseUrl);
  try {
    await sql`
      update messages set created_at = now() - interval '2 hours'
      where conversation_id = ${conversationId}`;
    await sql`
      with made as (
        select n, gen_random_uuid() as prompt_id, gen_random_uuid() as answer_id
        from generate_series(1, ${TURNS - 1}::int) as n
      ), last as (
        select id, model_id, model_build, worker_id, parameters from messages
        where conversation_id = ${conversationId} and role = 'assistant'
      ), chain as (
        select n, prompt_id, answer_id,
          coalesce(lag(answer_id) over (order by n), (select id from last)) as parent_id
        from made
      ), prompts as (
        select prompt_id as id, parent_id, 'user' as role, 'question ' || n as content,
          now() - interval '1 hour' + make_interval(secs => n * 0.001) as created_at, null::text as status,
          null::uuid as model_id, null::text as model_build, null::uuid as worker_id,
          null::jsonb as parameters, null::int as tokens, null::text as finish_reason
        from chain
      ), answers as (
        select answer_id, prompt_id, 'assistant',
          'answer ' || n || case when n % 10 = 0 then E'\n\n- **one**\n- \`two\`\n\n| a | b |\n|---|---|\n| 1 | 2 |' else '' end,
          now() - interval '1 hour' + make_interval(secs => n * 0.001 + 0.0005), 'complete',
          last.model_id, last.model_build, last.worker_id, last.parameters, 2, 'stop'
        from chain, last
      ), rows as (select * from prompts union all select * from answers)
      insert into messages (id, conversation_id, parent_id, role, content, created_at, updated_at,
        status, model_id, model_build, worker_id, parameters, prompt_tokens, completion_tokens,
        first_token_ms, duration_ms, finish_reason)
      select id, ${conversationId}, parent_id, role, content, created_at, created_at,
        status, model_id, model_build, worker_id, parameters, tokens, tokens, tokens, tokens,
        finish_reason
      from rows`;
  } finally {
    await sql.end();
  }
}

const countNodes = (page: Page) => page.evaluate(() => document.querySelectorAll("*").length);

type TraceEvent = {
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args: { name?: string };
};

/** The longest task of the page's thread during `act`, in milliseconds of the processor. */
async function longestTaskMs(browser: Browser, page: Page, act: () => Promise<void>) {
  await browser.startTracing(page, { categories: ["toplevel"] });
  let trace: string;
  try {
    await act();
  } finally {
    trace = (await browser.stopTracing()).toString("utf8");
  }
  // The format of Chrome's traces: durations in microseconds, threads named by events of their own.
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const threads = new Set(
    traceEvents
      .filter((it) => it.name === "thread_name" && it.args.name === "CrRendererMain")
      .map((it) => `${it.pid}/${it.tid}`),
  );
  const tasks = traceEvents.filter(
    (it) => it.name.endsWith("RunTask") && threads.has(`${it.pid}/${it.tid}`),
  );
  expect(tasks.length, "the trace knows the page's tasks").toBeGreaterThan(0);
  return Math.max(...tasks.map((it) => it.tdur ?? 0)) / 1_000;
}

test("ten thousand messages", async ({ browser, page }) => {
  test.setTimeout(240_000);
  const worker = await startMockWorker(["mock/vast"]);
  const turn = (number: number) =>
    page.getByRole("region", { name: `Question ${number}`, exact: true });
  try {
    await page.goto("/chat?model=mock%2Fvast");
    await ask(page, "the first of many");
    await expect(page.getByRole("button", { name: "Regenerate" })).toBeEnabled();
    await fill(page.url().split("/").at(-1) ?? "");

    let nodes = 0;
    const opening = await longestTaskMs(browser, page, async () => {
      await page.reload();
      await expect(turn(TURNS)).toContainText(`question ${TURNS - 1}`, { timeout: 60_000 });
      nodes = await countNodes(page);
    });

    const scrolling = await longestTaskMs(browser, page, async () => {
      await page.mouse.move(400, 400);
      for (let step = 0; step < 20; step++) {
        await page.mouse.wheel(0, -2_000);
        await page.evaluate(() => new Promise((frame) => requestAnimationFrame(frame)));
        nodes = Math.max(nodes, await countNodes(page));
      }
      await page.evaluate(() => window.scrollTo(0, 0));
      await expect(turn(1)).toBeInViewport();
    });

    // What the browser's own search cannot see is found by that of the page.
    const finding = await longestTaskMs(browser, page, async () => {
      await page.getByRole("searchbox", { name: "Find in this chat" }).fill("question 2345");
      await page.keyboard.press("Enter");
      await expect(turn(2_346)).toBeInViewport();
    });

    const streaming = await longestTaskMs(browser, page, async () => {
      await composer(page).fill(Array.from({ length: 60 }, (_, word) => `word${word}`).join(" "));
      await composer(page).press("Enter");
      await expect(turn(TURNS + 1)).toContainText("word59", { timeout: 60_000 });
      const answer = turn(TURNS + 1).getByRole("article", { name: "Answer" });
      await expect(answer).toContainText("word59", { timeout: 60_000 });
      await expect(answer).toHaveAttribute("aria-busy", "false");
      nodes = Math.max(nodes, await countNodes(page));
    });

    const tasks = { opening, scrolling, finding, streaming };
    process.stdout.write(`Longest task in ms ${JSON.stringify(tasks)}, nodes at most ${nodes}\n`);
    expect(nodes).toBeLessThan(NODES_MAX);
    for (const [what, ms] of Object.entries(tasks)) expect(ms, what).toBeLessThan(TASK_MS_MAX);
  } finally {
    await worker.stop();
  }
});
