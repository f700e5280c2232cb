import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { envSchema } from "@/lib/env";
import { runCli } from "./main";

const SECRET = "a-secret-that-nobody-prints";
let home = "";

async function run(...words: string[]) {
  const said = { out: "", err: "" };
  const code = await runCli(words, {
    root: resolve(import.meta.dirname, ".."),
    write: (text) => {
      said.out += text;
    },
    writeError: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "parley-config-"));
  vi.stubEnv("PARLEY_CONFIG", "");
  vi.stubEnv("PARLEY_HOME", home);
  for (const name of ["PORT", "HOST", "DATABASE_URL"]) vi.stubEnv(name, "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

test("shows every setting with its default, and no secret", async () => {
  writeFileSync(join(home, "parley.yaml"), `heartbeatIntervalMs: 2000\nworkerSecret: ${SECRET}\n`);
  vi.stubEnv("DATABASE_URL", `postgres://me:${SECRET}@host/db`);
  const { code, out, err } = await run("config");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  for (const name of Object.keys(envSchema.shape)) expect(out).toContain(`${name} (`);
  expect(out).toContain(
    "PARLEY_HEARTBEAT_INTERVAL_MS (heartbeatIntervalMs) = 2000   [file, parley.yaml:1 heartbeatIntervalMs, default 5000]",
  );
  expect(out).toContain("PARLEY_WORKER_SECRET (workerSecret) = set");
  expect(out).toContain("PARLEY_SECRET (secret) = not set   [default]");
  expect(out).not.toContain(SECRET);

  const { settings, faults } = JSON.parse((await run("config", "--json")).out);
  expect(faults).toEqual([]);
  expect(settings).toHaveLength(Object.keys(envSchema.shape).length);
  expect(settings.find((it: { name: string }) => it.name === "DATABASE_URL")).toMatchObject({
    ...{ value: "set", source: "environment", isSecret: true, key: "databaseUrl" },
  });
  expect(JSON.stringify(settings)).not.toContain(SECRET);
});

test("check is content with what is right, and names all that is not", async () => {
  expect(await run("config", "check")).toMatchObject({ code: 0 });
  writeFileSync(join(home, "parley.yaml"), "prot: 1\nport: 99999\n");
  const { code, err } = await run("config", "check");
  expect(code).toBe(1);
  expect(err).toMatch(/2 settings are wrong:\n.*parley\.yaml:1: .*port\?\n.*parley\.yaml:2 port: /);
  const shown = await run("config");
  expect(shown.code).toBe(1);
  expect(shown.out).toContain("PORT (port) = 99999   [file, parley.yaml:2 port, default 3000]");
});

test("check names what keeps a web process from starting, and what is no address", async () => {
  vi.stubEnv("HOST", "0.0.0.0");
  expect(await run("config", "check")).toMatchObject({
    code: 1,
    err: expect.stringContaining("PARLEY_ADMIN_TOKEN"),
  });
  vi.stubEnv("HOST", "");
  const wrong = [
    ["fastchatToken: a token/with more", "fastchatToken: may hold letters"],
    ["parentAddress: ftp://x", "parentAddress: must be a URL that begins with http"],
    ["controllerUrl: javascript:1", "controllerUrl: must be a URL that begins with http"],
    ["home: /elsewhere", "home says where files are; set PARLEY_HOME"],
    ["config: other.yaml", "config says where files are; set PARLEY_CONFIG"],
  ] as const;
  for (const [line, reason] of wrong) {
    writeFileSync(join(home, "parley.yaml"), `${line}\n`);
    const { code, err } = await run("config", "check");
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(reason) });
  }
});

test("an address with a password is refused, and not shown", async () => {
  writeFileSync(join(home, "parley.yaml"), `parentUrl: http://me:${SECRET}@host\n`);
  const { code, out, err } = await run("config");
  expect(code).toBe(1);
  expect(err).toContain("holds a name or password");
  expect(out).toContain("http://***@host");
  expect(out + err).not.toContain(SECRET);
});
