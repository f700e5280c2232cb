/**
 * Goal: an image is fetched from the public internet alone, and nothing else is.
 * Method: a world of its own for what is fetched (undici's MockAgent, names that resolve as told), and the
 * real one for what must never be reached: servers on loopback count who connects.
 */
import { createServer, type Server } from "node:net";
import { Agent, MockAgent } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { IMAGE_BYTES_MAX } from "@/lib/upstream-limits";
import { bringImages } from "./bring-images";
import { fetchImage, guardedLookup, type ImageNet } from "./fetch-image";
import { GIF, PNG } from "./testing";

const { signal } = new AbortController();
const png = Buffer.from(PNG, "base64");

let agent: MockAgent;
let net: ImageNet;
let names: Record<string, string[]>;

beforeEach(() => {
  agent = new MockAgent();
  agent.disableNetConnect();
  names = { "pictures.example": ["93.184.216.34"], "inside.example": ["10.0.0.7"] };
  net = {
    resolve: async (host) => (names[host] ?? []).map((address) => ({ address, family: 4 })),
    mayReach: (address) => !address.startsWith("10."),
    dispatcher: agent,
  };
});
afterEach(() => agent.close());

const at = (path: string) => agent.get("https://pictures.example").intercept({ path });
const get = (url: string) => fetchImage({ type: "image-address", url }, { signal, net });

describe("what is fetched", () => {
  test("is told by its bytes, whatever the server says of its type", async () => {
    at("/a").reply(200, png, { headers: { "content-type": "text/html" } });
    expect(await get("https://pictures.example/a")).toEqual({
      ...{ type: "image", mediaType: "image/png", data: PNG },
    });
    at("/b").reply(200, Buffer.from(GIF, "base64"));
    expect(await get("https://pictures.example/b")).toMatchObject({ mediaType: "image/gif" });
  });

  test("through three redirections, each held to the same rules", async () => {
    for (const [from, to] of [
      ["/1", "/2"],
      ["/2", "https://pictures.example/3"],
      ["/3", "4"],
    ] as const) {
      at(from).reply(302, "", { headers: { location: to } });
    }
    at("/4").reply(200, png);
    expect(await get("https://pictures.example/1")).toMatchObject({ data: PNG });
    at("/loop")
      .reply(302, "", { headers: { location: "/loop" } })
      .persist();
    await expect(get("https://pictures.example/loop")).rejects.toThrow("more than 3 other");
    for (const location of [
      "https://inside.example/x",
      "http://pictures.example/x",
      "file:///etc",
    ]) {
      at("/out").reply(302, "", { headers: { location } });
      await expect(get("https://pictures.example/out")).rejects.toMatchObject({
        ...{ code: "invalid-request", param: "messages" },
        message: expect.stringContaining('The image at "https://pictures.example/out"'),
      });
    }
  });

  test.each([
    ["no image", 200, "<html>", /is no image that models read/],
    ["nothing", 200, "", /is no image/],
    ["a page that is not there", 404, png, /status 404/],
    ["too much", 200, Buffer.alloc(IMAGE_BYTES_MAX + 1, png), /more than 5 MiB/],
  ])("%s is refused", async (_, status, body, message) => {
    at("/x").reply(status, body);
    await expect(get("https://pictures.example/x")).rejects.toThrow(message);
  });

  test("a host that breaks off is told in plain words, its cause kept", async () => {
    at("/x").replyWithError(new Error("connect ECONNREFUSED 93.184.216.34:443"));
    const error = await get("https://pictures.example/x").catch((it: unknown) => it);
    expect(error).toMatchObject({ message: expect.not.stringContaining("ECONN") });
    expect(error).toMatchObject({ cause: expect.anything() });
  });

  test("whoever leaves ends it", async () => {
    const leaving = new AbortController();
    at("/slow").reply(200, png).delay(60_000);
    const fetching = fetchImage(
      { type: "image-address", url: "https://pictures.example/slow" },
      { signal: leaving.signal, net },
    );
    leaving.abort(new Error("left"));
    await expect(fetching).rejects.toThrow("left");
  });

  test("a name that nobody answers for is given up, and whoever leaves ends the look-up", async () => {
    const silent = { ...net, resolve: () => new Promise<never>(() => undefined) };
    const address = { type: "image-address" as const, url: "https://pictures.example/x" };
    await expect(fetchImage(address, { signal, net: silent, timeoutMs: 20 })).rejects.toThrow(
      "was not read within 0.02 s",
    );
    const leaving = new AbortController();
    const fetching = fetchImage(address, { signal: leaving.signal, net: silent });
    leaving.abort(new Error("left"));
    await expect(fetching).rejects.toThrow("left");
  });

  test("a host that is slow is given up", async () => {
    at("/slow").reply(200, png).delay(60_000);
    const fetching = fetchImage(
      { type: "image-address", url: "https://pictures.example/slow" },
      { signal, net, timeoutMs: 20 },
    );
    await expect(fetching).rejects.toThrow("was not read within 0.02 s");
  });
});

