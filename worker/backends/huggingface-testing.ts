import type * as z from "zod";
import {
  type HuggingfaceServer,
  type HuggingfaceServerOptions,
  startHuggingfaceServer,
} from "@/lib/stand-ins/huggingface-server";
import { log as realLog } from "@/lib/telemetry/log";
import type { Backend } from "../backend";
import { createHuggingfaceBackend } from "./huggingface";
import { hostedModelSchema } from "./huggingface/hosted-model";

/** For tests: the backend before a stand-in of Hugging Face, with its own library between them. */

export type HostedInput = Partial<z.input<typeof hostedModelSchema>>;

export const TOKEN = "hf_stand_in";

export type Hosted = { backend: Backend; server: HuggingfaceServer; close(): Promise<void> };

/** An endpoint of TGI's, unless the input says otherwise; it is shown under one name. */
export async function startHosted(
  input: HostedInput,
  options: HuggingfaceServerOptions = {},
): Promise<Hosted> {
  const server = await startHuggingfaceServer({ token: TOKEN, ...options });
  const model = hostedModelSchema.parse({
    ...{ name: "shown", model: "stand-in/lantern", contextLength: 2_048 },
    ...{ endpoint: server.url, ...input },
  });
  const backend = await createHuggingfaceBackend({
    source: {
      read: async () => ({ models: [{ model, token: TOKEN }], warnings: [] }),
      watch: () => undefined,
    },
    ...{ only: [], slots: 4, log: realLog.child({}, { level: "silent" }) },
    ...{ hubUrl: server.url, routerUrl: server.url },
  });
  const close = async () => {
    await backend.close();
    await server.close();
  };
  return { backend, server, close };
}
