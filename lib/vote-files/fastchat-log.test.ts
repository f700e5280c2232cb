/** Goal: rows of FastChat's logs become the votes that its own script makes of them. Method: a row for each of its rules. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isLogRow, toLogVote } from "./fastchat-log";
import { readVoteRows } from "./read-vote-rows";
import type { VoteRow } from "./vote-row";

const state = (model: string | null, texts: unknown[], rest: object = {}) => ({
  ...{ template_name: "one", system_message: "", roles: ["user", "assistant"], offset: 0 },
  messages: texts.map((text, index) => [index % 2 === 0 ? "user" : "assistant", text]),
  ...{ conv_id: "c1", model_name: model },
  ...rest,
});
const row = (rest: object = {}) => ({
  ...{ tstamp: 1_700_000_000.5, type: "leftvote", models: ["", ""], ip: "1.2.3.4" },
  states: [
    state("model-x", ["Where is the river that runs through this town?", "North."]),
    state("model-y", ["Where is the river that runs through this town?", "South."]),
  ],
  ...rest,
});
const talk = (...texts: unknown[]) => ({
  states: [state("model-x", texts), state("model-y", texts)],
});

test("an anonymous vote has the models' own names, and its conversations", () => {
  expect(toLogVote(row())).toMatchObject({
    ...{ model_a: "model-x", model_b: "model-y", winner: "model_a", anony: true, turn: 1 },
    ...{ judge: "arena_user_1.2.3.4", question_id: "c1", language: "en", tstamp: 1_700_000_000.5 },
    conversation_b: [{ role: "user" }, { role: "assistant", content: "South." }],
  });
});

test.each([
  [{ type: "rightvote" }, { winner: "model_b" }],
  [{ type: "tievote" }, { winner: "tie" }],
  [{ type: "bothbad_vote" }, { winner: "tie (bothbad)" }],
  [{ models: ["Model A", "Model B"] }, { anony: true, model_a: "model-x" }],
  [{ models: ["model-x", "model-y"] }, { anony: false, model_a: "model-x" }],
  [
    { models: ["<h3>Model A: model-x</h3>\n", "<h3>Model B: model-y</h3>\n"] },
    { anony: false, model_a: "model-x" },
  ],
  [
    { models: ["### Model A: model-x", "### Model B: model-y"] },
    { anony: false, model_b: "model-y" },
  ],
  // Names of the first months, which have changed since.
  [
    { states: [state("gpt-4", ["a", "b"]), state("bard", ["a", "b"])] },
    { model_a: "gpt-4-0613", model_b: "palm-2" },
  ],
  [
    { tstamp: 1_680_000_000, states: [state("gpt-4", ["a", "b"]), state("claude-v1", ["a", "b"])] },
    { model_a: "gpt-4-0314", model_b: "claude-1" },
  ],
  // What stands before the offset is of the template; of a text with pictures the text is read.
  [
    {
      states: [
        state("x", ["GPT-4", "…", "a", "b"], { offset: 2 }),
        state("y", [["a", ["md5"]], "b"]),
      ],
    },
    { turn: 1 },
  ],
])("%j", (change, wanted) => {
  expect(toLogVote(row(change))).toMatchObject(wanted);
});

test.each([
  [{ models: ["", "model-y"] }, "invalid"],
  [{ models: ["model-z", "model-y"] }, "invalid"],
  [{ models: [null, null] }, "invalid"],
  [{ states: [state(null, ["a", "b"]), state(null, ["a", "b"])] }, "invalid"],
  [talk(), "invalid"],
  [talk("a", null), "none_msg"],
  [talk("a", ""), "none_msg"],
  [talk("Are you ChatGPT?", "No."), "leaked_identity"],
  [talk("a", "**API REQUEST ERROR** Reason: unknown."), "error"],
  [
    talk("a", "NETWORK ERROR DUE TO HIGH TRAFFIC. PLEASE REGENERATE OR REFRESH THIS PAGE."),
    "error",
  ],
  [talk("a", "And so▌"), "unfinished"],
  [{ type: "upvote" }, "other-kind"],
])("%j is dropped as %s", (change, why) => {
  expect(toLogVote(row(change))).toBe(why);
});

test("a log is read as votes, and what was dropped is counted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-log-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "2024-05-01-conv.json");
  const chat = { type: "chat", model: "x", state: {}, tstamp: 1, ip: "1.2.3.4" };
  const rows = [
    chat,
    row(),
    row({ type: "tievote", states: 7 }),
    row(talk("a", "OpenAI")),
    row({ models: ["model-x", "model-y"] }),
  ];
  writeFileSync(path, rows.map((it) => JSON.stringify(it)).join("\n"));
  const votes: VoteRow[] = [];
  const report = await readVoteRows(path, (some) => void votes.push(...some));
  expect(votes).toHaveLength(1);
  expect(votes[0]).toMatchObject({
    modelA: "model-x",
    voter: "arena_user_1.2.3.4",
    language: "en",
  });
  expect(votes[0]?.style?.a.tokens).toBe(2);
  expect(report).toMatchObject({ rows: 5, votes: 1, named: 1, otherKinds: 1, badCount: 1 });
  expect([...report.dropped]).toEqual([["leaked_identity", 1]]);
  expect(isLogRow({ type: "leftvote", model_a: "x" })).toBe(false);
});
