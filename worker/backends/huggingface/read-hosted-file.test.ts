import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getProviderHelper } from "@huggingface/inference";
import { describe, expect, test } from "vitest";
import { StartError } from "@/lib/util/start-error";
import { checkHosted } from "./check-hosted";
import { HUB_PROVIDERS } from "./hosted-model";
import { readHostedFile } from "./read-hosted-file";

const folder = mkdtempSync(join(tmpdir(), "parley-hosted-"));
const VARIABLES: Record<string, string> = {
  HF_TOKEN: "hf_default",
  OWN: "hf_own",
  GROQ: "gsk_1",
  TORN: "hf_hush\nhush",
};

function read(text: string, variables = VARIABLES) {
  const path = join(folder, "models.yaml");
  writeFileSync(path, text);
  return readHostedFile(path, (name) => variables[name]);
}

function faultsOf(text: string, variables = VARIABLES): string {
  try {
    read(text, variables);
  } catch (error) {
    if (error instanceof StartError) return error.message;
    throw error;
  }
  throw new Error("there is no fault");
}

test("the providers are those of the library that write", () => {
  for (const provider of HUB_PROVIDERS) {
    expect(getProviderHelper(provider, "conversational"), provider).toBeDefined();
  }
});

describe("our own list", () => {
  test("is as short as it can be, and tokens go where they belong", () => {
    const { models, warnings } = read(`
models:
  - name: llama
    model: meta-llama/Llama-3.3-70B-Instruct
  - name: zephyr
    endpoint: https://abc.us-east-1.aws.endpoints.huggingface.cloud
  - name: at-home
    endpoint: http://127.0.0.1:8080
  - name: named
    endpoint: http://127.0.0.1:8080
    token: OWN
  - name: by-groq
    model: openai/gpt-oss-20b
    provider: groq
    token: GROQ
`);
    expect(warnings).toEqual([]);
    const tokens = Object.fromEntries(models.map(({ model, token }) => [model.name, token]));
    // The hub's token is nobody else's business.
    expect(tokens).toEqual({
      ...{ llama: "hf_default", zephyr: "hf_default", "at-home": undefined },
      ...{ named: "hf_own", "by-groq": "gsk_1" },
    });
    const told = checkHosted({ models, warnings }, ["zephyr"]);
    expect(told).toContain("1 model, no faults.");
    expect(told).toContain("8192 tokens (a guess: say contextLength)");
    expect(told).not.toContain("hf_");
  });

  test.each([
    ["- name: x", /model of "x": is missing: name a model of the hub, or an endpoint/],
    ["- name: x\n    model: a/b\n    provider: nobody", /provider/],
    ["- name: x\n    endpoint: http://h\n    provider: groq", /provider.*asked directly/],
    ["- name: x\n    model: a/b\n    token: hf_abc-clear", /token.*never the key itself/],
    ["- name: x\n    model: a/b\n    token: MISSING", /MISSING, which is not set/],
    ["- name: x\n    model: a/b\n    token: TORN", /^(?!.*hush).*"x" holds what no header can/],
    ["- name: x\n    model: a/b\n    token: GROQ", /none of Hugging Face's \(hf_…\)/],
    ["- name: x\n    model: a/b\n    server: tgi", /server.*is of an endpoint/],
    ["- name: x\n    endpoint: http://h\n    api: generate", /template.*no model is named/],
    [
      "- name: x\n    endpoint: http://h\n    api: generate\n    template: nope",
      /no conversation template nope/,
    ],
    ["- name: x\n    endpoint: http://h\n    template: vicuna_v1.1", /template.*api generate/],
    ["- name: x\n    model: a/b\n  - name: x\n    model: a/c", /the name "x" is that of line/],
    ["- name: x\n    modle: a/b", /the key modle of "x" is none/],
  ])("%s", (entry, fault) => {
    expect(faultsOf(`models:\n  ${entry}\n`)).toMatch(fault);
  });

  test("without any token the hub cannot be asked", () => {
    expect(faultsOf("models:\n  - name: x\n    model: a/b\n", {})).toMatch(/set HF_TOKEN/);
  });
});

describe("FastChat's file", () => {
  const info = {
    "falcon-180b": {
      model_path: "tiiuae/falcon-180B-chat",
      api_base: "https://api-inference.huggingface.co/models",
      token: "hf_xxx",
      context_length: 2048,
    },
    "zephyr-7b-beta": {
      ...{ model_path: "", api_base: "http://10.0.0.7:8080/", token: "", context_length: 4096 },
      ...{ conv_template: "zephyr", model_names: "zephyr,zephyr-beta" },
    },
    "vicuna-13b": {
      ...{ model_path: "lmsys/vicuna-13b-v1.5", api_base: "https://host.example/base" },
      ...{ token: "tok", context_length: 4096 },
    },
    "unheard-of": {
      ...{
        model_path: "",
        api_base: "http://10.0.0.8",
        token: null,
        context_length: 512,
        extra: 1,
      },
    },
  };

  test("is read as it is: templates where they are known, chats where they are not", () => {
    const { models, warnings } = read(JSON.stringify(info));
    expect(
      models.map(({ model, token }) => [model.name, model.endpoint, model.api, token]),
    ).toEqual([
      ["falcon-180b", undefined, "chat", "hf_xxx"],
      ["zephyr", "http://10.0.0.7:8080", "generate", undefined],
      ["zephyr-beta", "http://10.0.0.7:8080", "generate", undefined],
      ["vicuna-13b", "https://host.example/base/lmsys/vicuna-13b-v1.5", "generate", "tok"],
      ["unheard-of", "http://10.0.0.8", "chat", undefined],
    ]);
    expect(models[0]?.model).toMatchObject({ provider: "auto", contextLength: 2_048 });
    expect(models[1]?.model.template).toBe("zephyr");
    expect(models[3]?.model.template).toBe("vicuna_v1.1");
    const told = warnings.join("\n");
    expect(told).toMatch(/"falcon-180b": the inference API at that address has ended/);
    expect(told).toMatch(/The token of "vicuna-13b" stands in the file/);
    expect(told).toMatch(/extra of "unheard-of" has no meaning/);
    expect(told).not.toContain("hf_xxx");
    expect(told).not.toContain("tok.");
  });

  test.each([
    [{ a: { ...info["zephyr-7b-beta"], conv_template: "nope" } }, /no conversation template nope/],
    [{ a: { model_path: "x", api_base: "http://h", token: "" } }, /context_length of "a"/],
    [{ a: { ...info["unheard-of"], api_base: "ftp://h" } }, /begins with https/],
  ])("%j", (file, fault) => {
    expect(faultsOf(JSON.stringify(file))).toMatch(fault);
  });
});
