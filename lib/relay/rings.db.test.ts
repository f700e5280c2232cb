/**
 * Goal: a ring of Parleys is found where it closes, whichever link comes last.
 * Method: the registries and relays of several Parleys in one process, each with a database and a door of its own.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { ParentDoor } from "@/lib/auth/parent-door";
import { Controller } from "@/lib/controller/controller";
import { workers } from "@/lib/db/schema/workers";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { type AppError, toAppError } from "@/lib/errors";
import { heartbeatBodySchema, registerBodySchema } from "@/lib/protocol/registration";
import { createId } from "@/lib/util/id";
import { Relay } from "./relay";

const WAIT = { timeout: 20_000, interval: 20 };
const SECRET = "a secret of the tests";

beforeAll(() => {
  process.env.PARLEY_WORKER_SECRET = SECRET;
});

class Site {
  readonly database: TestDatabase;
  readonly controller: Controller;
  readonly #server: Server;
  url = "";
  #relay: Relay | undefined;
  /** What its parents said when they refused others. */
  readonly refusals: AppError[] = [];

  constructor(database: TestDatabase) {
    this.database = database;
    const config = { heartbeatIntervalMs: 200, staleAfterMs: 60_000, pictureIntervalMs: 50 };
    this.controller = new Controller({ db: database.db, config });
    this.#server = createServer(async (request, response) => {
      const answer = (status: number, body: unknown) =>
        void response
          .writeHead(status, { "content-type": "application/json" })
          .end(JSON.stringify(body));
      try {
        let text = "";
        for await (const chunk of request) text += String(chunk);
        answer(
          200,
          await this.#answer(request.url ?? "", text === "" ? undefined : JSON.parse(text)),
        );
      } catch (thrown) {
        const { code, message, status } = toAppError(thrown);
        answer(status, { error: { code, message } });
      }
    });
  }

  async open(): Promise<this> {
    await new Promise<void>((settle) => this.#server.listen(0, "127.0.0.1", settle));
    // A TCP server that listens has an AddressInfo.
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async #answer(path: string, body: unknown): Promise<unknown> {
    const { controller } = this;
    const [, , kind, id = "", beat] = path.split("?", 1)[0]?.split("/") ?? [];
    if (kind === "relay") return this.#relay?.health;
    if (beat) return controller.heartbeat(id, heartbeatBodySchema.parse(body));
    if (id === "") {
      try {
        return await controller.register(registerBodySchema.parse(body));
      } catch (error) {
        this.refusals.push(toAppError(error));
        throw error;
      }
    }
    const instanceId = new URL(path, this.url).searchParams.get("instanceId") ?? "";
    await controller.leave(id, { instanceId });
    return {};
  }

  /** A worker of its own that offers `name`. */
  async offer(name: string): Promise<void> {
    const description = { skills: [], examplePrompts: [] };
    const counters = { requests: 0, failures: 0, promptTokens: 0, completionTokens: 0 };
    await this.controller.register({
      ...{ instanceId: createId(), address: `http://127.0.0.1:9/${name}` },
      card: {
        ...{ kind: "mock", name, version: "0", slots: 1, waitingMax: 0 },
        models: [{ name, build: "x", contextLength: 9, features: ["chat"], description }],
      },
      load: { state: "ready", running: 0, waiting: 0, counters },
    });
  }

  joins({ url: parentUrl }: Site): void {
    const settings = { parentUrl, secret: SECRET, address: `${this.url}/api/relay` };
    const { controller } = this;
    const db = this.database.db;
    this.#relay = new Relay({ settings, db, controller, door: new ParentDoor() });
    this.#relay.start();
  }

  /** Parleys that are its workers. */
  async children() {
    const rows = await this.database.db.select().from(workers);
    return rows.filter(({ kind, state }) => kind === "parley" && state !== "left");
  }

  async modelNames(): Promise<string[]> {
    return (await this.controller.listModels()).map(({ name }) => name);
  }

  async close(): Promise<void> {
    await this.#relay?.stop();
    this.#server.closeAllConnections();
    this.#server.close();
    await this.database.drop();
  }
}

let sites: Site[] = [];

async function open(count: number): Promise<Site[]> {
  const databases = await Promise.all(Array.from({ length: count }, createTestDatabase));
  sites = await Promise.all(databases.map((database) => new Site(database).open()));
  await Promise.all(sites.map((site, index) => site.offer(`model-${index}`)));
  return sites;
}

afterEach(async () => {
  await Promise.all(sites.map((site) => site.close()));
});

const links = async () => (await Promise.all(sites.map((site) => site.children()))).flat();
const refusals = () => sites.flatMap((site) => site.refusals);

test("a row of three: the top has the models of all, and knows whom it is passed on by", async () => {
  const [top, middle, bottom] = (await open(3)) as [Site, Site, Site];
  bottom.joins(middle);
  middle.joins(top);
  await vi.waitFor(async () => {
    expect(await top.modelNames()).toEqual(["model-0", "model-1", "model-2"]);
  }, WAIT);
  expect((await top.children())[0]?.parleys).toHaveLength(2);
  expect(refusals()).toEqual([]);
});

test("a ring of three that closes last is refused there, and the row stays", async () => {
  const [one, two, three] = (await open(3)) as [Site, Site, Site];
  two.joins(one);
  three.joins(two);
  await vi.waitFor(async () => expect((await one.children())[0]?.parleys).toHaveLength(2), WAIT);
  one.joins(three);
  await vi.waitFor(() => expect(three.refusals).not.toEqual([]), WAIT);
  expect(three.refusals[0]).toMatchObject({ code: "conflict", param: "card.parleys" });
  expect(three.refusals[0]?.message).toContain("go round in a ring");
  expect(await three.children()).toEqual([]);
  await vi.waitFor(async () => {
    expect(await one.modelNames()).toEqual(["model-0", "model-1", "model-2"]);
  }, WAIT);
});

test.each([2, 3])("a ring of %i that closes at one moment is cut", async (count) => {
  const ring = await open(count);
  for (const [index, site] of ring.entries()) site.joins(ring[(index + 1) % count] as Site);
  await vi.waitFor(async () => {
    expect(refusals()).not.toEqual([]);
    expect((await links()).length).toBeLessThan(count);
  }, WAIT);
  expect(refusals().every(({ code }) => code === "conflict")).toBe(true);
});

test("one that registers at itself is refused", async () => {
  const [alone] = (await open(1)) as [Site];
  alone.joins(alone);
  await vi.waitFor(() => expect(alone.refusals[0]).toMatchObject({ code: "conflict" }), WAIT);
  expect(await alone.children()).toEqual([]);
});
