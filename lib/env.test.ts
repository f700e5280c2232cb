import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { DISPATCH_POLICIES, DISPATCH_POLICY_DEFAULT } from "@/lib/protocol/dispatch";
import { envSchema, parseEnv, readSettings, toEnvExample } from "./env";

/** Settings of a folder of their own. */
let home = "";
const write = (name: string, text: string) => writeFileSync(join(home, name), text);
const read = (environment: Record<string, string> = {}) =>
  readSettings({ PARLEY_HOME: home, ...environment });
const faultsOf = (environment?: Record<string, string>) => read(environment).faults.join("\n");

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "parley-settings-"));
  const made = home;
  onTestFinished(() => rmSync(made, { recursive: true }));
});

test(".env.example is what the schema says", () => {
  const written = readFileSync(join(import.meta.dirname, "../.env.example"), "utf8");
  expect(written).toBe(toEnvExample());
});

test("every setting has a description and none is required", () => {
  expect(Object.values(envSchema.shape).every((schema) => schema.description)).toBe(true);
  expect(parseEnv({ PARLEY_CONFIG: "none" }).PORT).toBe(3000);
});

test("the policies of dispatch are those of the protocol", () => {
  const { PARLEY_DISPATCH_POLICY: policy } = envSchema.shape;
  expect(policy.unwrap().options).toEqual(DISPATCH_POLICIES);
  expect(policy.parse(undefined)).toBe(DISPATCH_POLICY_DEFAULT);
});

test("an empty value counts as not set, a wrong one is named with its remedy", () => {
  const none = { PARLEY_CONFIG: "none" };
  expect(parseEnv({ ...none, PORT: "" }).PORT).toBe(3000);
  expect(() => parseEnv({ ...none, PORT: "abc", PARLEY_SECRET: "short" })).toThrow(
    /PORT: .*PARLEY_SECRET: /,
  );
});

test("the environment comes before .env, .env before the file, the file before the default", () => {
  write("parley.yaml", "port: 1\nhost: 10.0.0.1\nlogLevel: warn\nworker:\n  threads: 3\n");
  write(".env", "PORT=2\nHOST=10.0.0.2\n");
  const { env, sources, faults } = read({ PORT: "3" });
  expect(faults).toEqual([]);
  expect(env).toMatchObject({
    ...{ PORT: 3, HOST: "10.0.0.2", LOG_LEVEL: "warn", PARLEY_WORKER_THREADS: 3 },
    PARLEY_DATA_DIR: ".parley",
  });
  const of = (name: string) => sources.found.get(name);
  expect(of("PORT")).toMatchObject({ source: "environment", at: "PORT" });
  expect(of("HOST")).toMatchObject({ source: ".env" });
  expect(of("LOG_LEVEL")).toMatchObject({ source: "file", at: "parley.yaml:3 logLevel" });
  expect(of("PARLEY_WORKER_THREADS")).toMatchObject({ at: "parley.yaml:5 workerThreads" });
  expect(of("PARLEY_DATA_DIR")).toBeUndefined();
  // What `npm start` hands to its children came from .env all the same.
  expect(read({ PORT: "2" }).sources.found.get("PORT")?.source).toBe(".env");
});

test("JSON is read like YAML, with lists, booleans and nothing", () => {
  const json = { corsOrigins: ["https://a.example", "https://b.example"], api: { open: true } };
  write("parley.json", JSON.stringify({ ...json, workerSecret: null }, null, 2));
  const { env, faults } = read();
  expect(faults).toEqual([]);
  expect(env?.PARLEY_CORS_ORIGINS).toEqual(json.corsOrigins);
  expect(env?.PARLEY_API_OPEN).toBe(true);
  expect(env?.PARLEY_WORKER_SECRET).toBeUndefined();
});

test("a token of digits stays the text that it is", () => {
  write("parley.yaml", "adminToken: 12345678901234567890\n");
  expect(read().env?.PARLEY_ADMIN_TOKEN).toBe("12345678901234567890");
});

test("what is unknown or wrong is named with its line and what was likely meant", () => {
  write("parley.yaml", "\nheartbeatIntervallMs: 500\nport: many\nworker: {threads: {a: 1}}\n");
  write(".env", "PARLEY_HOSTS=x\nUNRELATED=1\n");
  const faults = faultsOf({ PARLEY_DATADIR: "x", OTHER_PROGRAMS: "1" });
  expect(faults).toContain(
    "parley.yaml:2: there is no setting heartbeatIntervallMs; did you mean heartbeatIntervalMs?",
  );
  expect(faults).toMatch(/parley\.yaml:3 port: .*number/);
  expect(faults).toContain("parley.yaml:4: there is no setting workerThreadsA");
  expect(faults).toContain(".env: there is no setting PARLEY_HOSTS");
  expect(faults).toContain("no setting PARLEY_DATADIR; did you mean PARLEY_DATA_DIR?");
  expect(faults).not.toMatch(/UNRELATED|OTHER/);
});

