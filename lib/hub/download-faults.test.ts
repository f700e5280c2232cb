/**
 * Goal: whatever a hub, a network or a disk does to a download, what has arrived is kept, nothing false becomes a model,
 * no token goes elsewhere, and the person is told what to do. Method: a hub on loopback that misbehaves as named.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type HubServer, type HubServerOptions, startHub } from "@/lib/stand-ins/hub-server";
import { seededRandom } from "@/lib/util/random";
import { type DownloadModelOptions, downloadModel } from "./download-model";
import { ensureModel } from "./ensure-model";
import { huggingFace } from "./hugging-face";
import { listLocalModels, removeModel, verifyModel } from "./local-models";
import { modelScope } from "./model-scope";
import { readRetryAfterMs } from "./retry-after";

const REPO = "maker/tiny-chat";
const random = seededRandom(12);
const bytes = (count: number) =>
  Uint8Array.from({ length: count }, () => Math.floor(256 * random()));
const WEIGHTS = bytes(60_000);
const FILES = {
  "config.json": Buffer.from('{"model_type":"tiny"}'),
  "tokenizer.json": bytes(2_000),
  "onnx/model.onnx": WEIGHTS,
  "onnx/model_q4.onnx": bytes(20_000),
};
const { signal } = new AbortController();
const retry = { firstMs: 1, longestMs: 2 };
const TOKEN = "hf_NeverToBeSeenElsewhere";

const servers: HubServer[] = [];
let hub: HubServer;
let parent: string;

async function start(more: Partial<HubServerOptions> = {}): Promise<HubServer> {
  const server = await startHub({ repo: REPO, files: FILES, ...more });
  servers.push(server);
  return server;
}
beforeEach(async () => {
  hub = await start();
  parent = mkdtempSync(join(tmpdir(), "parley-hub-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  rmSync(parent, { recursive: true });
});

const download = (more: Partial<DownloadModelOptions> & { token?: string } = {}) =>
  downloadModel({
    hub: huggingFace({ url: hub.url, retry, ...(more.token && { token: more.token }) }),
    ...{ repo: REPO, parent, signal, retry, preferred: ["model.onnx", "model_q4.onnx"] },
    ...more,
  });
const there = (path: string) => readFileSync(join(parent, "tiny-chat", path));
const weightCalls = () => hub.asked.filter((it) => it.path === "onnx/model.onnx");

/** Ends a download when so much has come. */
async function breakOff(bytesMin: number, more: Partial<DownloadModelOptions> = {}): Promise<void> {
  const stop = new AbortController();
  const onProgress = ({ bytes: now }: { bytes: number }) => {
    if (now > bytesMin) stop.abort(new Error("enough"));
  };
  const before = hub.faults;
  hub.faults = { cutAfterBytes: 4_000 };
  await expect(download({ ...more, signal: stop.signal, onProgress })).rejects.toThrow("enough");
  hub.faults = before;
  hub.asked.length = 0;
}

