/**
 * Goal: `parley status` shows what runs, hands this clone's token to this clone's platform alone, and says in a
 * sentence why it shows nothing.
 * Method: the command in this process, before servers that the test writes, with a clone's folder of its own.
 */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runCli } from "../main";

const TOKEN = "admin-token-of-this-clone";
const SECRETS = { workerSecret: "w".repeat(32), adminToken: TOKEN };

let root: string;
const servers: Server[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "parley-status-"));
  mkdirSync(join(root, ".parley"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "a", version: "1.0.0" }));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(root, { recursive: true });
  vi.unstubAllEnvs();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A platform as far as it is asked, which lets the token's owner in; and the tokens that it was sent. */
async function startPlatform() {
  const tokens: string[] = [];
  const url = await listen(
    createServer(async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      const send = (value: object, headers: Record<string, string> = {}) =>
        response
          .writeHead(200, { "content-type": "application/json", ...headers })
          .end(JSON.stringify(value));
      if (request.url === "/api/session") {
        tokens.push(JSON.parse(body).token);
        return send({}, { "set-cookie": "session=of-the-test; Path=/" });
      }
      if (request.url === "/readyz") return send({ status: "ready" });
      if (request.url === "/api/admin/workers") {
        return send({ workers: [], heartbeatIntervalMs: 5_000, staleAfterMs: 15_000 });
      }
      return send({ models: [] });
    }),
  );
  return { url, tokens };
}

async function answer(text: string, type: string): Promise<string> {
  return await listen(
    createServer((_, response) => {
      response.writeHead(200, { "content-type": type }).end(text);
    }),
  );
}

function writeData(name: string, value: unknown): void {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  writeFileSync(join(root, ".parley", name), text);
}

async function run(...words: string[]) {
  const said = { written: "", complaints: "" };
  const code = await runCli(words, {
    root,
    write: (text) => {
      said.written += text;
    },
    writeError: (text) => {
      said.complaints += text;
    },
  });
  return { code, ...said };
}

test("this clone's platform is sent this clone's token, and no other is", async () => {
  const own = await startPlatform();
  const other = await startPlatform();
  writeData("running.json", { pid: process.pid, url: own.url });
  writeData("secrets.json", SECRETS);
  expect(JSON.parse((await run("status", "--json")).written)).toMatchObject({ workers: [] });
  expect(own.tokens).toEqual([TOKEN]);
  const strange = await run("status", "--json", "--url", other.url);
  expect(strange.code).toBe(0);
  expect(JSON.parse(strange.written)).not.toHaveProperty("workers");
  expect((await run("status", "--url", other.url)).written).toMatch(
    /^Workers {2}not shown without .*--admin-token-env/m,
  );
  expect(other.tokens).toEqual([]);
});

test("another platform's token is read from the variable that is named", async () => {
  const other = await startPlatform();
  vi.stubEnv("TEST_OTHER_TOKEN", "admin-token-of-the-other");
  const words = ["status", "--json", "--url", `${other.url}/`, "--admin-token-env"];
  const { written } = await run(...words, "TEST_OTHER_TOKEN");
  expect(JSON.parse(written)).toMatchObject({ url: other.url, workers: [] });
  expect(other.tokens).toEqual(["admin-token-of-the-other"]);
  const unset = await run(...words, "TEST_NOT_SET");
  expect(unset.code).toBe(2);
  expect(unset.complaints).toContain("The variable TEST_NOT_SET is not set.");
});

test.each([
  ["a page", "<html>Sign in</html>", "text/html"],
  ["another program's JSON", '{"object":"list"}', "application/json"],
])("%s in a platform's place is told in a sentence", async (_, text, type) => {
  const url = await answer(text, type);
  const { code, complaints, written } = await run("status", "--url", url);
  expect({ code, written }).toEqual({ code: 1, written: "" });
  expect(complaints).toBe(
    `What answers at ${url} is no Parley. Name the address of one with --url.\n`,
  );
  // Before the doctor it is a fault like others, and keeps none from being looked at.
  writeData("running.json", { pid: process.pid, url });
  const checks = JSON.parse((await run("doctor", "--json")).written).checks;
  expect(checks).toContainEqual(
    expect.objectContaining({ name: "platform", state: "broken", found: expect.any(String) }),
  );
  expect(checks.length).toBeGreaterThan(5);
});

test.each([["nowhere"], ["ftp://127.0.0.1"], ["http://"]])(
  "--url %s is no address",
  async (url) => {
    const { code, complaints } = await run("status", "--url", url);
    expect(code).toBe(2);
    expect(complaints).toMatch(/^--url: ".*" is no address\. Write it as http/);
  },
);

test("an address that holds a password is refused, and does not show it", async () => {
  const { code, complaints } = await run("status", "--url", "http://me:hunter22@127.0.0.1:9");
  expect(code).toBe(2);
  expect(complaints).toMatch(/^--url holds a name or password/);
  expect(complaints).not.toContain("hunter22");
});

test.each(["running.json", "secrets.json"])(
  "a damaged %s is named, with its cure",
  async (name) => {
    const own = await startPlatform();
    writeData("running.json", { pid: process.pid, url: own.url });
    writeData("secrets.json", SECRETS);
    writeData(name, '{"pid": 12');
    const { code, complaints } = await run("status");
    expect(code).toBe(1);
    expect(complaints).toMatch(new RegExp(`${name} cannot be read as .*[Rr]emove it`));
    const doctor = await run("doctor", "--json");
    expect(doctor.code).toBe(1);
    expect(JSON.parse(doctor.written).checks).toContainEqual(
      expect.objectContaining({ state: "broken", found: expect.stringContaining(name) }),
    );
  },
);