test.each([
  ["http://pictures.example/x", /begins with https/],
  ["ftp://pictures.example/x", /begins with https/],
  ["pictures.example/x", /begins with https/],
  ["https://me:secret@pictures.example/x", /name or password/],
  ["https://inside.example/x", /host that is not public/],
  ["https://nowhere.example/x", /host that is not public/],
])("%s is refused before anybody is asked", async (url, message) => {
  await expect(get(url)).rejects.toThrow(message);
});

describe("the real network", () => {
  let server: Server;
  let port: number;
  let connections = 0;
  beforeEach(async () => {
    connections = 0;
    server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as { port: number }).port;
  });
  afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

  test.each([
    ...["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]"],
    ...["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0.0.0.0"],
    ...["169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "[fd00::1]"],
    ...["[fe80::1]", "224.0.0.1", "255.255.255.255", "localhost.", "127.0.0.1."],
  ])("%s is never connected to", async (host) => {
    const url = `https://${host}:${port}/x`;
    await expect(fetchImage({ type: "image-address", url }, { signal })).rejects.toMatchObject({
      ...{ code: "invalid-request", param: "messages" },
    });
    expect(connections).toBe(0);
  });

  test("a name that changes between the look and the call leads nowhere", async () => {
    let looks = 0;
    const resolve: ImageNet["resolve"] = async () => {
      looks++;
      return [{ address: looks === 1 ? "93.184.216.34" : "127.0.0.1", family: 4 }];
    };
    const mayReach = (address: string) => address !== "127.0.0.1";
    const dispatcher = new Agent({ connect: { lookup: guardedLookup(resolve, mayReach) } });
    const url = `https://rebinds.example:${port}/x`;
    const fetching = fetchImage(
      { type: "image-address", url },
      { signal, net: { resolve, mayReach, dispatcher } },
    );
    await expect(fetching).rejects.toMatchObject({ code: "invalid-request" });
    expect(looks).toBe(2);
    expect(connections).toBe(0);
    await dispatcher.close();
  });
});

describe("the images of a request", () => {
  const image = { type: "image", mediaType: "image/png", data: PNG } as const;
  const shown = (...urls: string[]) => [
    {
      role: "user" as const,
      content: [
        { type: "text" as const, text: "What is this?" },
        ...urls.map((url) => ({ type: "image-address" as const, url, detail: "low" as const })),
      ],
    },
  ];

  test("are fetched once for each address, and stand where their addresses stood", async () => {
    at("/a").reply(200, png);
    const url = "https://pictures.example/a";
    const brought = await bringImages(shown(url, url), { signal, net });
    const there = { ...image, detail: "low" };
    expect(brought[0]?.content.slice(1)).toEqual([there, there]);
    agent.assertNoPendingInterceptors();
  });

  test("count as often as they are shown, however few are fetched", async () => {
    at("/large").reply(200, Buffer.concat([png, Buffer.alloc(3 * 1024 * 1024)]));
    const urls = Array.from({ length: 3 }, () => "https://pictures.example/large");
    await expect(bringImages(shown(...urls), { signal, net })).rejects.toThrow("more than 8 MiB");
  });

  test("are refused when they are too many or too large together", async () => {
    const urls = Array.from({ length: 33 }, (_, index) => `https://pictures.example/${index}`);
    await expect(bringImages(shown(...urls), { signal, net })).rejects.toThrow("33 images");
    const large = { ...image, data: "A".repeat(6 * 1024 * 1024) };
    const content = [large, large];
    await expect(bringImages([{ role: "user", content }], { signal, net })).rejects.toThrow(
      "more than 8 MiB",
    );
  });
});