describe("what has arrived", () => {
  test.each([503, 500, 429, 502])(
    "outlives a status of %i while it is gone on with",
    async (status) => {
      await breakOff(30_000);
      hub.faults = { statuses: [status, status, status, status] };
      await download();
      expect(weightCalls().every(({ range }) => range !== undefined)).toBe(true);
      expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
    },
  );

  test("outlives a refusal, after which a token is set", async () => {
    await breakOff(30_000);
    const gated = await start({ gatedTo: TOKEN });
    const refused = download({ hub: huggingFace({ url: gated.url, retry }) });
    await expect(refused).rejects.toMatchObject({ code: "unauthenticated" });
    await download({ hub: huggingFace({ url: gated.url, retry, token: TOKEN }) });
    const calls = gated.asked.filter(({ path }) => path === "onnx/model.onnx");
    expect(calls.map(({ range }) => range !== undefined)).toEqual([true]);
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
  });

  test("outlives pages of a network that wants a sign-in, and none of their bytes are kept", async () => {
    await breakOff(30_000);
    hub.faults = { portals: 4 };
    await download();
    expect(weightCalls().every(({ range }) => range !== undefined)).toBe(true);
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
    expect(there("config.json").toString()).toBe('{"model_type":"tiny"}');
  });

  test.each([
    ["ranges answered from elsewhere", { rangeOffset: 3 }],
    ["ranges answered with 416", { refusesRanges: true }],
    ["ranges answered with the whole", { hasNoRanges: true }],
  ])("is given up for %s, and the file comes whole", async (_, faults) => {
    await breakOff(30_000);
    hub.faults = faults;
    await download();
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
  });

  test("is never gone on with for another commit's file of the same length", async () => {
    await breakOff(30_000);
    const other = bytes(WEIGHTS.length);
    const config = Buffer.from('{"model_type":"TINY"}');
    hub.push({ ...FILES, "onnx/model.onnx": other, "config.json": config });
    await download();
    expect(there("onnx/model.onnx").equals(other)).toBe(true);
    expect(there("config.json").equals(config)).toBe(true);
    expect(weightCalls()[0]?.range).toBeUndefined();
    const [local] = await listLocalModels(parent);
    expect(await verifyModel(local!, signal)).toEqual([]);
  });

  test("of weights that are not wanted any more is not part of the model", async () => {
    await breakOff(61_000);
    await download({ weights: "model_q4.onnx" });
    expect(readdirSync(join(parent, "tiny-chat", "onnx"))).toEqual(["model_q4.onnx"]);
  });

  test("is looked at before it is believed", async () => {
    await breakOff(30_000);
    const draft = join(parent, ".tiny-chat.download");
    writeFileSync(join(draft, "config.json"), '{"model_type":"TINY"}');
    symlinkSync("/etc/hostname", join(draft, "LICENSE"));
    await download();
    expect(there("config.json").toString()).toBe('{"model_type":"tiny"}');
    expect(existsSync(join(parent, "tiny-chat", "LICENSE"))).toBe(false);
  });

  test("outlives connections that break again and again", async () => {
    hub.faults = { breakAfterBytes: 17_000 };
    await download();
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
  });

  test("is asked for as it is: what is compressed on the way has other ranges", async () => {
    await download();
    expect(new Set(hub.asked.map(({ encoding }) => encoding))).toEqual(new Set(["identity"]));
  });
});

describe("a file that is not what was promised", () => {
  test.each([
    ["shorter", { missingBytes: 7 }, /has \d+ bytes for .* and promises/],
    ["longer", { extraBytes: 7 }, /More than the \d+ bytes/],
    ["a page", { portals: 1_000 }, /page of HTML came in place of .*sign-in/],
    ["damaged", { isDamaged: true }, /other bytes than the hub promises/],
  ])("and is %s becomes no model, and the reason is told", async (_, faults, says) => {
    hub.faults = faults;
    await expect(download()).rejects.toThrow(says);
    expect(existsSync(join(parent, "tiny-chat"))).toBe(false);
    hub.faults = {};
    await download();
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
  });

  test("a branch that moves on while files come changes nothing of them", async () => {
    let isPushed = false;
    const { model } = await download({
      onProgress: () => {
        if (!isPushed) hub.push({ ...FILES, "onnx/model.onnx": bytes(100) });
        isPushed = true;
      },
    });
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
    expect(model.commit).toBe("5f0b02c75b57c5855da9ae460ce51323ea669d8a");
    await expect(download()).rejects.toThrow(/holds maker\/tiny-chat at 5f0b02c75b57, and main is/);
  });
});

