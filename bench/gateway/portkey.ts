import { join } from "node:path";
import { freePort } from "@/e2e/platform";
import { installPeers } from "../engine/install-peers";
import { ROOT } from "../root";
import { type Served, startProgram } from "./child-process";

const SOURCE = join(ROOT, "bench/gateway/peers");

export const PORTKEY = "Portkey 1.15.2";

/**
 * Portkey's open gateway, installed into `folder` unless it is there, without its page of logs.
 *
 * @throws Error with npm's words, for instance without a network.
 */
export async function startPortkey(folder: string, signal: AbortSignal): Promise<Served> {
  const peers = await installPeers(join(folder, "gateway-peers"), signal, SOURCE);
  const port = await freePort();
  const program = join(peers, "node_modules/@portkey-ai/gateway/build/start-server.js");
  return await startProgram([program, "--headless", `--port=${port}`], { port, signal });
}

/** What tells it where the model is. */
export function portkeyHeaders(upstreamPort: number): Record<string, string> {
  return {
    authorization: "Bearer none",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `http://127.0.0.1:${upstreamPort}/v1`,
  };
}
