/**
 * Goal: a server that leads elsewhere gets nobody's key there, whichever client asks it.
 * Method: a stand-in that redirects, and another where it leads to, which must stay unasked.
 */
import { expect, test } from "vitest";
import { textMessage } from "@/lib/protocol/message";
import { modelEntrySchema } from "@/lib/protocol/model-entry";
import { startStandIn } from "@/lib/stand-ins/stand-in-server";
import { log as realLog } from "@/lib/telemetry/log";
import type { Backend } from "../backend";
import { createExternalBackend } from "./external";
import { TRIED, TRIED_PROVIDERS } from "./external-testing";
import { createOpenAiCompatibleBackend } from "./openai-compatible";

const log = realLog.child({}, { level: "silent" });
const never = new AbortController().signal;

type Make = (baseUrl: string) => Promise<Backend>;

const wire: Make = (baseUrl) =>
  createOpenAiCompatibleBackend(
    {
      ...{ baseUrl, headers: () => ({ authorization: "Bearer sk-of-it" }), mayProbe: false },
      ...{ models: [{ upstreamName: "m", name: "shown" }], honours: [], lacks: [], embedders: [] },
    },
    { log, signal: never },
  );

const ofProvider =
  (provider: (typeof TRIED_PROVIDERS)[number]): Make =>
  async (baseUrl) => {
    const region = provider === "bedrock" ? { region: "eu-stand-1" } : {};
    const { model, credentials } = TRIED[provider];
    const entry = modelEntrySchema.parse({
      ...{ name: "shown", provider, model, baseUrl, contextLength: 99, ...region },
    });
    const models = [{ entry, credentials }];
    const read = async () => ({ models, warnings: [], unusable: [] });
    return await createExternalBackend({
      ...{ source: { read, watch: () => undefined }, only: [], slots: 1, log },
    });
  };

const CLIENTS: [name: string, make: Make][] = [
  ["openai-compatible", wire],
  ...TRIED_PROVIDERS.map((it): [string, Make] => [`external before ${it}`, ofProvider(it)]),
];

test.each(CLIENTS)("%s", async (_, make) => {
  const elsewhere = await startStandIn({
    handle: ({ sendJson }) => sendJson({}),
    toError: () => ({}),
  });
  let status = 307;
  const server = await startStandIn({
    handle: ({ asked, response }) =>
      void response.writeHead(status, { location: elsewhere.url + asked.path }).end(),
    toError: () => ({}),
  });
  const backend = await make(`${server.url}/v1`);
  const messages = [textMessage("user", "Tell me.")];
  const request = { requestId: "r", model: "shown", messages, sampling: {}, stop: [] };
  for (status of [301, 302, 303, 307, 308]) {
    const next = backend.generate(request, never)[Symbol.asyncIterator]().next();
    await expect(next).rejects.toMatchObject({
      code: "upstream-invalid",
      cause: { message: expect.stringContaining("leads elsewhere") },
    });
  }
  expect(elsewhere.asked).toEqual([]);
  await backend.close();
  await server.close();
  await elsewhere.close();
});