describe("a hub that is not well", () => {
  test("is asked again about the model", async () => {
    hub.faults = { callStatuses: [503, 500, 429], retryAfter: "0" };
    await download();
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
  });

  test("is left alone where it asks for longer than anyone waits, which is told", async () => {
    hub.faults = { callStatuses: [429], retryAfter: "86400" };
    await expect(download()).rejects.toMatchObject({
      ...{ code: "rate-limited", message: expect.stringContaining("86400 s") },
    });
    hub.faults = { statuses: [429], retryAfter: "86400" };
    await expect(download()).rejects.toMatchObject({
      ...{ code: "rate-limited", message: expect.stringContaining("86400 s") },
    });
  });

  test("that breaks off for good says why", async () => {
    hub.faults = { failures: 1_000 };
    await expect(download()).rejects.toThrow(/in 6 attempts\. .*status 503/);
    hub.faults = { redirect: "loop" };
    await expect(download()).rejects.toThrow(/redirect count exceeded/);
  });

  test("and is none at all is told so", async () => {
    hub.faults = { isPortal: true };
    await expect(download()).rejects.toThrow(/does not speak the hub's protocol.*sign-in/);
    const other = download({ hub: modelScope({ url: hub.url, retry }) });
    await expect(other).rejects.toThrow(/does not speak the hub's protocol/);
  });

  test("that cannot be reached is told with the system's words", async () => {
    const nobody = download({ hub: huggingFace({ url: "http://127.0.0.1:9", retry }) });
    await expect(nobody).rejects.toThrow(/cannot be reached: .*(?:ECONNREFUSED|bad port)/);
  });
});

describe("a gated model", () => {
  test("says where its terms are accepted, without a token and with one that has no access", async () => {
    hub = await start({ gatedTo: TOKEN });
    await expect(download()).rejects.toMatchObject({
      code: "unauthenticated",
      message: expect.stringContaining(`${hub.url}/${REPO} and set HF_TOKEN`),
    });
    await expect(download({ token: "hf_other" })).rejects.toMatchObject({
      ...{ code: "forbidden", message: expect.stringContaining("Accept its terms on") },
    });
    expect((await download({ token: TOKEN })).wasThere).toBe(false);
  });

  test("revisions and models that are not there are told apart", async () => {
    await expect(download({ revision: "v9" })).rejects.toThrow(/no such revision of/);
    await expect(download({ repo: "maker/none" })).rejects.toThrow(/There is no model maker\/none/);
  });
});

describe("the token", () => {
  test("goes to the hub and never to the host that it redirects to", async () => {
    const cdn = await start();
    hub = await start({ token: TOKEN, cdn: cdn.url });
    await download({ token: TOKEN });
    expect(cdn.asked.map(({ path, hasToken }) => [path, hasToken])).toEqual([
      ["onnx/model.onnx", false],
    ]);
    expect(hub.asked.every(({ hasToken }) => hasToken)).toBe(true);
  });

  test("stays away from hosts that small files or pages of the list are sent to", async () => {
    const other = await start();
    hub = await start({ pageEntries: 2 });
    hub.faults = { linkOrigin: other.url, redirect: other.url };
    await download({ token: TOKEN });
    expect(other.asked.some(({ hasToken }) => hasToken)).toBe(false);
    // The hub's own next page, by whatever name it has for itself.
    expect(other.calls).toEqual([]);
    expect(hub.calls).toHaveLength(3);
  });

  test("stands in no error", async () => {
    hub = await start({ token: "another" });
    const error = await download({ token: TOKEN }).catch((it: unknown) => it);
    expect(flatten(error)).not.toContain(TOKEN);
  });
});

function flatten(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error) ?? "";
  return [error.message, error.stack, JSON.stringify(error), flatten(error.cause)].join("\n");
}

describe("the list", () => {
  test("of many files comes in pages", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`extra/${index}.bin`, new Uint8Array(1)]),
    );
    hub = await start({ files: { ...many, ...FILES }, pageEntries: 1_000 });
    const { model } = await download();
    expect(model.files.map(({ path }) => path)).toHaveLength(3);
    expect(hub.calls.length).toBe(7);
  });

  test("that never ends is left", async () => {
    hub.faults = { isEndless: true };
    await expect(download()).rejects.toThrow(/more than 10000 files/);
  });

  test("that is longer than a list is left", async () => {
    hub.faults = { listBytes: 17 * 1024 * 1024 };
    await expect(download()).rejects.toThrow(/told more than 16 MiB/);
  });
});

