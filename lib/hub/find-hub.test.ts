import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findHub } from "./find-hub";
import type { HubModel, HubName } from "./hub";

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "parley-home-"));
  writeFileSync(join(home, "token"), "hf_of_login\n");
});
afterAll(() => rmSync(home, { recursive: true }));

const MODEL: HubModel = {
  ...{ hub: "huggingface", repo: "maker/model", revision: "main", commit: "c0", files: [] },
};

function request(values: Record<string, string>, url?: string, name: HubName = "huggingface") {
  const variable = (word: string) => ({ HF_HOME: "/nowhere", ...values })[word];
  const hub = findHub(name, { url }, variable);
  const { url: address, headers } = hub.toRequest(MODEL, "config.json");
  return { address, token: headers.authorization };
}

test("variables of the hub's own tools count", () => {
  expect(request({})).toEqual({
    ...{ address: "https://huggingface.co/maker/model/resolve/c0/config.json", token: undefined },
  });
  expect(request({ HF_TOKEN: " hf_a\n", HUGGING_FACE_HUB_TOKEN: "b" }).token).toBe("Bearer hf_a");
  expect(request({ HF_ENDPOINT: "https://mirror.example/hf/" }).address).toMatch(
    /^https:\/\/mirror\.example\/hf\/maker\/model\/resolve/,
  );
  const scope = { MODELSCOPE_DOMAIN: "www.modelscope.ai", MODELSCOPE_API_TOKEN: "ms" };
  expect(request(scope, undefined, "modelscope")).toEqual({
    address: "https://www.modelscope.ai/models/maker/model/resolve/main/config.json",
    token: "Bearer ms",
  });
});

test("what a login wrote down goes to the public hub alone", () => {
  expect(request({ HF_HOME: home }).token).toBe("Bearer hf_of_login");
  expect(request({ HF_TOKEN_PATH: join(home, "token") }).token).toBe("Bearer hf_of_login");
  expect(request({ HF_HOME: home }, "https://mirror.example").token).toBeUndefined();
  const off = { HF_HOME: home, HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" };
  expect(request(off).token).toBeUndefined();
});

describe("what cannot be is refused, and never repeated", () => {
  test.each([
    [{ HF_ENDPOINT: "mirror.example" }, "HF_ENDPOINT"],
    [{ HF_ENDPOINT: "https://me:hunter2@mirror.example" }, "HF_ENDPOINT"],
    [{ HF_ENDPOINT: "file:///etc/hunter2" }, "HF_ENDPOINT"],
    [{ HF_TOKEN: "hf_hunter2\nX: y" }, "HF_TOKEN"],
    [{ HF_TOKEN: "hf_hunter2 and more" }, "HF_TOKEN"],
  ])("%j", (values, names) => {
    const attempt = () => request(values);
    expect(attempt).toThrow(expect.objectContaining({ code: "invalid-request" }));
    expect(attempt).toThrow(names);
    expect(attempt).not.toThrow(/hunter2/);
  });
});

test("offline is offline", () => {
  const hub = findHub("huggingface", {}, (word) => (word === "HF_HUB_OFFLINE" ? "1" : undefined));
  const find = () => hub.find("maker/model", undefined, new AbortController().signal);
  expect(find).toThrow(/HF_HUB_OFFLINE is set/);
});