test("a file that is none is told by its line, and so is a key that stands there twice", () => {
  write("parley.yaml", "port: 1\nhost: [\n");
  expect(faultsOf()).toMatch(/parley\.yaml:\d: /);
  write("parley.yaml", "workerThreads: 1\nworker:\n  threads: 2\n");
  expect(faultsOf()).toContain("parley.yaml:3: workerThreads stands there twice");
  write("parley.yaml", "- port\n");
  expect(faultsOf()).toContain("parley.yaml:1: expected settings");
});

test("two files at once, and a named one that is not there, are refused", () => {
  write("parley.yaml", "port: 1\n");
  write("parley.json", "{}");
  expect(faultsOf()).toContain("parley.yaml and parley.json are both there");
  expect(faultsOf({ PARLEY_CONFIG: "other.yaml" })).toContain("there is no file");
  write("other.yaml", "port: 7\n");
  expect(read({ PARLEY_CONFIG: "other.yaml" }).env?.PORT).toBe(7);
  expect(read({ PARLEY_CONFIG: "none" }).env?.PORT).toBe(3000);
});

test("secrets come from files, and are in no message", () => {
  const secret = "a-secret-of-the-tests";
  write("secret", `${secret}\n`);
  const file = join(home, "secret");
  const { env, sources } = read({ PARLEY_WORKER_SECRET_FILE: file });
  expect(env?.PARLEY_WORKER_SECRET).toBe(secret);
  expect(sources.found.get("PARLEY_WORKER_SECRET")?.at).toBe("PARLEY_WORKER_SECRET_FILE");
  write("parley.yaml", `workerSecretFile: ${file}\nadminToken: short-secret\n`);
  const both = read({ PARLEY_WORKER_SECRET: "another-secret-of-the-tests" });
  expect(both.env).toBeUndefined();
  expect(both.faults.join()).toMatch(/parley\.yaml:2 adminToken: /);
  expect(both.faults.join()).not.toContain("short-secret");
  expect(both.sources.found.get("PARLEY_WORKER_SECRET")?.value).toBe("another-secret-of-the-tests");
  const twice = { PARLEY_SECRET: secret, PARLEY_SECRET_FILE: file };
  expect(faultsOf(twice)).toContain("PARLEY_SECRET and PARLEY_SECRET_FILE are both set");
  expect(faultsOf({ PARLEY_SECRET_FILE: join(home, "none") })).toMatch(
    /PARLEY_SECRET_FILE: ENOENT/,
  );
});

test("what Kubernetes says of services is no setting", () => {
  const told = {
    PARLEY_WEB_SERVICE_HOST: "10.1.2.3",
    PARLEY_WEB_SERVICE_PORT_HTTP: "3000",
    PARLEY_WEB_PORT: "tcp://10.1.2.3:3000",
    PARLEY_PORT_3000_TCP_ADDR: "10.1.2.3",
  };
  expect(faultsOf(told)).toBe("");
});

test("settings that contradict each other are named together", () => {
  const tight = { PARLEY_HEARTBEAT_INTERVAL_MS: "5000", PARLEY_WORKER_STALE_AFTER_MS: "9999" };
  expect(faultsOf(tight)).toMatch(/STALE_AFTER_MS: 9999 is less than twice .*5000/);
  const wait = { PARLEY_WORKER_SILENCE_MS: "1000", PARLEY_ADMISSION_WAIT_MS: "2000" };
  expect(faultsOf(wait)).toContain("may pass in silence");
});

test("who registers at another Parley says how it is let in there and reached here", () => {
  const PARLEY_PARENT_URL = "https://parley.example";
  expect(faultsOf({ PARLEY_PARENT_URL })).toMatch(/PARENT_SECRET: .*PARENT_ADDRESS: /s);
  const PARLEY_PARENT_SECRET = "sixteen letters or more";
  const reached = { PARLEY_PUBLIC_URL: "https://site-a.example" };
  expect(faultsOf({ PARLEY_PARENT_URL, PARLEY_PARENT_SECRET, ...reached })).toBe("");
});
