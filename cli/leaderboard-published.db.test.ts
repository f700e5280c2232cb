/**
 * Goal: a stranger computes a published board again, with an address, with files, or beside the platform, and is told
 * what differs. Method: the commands on a real database, and a server that answers as the routes do.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { getPublishedFile } from "@/lib/leaderboard/read-published";
import { readVoteBytes } from "@/lib/leaderboard/vote-snapshot";
import { createId } from "@/lib/util/id";
import { runCli } from "./main";

let database: TestDatabase;
let root: string;
beforeAll(async () => {
  database = await createTestDatabase();
  root = mkdtempSync(join(tmpdir(), "parley-published-"));
  mkdirSync(join(root, ".parley"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "x", version: "1.0.0" }));
  const running = { pid: process.pid, databaseUrl: database.url };
  writeFileSync(join(root, ".parley/running.json"), JSON.stringify(running));
  await database.db.execute(sql`insert into models (id, name, description)
    values (${createId()}, 'x', '{}'), (${createId()}, 'y', '{}')`);
  await database.db.execute(sql`insert into ballots
    (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted)
    select gen_random_uuid(), gen_random_uuid(), a.id, b.id, outcome, 0.5, 1, true
    from models a, models b, unnest(array['a', 'a', 'b', 'tie', 'both-bad']) as outcome
    where a.name = 'x' and b.name = 'y'`);
});
afterAll(async () => {
  rmSync(root, { recursive: true });
  await database.drop();
});

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(["leaderboard", ...words], {
    root,
    write: (text) => {
      written += text;
    },
    writeError: (text) => {
      complaints += text;
    },
  });
  return { code, written, complaints };
}

const publish = async (...words: string[]) =>
  JSON.parse((await run("publish", "--json", ...words)).written) as { id: string; hash: string };

test("a board is published, listed, computed again, and removed with its reason", async () => {
  expect((await run("list")).written).toBe("No published board.\n");
  const { id } = await publish("--title", "Spring");
  expect((await run("list")).written).toMatch(new RegExp(`${id} .*overall@all .*Spring`));
  expect(await run("reproduce", id)).toMatchObject({
    ...{ code: 0, complaints: "", written: expect.stringContaining("The same bytes.") },
  });
  expect(JSON.parse((await run("reproduce", id, "--json")).written)).toMatchObject({
    ...{ id, isSame: true, differences: [], code: { isSame: true } },
  });
  expect((await run("remove", id)).code).toBe(2);
  expect((await run("remove", id, "--reason", "A try.")).code).toBe(0);
  const gone = await run("reproduce", id);
  expect(gone).toMatchObject({ code: 2, written: "" });
  expect(gone.complaints).toContain("There is no published board");
});

test("flags that make no board are refused by name", async () => {
  for (const words of [
    ["--category", "odd"],
    ["--period", "2026-02-30..2026-03-01"],
    ["--language", "German"],
    ["--title", ""],
  ]) {
    const { code, complaints } = await run("publish", ...words);
    expect(code).toBe(2);
    expect(complaints).toContain(words[0]!.slice(2));
  }
  expect((await run("publish", "--language", "fr")).complaints).toContain("No vote that counts");
  expect((await run("publish", "--help")).written).toContain("Exit codes");
});

test("files are enough, packed or not; other votes and other figures are told", async () => {
  const { id, hash } = await publish();
  const { text } = await getPublishedFile(id, database.db);
  const pieces: Uint8Array[] = [];
  for await (const piece of readVoteBytes(database.db, hash)) pieces.push(piece);
  const lines = Buffer.concat(pieces);
  const at = (name: string) => join(root, name);
  const files = { "board.json": text, "votes.jsonl": lines, "votes.jsonl.gz": gzipSync(lines) };
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content);
  const reproduce = (board: string, votes: string) =>
    run("reproduce", "--board", at(board), "--votes", at(votes), "--json");
  expect((await reproduce("board.json", "votes.jsonl")).code).toBe(0);
  expect((await reproduce("board.json", "votes.jsonl.gz")).code).toBe(0);

  writeFileSync(at("fewer.jsonl"), lines.subarray(0, lines.indexOf("\n") + 1));
  const fewer = await reproduce("board.json", "fewer.jsonl");
  expect([fewer.code, JSON.parse(fewer.written).differences[0]]).toEqual([
    ...[1, expect.stringContaining("not those that the board names")],
  ]);
  const better = text.replace(/"wins":\d+/, '"wins":99').replace("unbundled", "0.0.1+other");
  writeFileSync(at("better.json"), better);
  const other = await reproduce("better.json", "votes.jsonl");
  expect(other.code).toBe(1);
  expect(other.complaints).toContain("Run the code that it names (0.0.1+other)");
  expect(JSON.parse(other.written)).toMatchObject({
    code: { published: "0.0.1+other", here: "unbundled", isSame: false },
    differences: [expect.stringMatching(/^[xy], wins: published 99, computed \d$/)],
  });
  const forged = { ...JSON.parse(better), code: "\u001b[2J\nThe same bytes." };
  writeFileSync(at("forged.json"), JSON.stringify(forged));
  const forgedFiles = ["--board", at("forged.json"), "--votes", at("votes.jsonl")];
  const told = await run("reproduce", ...forgedFiles);
  expect(told.code).toBe(1);
  for (const words of [told.written, told.complaints]) {
    expect(words).not.toContain("\u001b");
    expect(words.split("\n")).not.toContain("The same bytes.");
  }
  writeFileSync(at("spelled.json"), `${JSON.stringify(JSON.parse(text))}\n`);
  expect((await reproduce("spelled.json", "votes.jsonl")).written).toContain("another way");
  writeFileSync(at("odd.json"), text.replace("overall@all", "overall@30d"));
  const odd = await reproduce("odd.json", "votes.jsonl");
  expect(odd).toMatchObject({ code: 2, complaints: expect.stringContaining("key") });
  expect((await reproduce("board.json", "none.jsonl")).code).toBe(2);
  expect((await run("reproduce", "--board", at("board.json"))).code).toBe(2);
  expect((await run("reproduce")).code).toBe(2);
});

test("a stranger needs nothing but the address", async () => {
  const { id, hash } = await publish();
  const { text } = await getPublishedFile(id, database.db);
  const server = createServer(async (request, response) => {
    if (request.url === `/here/api/leaderboard/published/${id}/board`) return response.end(text);
    if (request.url !== `/here/api/leaderboard/published/${id}/votes`) {
      response.statusCode = 404;
      return response.end('{"error": {"message": "There is no such board."}}');
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of readVoteBytes(database.db, hash)) pieces.push(piece);
    response.setHeader("content-encoding", "gzip");
    return response.end(gzipSync(Buffer.concat(pieces)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/here/`;
    const from = (name: string, address = base) => run("reproduce", name, "--base-url", address);
    rmSync(join(root, ".parley"), { recursive: true });
    expect(await from(id)).toMatchObject({ code: 0, complaints: "" });
    expect(await from("none")).toMatchObject({
      ...{ code: 2, complaints: expect.stringContaining("404: There is no such board.") },
    });
    expect((await from(id, "http://127.0.0.1:1")).complaints).toContain("Nobody answers");
    expect((await from(id, "parley")).code).toBe(2);
    expect((await run("reproduce", id)).code).toBe(2);
  } finally {
    server.close();
  }
  expect(readFileSync(join(root, "board.json"), "utf8")).toBeTruthy();
});
