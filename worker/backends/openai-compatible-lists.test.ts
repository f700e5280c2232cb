/**
 * Goal: what servers tell of their models is read in every form that they have for it, and a bad moment of a server
 * takes none of them away.
 * Method: a stand-in whose lists and failures each case writes.
 */
import { afterEach, describe, expect, test } from "vitest";
import type { GuiseName } from "@/lib/stand-ins/openai-guises";
import { startOpenAiServer } from "@/lib/stand-ins/openai-server";
import { log as realLog } from "@/lib/telemetry/log";
import type { Backend } from "../backend";
import { createOpenAiCompatibleBackend, type OpenAiCompatibleOptions } from "./openai-compatible";

const never = new AbortController().signal;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const warnings: string[] = [];
const log = realLog.child({}, { level: "silent" });
log.warn = ((...told: unknown[]) => void warnings.push(String(told.at(-1)))) as typeof log.warn;

type Reply = { status?: number; body: unknown };
/** By path; undefined: as the stand-in's guise has it. */
type Replies = Record<string, Reply | undefined>;

async function start(
  replies: Replies,
  { guise = "generic", ...more }: Partial<OpenAiCompatibleOptions> & { guise?: GuiseName } = {},
) {
  warnings.length = 0;
  const looks: (() => void)[] = [];
  const server = await startOpenAiServer({
    guise,
    handle: ({ asked, sendJson }) => {
      if (asked.path === "/v1/models") for (const look of looks.splice(0)) look();
      const reply = replies[asked.path];
      if (reply === undefined) return false;
      sendJson(reply.body, reply.status);
      return true;
    },
  });
  ends.push(server.close);
  const backend = await createOpenAiCompatibleBackend(
    {
      ...{ baseUrl: server.baseUrl, headers: () => ({}), models: [], honours: [], lacks: [] },
      ...{ embedders: [], mayProbe: false, watchIntervalMs: 5, ...more },
    },
    { log, signal: never },
  );
  ends.push(() => backend.close());
  const nextLook = () => new Promise<void>((resolve) => looks.push(resolve));
  return { backend, server, nextLook };
}

const namesOf = (backend: Backend) => backend.card().models.map(({ name }) => name);

describe("lists", () => {
  test.each<[string, unknown, string[]]>([
    ["OpenAI's", { object: "list", data: [{ id: "a" }, { id: "b" }] }, ["a", "b"]],
    ["Together's", [{ id: "a", context_length: 9 }], ["a"]],
    ["of nothing, as Go writes it", { object: "list", data: null }, []],
    ["with a model twice", { data: [{ id: "a" }, { id: "b" }, { id: "a" }] }, ["a", "b"]],
    [
      "with names that are none",
      {
        data: [
          { id: "a" },
          { id: "" },
          { id: "x\ny" },
          { id: "x".repeat(300) },
          { name: "b" },
          null,
        ],
      },
      ["a"],
    ],
    ["with a length of nothing", { data: [{ id: "a", context_length: 0 }] }, ["a"]],
    ["with a length beyond all", { data: [{ id: "a", max_model_len: 1e12 }] }, ["a"]],
  ])("%s", async (_, body, names) => {
    const { backend } = await start({ "/v1/models": { body } });
    expect(namesOf(backend)).toEqual(names);
  });

  test("of more models than a card holds are cut, with a warning", async () => {
    const data = Array.from({ length: 300 }, (_, index) => ({ id: `m${index}` }));
    const { backend } = await start({ "/v1/models": { body: { data } } });
    expect(namesOf(backend)).toHaveLength(256);
    expect(warnings.join()).toContain("the first 256 are offered");
  });

  test("that are at no such place are missed by name", async () => {
    const { backend } = await start({ "/v1/models": { status: 404, body: {} } });
    expect(namesOf(backend)).toEqual([]);
    expect(warnings.join()).toMatch(/--base-url should end with \/v1/);
  });

  test("that a server has not are made good by the operator's", async () => {
    const models = [{ upstreamName: "a", name: "shown" }];
    const { backend } = await start({ "/v1/models": { status: 404, body: {} } }, { models });
    expect(namesOf(backend)).toEqual(["shown"]);
  });
});

describe("a bad moment", () => {
  test.each([429, 503, 500, 502])("of status %i takes no model away", async (status) => {
    const replies: Replies = {};
    const { backend, nextLook } = await start(replies, { guise: "llama.cpp" });
    const before = JSON.stringify(backend.card());
    let changes = 0;
    backend.watchCard?.(() => changes++);
    for (const path of ["/v1/models", "/props"]) {
      replies[path] = { status, body: { error: { message: "Loading." } } };
      await nextLook();
      replies[path] = undefined;
      await nextLook();
      await nextLook();
    }
    expect(JSON.stringify(backend.card())).toBe(before);
    expect(changes).toBe(0);
  });

  test("with models that the operator named changes nothing of what is known of them", async () => {
    const replies: Replies = {};
    const models = [{ upstreamName: "stand-in", name: "stand-in" }];
    const { backend, nextLook } = await start(replies, { guise: "sglang", models });
    const before = JSON.stringify(backend.card());
    replies["/v1/models"] = { status: 500, body: {} };
    await nextLook();
    replies["/v1/models"] = undefined;
    await nextLook();
    await nextLook();
    expect(JSON.stringify(backend.card())).toBe(before);
  });

  test("that lasts does", async () => {
    const replies: Replies = {};
    const { backend } = await start(replies);
    expect(namesOf(backend)).not.toEqual([]);
    const gone = new Promise<void>((resolve) => backend.watchCard?.(resolve));
    replies["/v1/models"] = { status: 500, body: {} };
    await gone;
    expect(namesOf(backend)).toEqual([]);
  });
});
