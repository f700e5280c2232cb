import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { AppError } from "@/lib/errors";
import type { HandedModel, ModelProblem, ToldProblems } from "@/lib/protocol/external-models";
import { log } from "@/lib/telemetry/log";
import { createExternalBackend } from "../external";
import { PlatformSource } from "./platform-source";

const ENTRY = { provider: "anthropic", model: "claude-sonnet-4-5" };

/** A platform that can be away, and keeps what it is told. */
class Platform {
  readonly url = "http://platform.test";
  models: HandedModel[] = [];
  version = 1;
  fault: AppError | undefined;
  asked = 0;
  readonly told: ToldProblems["problems"] = [];

  set(models: HandedModel[]): void {
    this.models = models;
    this.version += 1;
  }

  async externalModels(tag: string | undefined) {
    this.asked += 1;
    if (this.fault) throw this.fault;
    const now = `"${this.version}"`;
    return tag === now ? undefined : { tag: now, models: this.models };
  }

  async tellProblems({ problems }: ToldProblems) {
    if (this.fault) throw this.fault;
    this.told.push(...problems);
  }
}

const away = () => new AppError("upstream-invalid", { message: "The controller is away." });
const own = (name: string, more: object = {}): HandedModel => ({
  ...{ name, entry: { name, ...ENTRY, ...more } },
  credentials: { key: "sk-1" },
});
const ending: AbortController[] = [];
afterEach(() => {
  for (const it of ending.splice(0)) it.abort();
});

function sourceOf(platform: Platform, variables: Record<string, string> = {}) {
  const abort = new AbortController();
  ending.push(abort);
  const variable = (name: string) => variables[name];
  return new PlatformSource({
    ...{ client: platform, signal: abort.signal, log, variable, intervalMs: 2 },
  });
}

async function startBackend(platform: Platform, variables?: Record<string, string>) {
  const source = sourceOf(platform, variables);
  const backend = await createExternalBackend({ source, only: [], slots: 1, log });
  onTestFinished(() => backend.close());
  backend.watchCard?.(() => undefined);
  return { backend, names: () => backend.card().models.map(({ name }) => name) };
}

describe("a worker of the platform's models", () => {
  test("offers what is entered, changed and switched off, while it runs", async () => {
    const platform = new Platform();
    const { names, backend } = await startBackend(platform);
    expect(names()).toEqual([]);
    platform.set([own("a"), own("b")]);
    await expect.poll(names).toEqual(["a", "b"]);
    platform.set([own("b", { contextLength: 9_000 })]);
    await expect.poll(names).toEqual(["b"]);
    expect(backend.card().models[0]?.contextLength).toBe(9_000);
    platform.set([]);
    await expect.poll(names).toEqual([]);
  });

  test("goes on with what it has while the platform is away, and follows it again", async () => {
    const platform = new Platform();
    platform.set([own("a")]);
    const { names } = await startBackend(platform);
    expect(names()).toEqual(["a"]);
    platform.fault = away();
    const { asked } = platform;
    await expect.poll(() => platform.asked).toBeGreaterThan(asked + 2);
    expect(names()).toEqual(["a"]);
    platform.set([own("a"), own("c")]);
    platform.fault = undefined;
    await expect.poll(names).toEqual(["a", "c"]);
  });

  test("starts before the platform does, without models", async () => {
    const platform = new Platform();
    platform.fault = away();
    platform.set([own("a")]);
    const { names } = await startBackend(platform);
    expect(names()).toEqual([]);
    platform.fault = undefined;
    await expect.poll(names).toEqual(["a"]);
  });

  test("does not start where it is handed none for good", async () => {
    const platform = new Platform();
    platform.fault = new AppError("forbidden", { message: "Make a token with --provider-keys." });
    await expect(startBackend(platform)).rejects.toMatchObject({
      name: "StartError",
      remedy: "Make a token with --provider-keys.",
    });
  });

  test.each(["forbidden", "unauthenticated"] as const)(
    "lets go of models and keys when it may have them no more (%s), and takes them up again",
    async (code) => {
      const platform = new Platform();
      platform.set([own("a")]);
      const { names } = await startBackend(platform);
      expect(names()).toEqual(["a"]);
      platform.fault = new AppError(code, { message: "The token was revoked." });
      await expect.poll(names).toEqual([]);
      platform.fault = undefined;
      await expect.poll(names).toEqual(["a"]);
    },
  );

  test("serves the others beside one that cannot be served, and tells why", async () => {
    const platform = new Platform();
    const locked: ModelProblem = { kind: "key-locked", message: "Enter the key again." };
    platform.set([
      own("good"),
      { name: "locked", entry: { name: "locked", ...ENTRY }, problem: locked },
      { name: "newer", entry: { name: "newer", ...ENTRY, mood: "mild" } },
      { name: "by-variable", entry: { name: "by-variable", ...ENTRY, key: "HOUSE_KEY" } },
      { name: "missing", entry: { name: "missing", ...ENTRY, key: "NOT_SET" } },
    ]);
    const { names } = await startBackend(platform, { HOUSE_KEY: "sk-house" });
    expect(names()).toEqual(["good", "by-variable"]);
    await expect.poll(() => platform.told.length).toBe(5);
    const told = new Map(platform.told.map((it) => [it.name, it.problem]));
    expect(told.get("good")).toBeNull();
    expect(told.get("by-variable")).toBeNull();
    expect(told.get("locked")).toEqual(locked);
    expect(told.get("newer")?.kind).toBe("faulty");
    expect(told.get("missing")).toMatchObject({
      kind: "key-missing",
      message: expect.stringMatching(/names the variable NOT_SET, which is not set/),
    });
    // The same is not told again.
    const { asked } = platform;
    await expect.poll(() => platform.asked).toBeGreaterThan(asked + 3);
    expect(platform.told).toHaveLength(5);
  });
});

test("whoever enters models is sent no setting of the worker's own in place of a key", async () => {
  const platform = new Platform();
  const baseUrl = "http://whoever.test/v1";
  const asks = (name: string, key: string): HandedModel => {
    return { name, entry: { name, provider: "openai-compatible", model: "m", baseUrl, key } };
  };
  platform.set([asks("a", "PARLEY_WORKER_SECRET"), asks("b", "DATABASE_URL"), asks("c", "OWN")]);
  const variables = { PARLEY_WORKER_SECRET: "s-1", DATABASE_URL: "s-2", OWN: "s-3" };
  const { models, problems = [] } = await sourceOf(platform, variables).read();
  expect(models.map(({ credentials }) => credentials)).toEqual([{ key: "s-3" }]);
  expect(problems.map(({ name, problem }) => [name, problem.kind])).toEqual([
    ["a", "faulty"],
    ["b", "faulty"],
  ]);
});

test("what could not be told is told later", async () => {
  const platform = new Platform();
  const source = sourceOf(platform);
  await source.read();
  platform.fault = away();
  const abort = new AbortController();
  ending.push(abort);
  source.watch(() => undefined, abort.signal);
  const refused: ModelProblem = { kind: "refused", message: "The provider refuses the key." };
  source.tell("a", refused);
  const { asked } = platform;
  await expect.poll(() => platform.asked).toBeGreaterThan(asked + 2);
  expect(platform.told).toEqual([]);
  platform.fault = undefined;
  await expect.poll(() => platform.told).toEqual([{ name: "a", problem: refused }]);
  source.tell("a", null);
  await expect.poll(() => platform.told.at(-1)).toEqual({ name: "a", problem: null });
});