describe("on the disk", () => {
  test("a model whose files were lost is made whole, and what lies beside them stays", async () => {
    const { folder } = await download();
    rmSync(join(folder, "config.json"));
    writeFileSync(join(folder, "onnx", "model.onnx"), "short");
    writeFileSync(join(folder, "parley.json"), "{}");
    const [damaged] = await listLocalModels(parent);
    expect(damaged).toMatchObject({ name: "tiny-chat", state: "damaged" });
    hub.asked.length = 0;
    expect(await download()).toMatchObject({ wasThere: false });
    expect(hub.asked.map(({ path }) => path).sort()).toEqual(["config.json", "onnx/model.onnx"]);
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
    expect(existsSync(join(folder, "parley.json"))).toBe(true);
    expect(readdirSync(parent)).toEqual(["tiny-chat"]);
  });

  test("a worker is not given a folder that lacks files", async () => {
    const { folder } = await download();
    rmSync(join(folder, "onnx", "model.onnx"));
    const options = {
      hub: huggingFace({ url: hub.url, retry }),
      repo: REPO,
      parent,
      signal,
      retry,
    };
    expect(await ensureModel({ ...options, preferred: ["model.onnx"] })).toBe(folder);
    expect(there("onnx/model.onnx").equals(WEIGHTS)).toBe(true);
  });

  test("an unfinished download is seen, and removed", async () => {
    await breakOff(30_000);
    const [draft] = await listLocalModels(parent);
    expect(draft).toMatchObject({ name: "tiny-chat", state: "unfinished" });
    expect(draft!.bytes).toBeGreaterThan(20_000);
    await removeModel(draft!);
    expect(readdirSync(parent)).toEqual([]);
  });

  test("links that lead nowhere and folders without a model are looked past", async () => {
    await download();
    symlinkSync("/nowhere/at/all", join(parent, "tiny-chat", "broken"));
    symlinkSync("/nowhere/at/all", join(parent, "broken"));
    mkdirSync(join(parent, "empty"));
    expect((await listLocalModels(parent)).map(({ name }) => name)).toEqual(["tiny-chat"]);
  });

  test("a place that nothing can be written to is told", async () => {
    writeFileSync(join(parent, "file"), "");
    const refused = download({ parent: join(parent, "file", "models") });
    await expect(refused).rejects.toThrow(/cannot be written.*--to or PARLEY_MODELS/);
  });

  test.each(["../out", "/out", ".hidden", "a/b", "", "-x"])(
    "no model is named %j",
    async (name) => {
      const models = join(parent, "models");
      const named = download({ name, parent: models });
      await expect(named).rejects.toMatchObject({ code: "invalid-request" });
      expect(readdirSync(parent)).toEqual([]);
    },
  );
});

test("ModelScope's refusals under a status of 200, and its files without a checksum", async () => {
  const fetched = download({ hub: modelScope({ url: hub.url, retry }), repo: "maker/none" });
  await expect(fetched).rejects.toMatchObject({ code: "not-found" });
  await download({ hub: modelScope({ url: hub.url, retry }), name: "scope" });
  expect(readFileSync(join(parent, "scope", "onnx", "model.onnx")).equals(WEIGHTS)).toBe(true);
});

test.each<[Record<string, string>, number | undefined]>([
  [{ "retry-after": "7" }, 7_000],
  [{ "retry-after": "Thu, 01 Jan 1970 00:00:09 GMT" }, 8_000],
  [{ ratelimit: '"resolvers";r=0;t=55' }, 55_000],
  [{ ratelimit: '"resolvers";r=12;t=55' }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{}, undefined],
])("%j asks for a pause of %s ms", (headers, expected) => {
  expect(readRetryAfterMs(new Headers(headers), 1_000)).toBe(expected);
});
