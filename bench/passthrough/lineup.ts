import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startPlatform } from "@/e2e/platform";
import { LoadGenerator } from "../gateway/child-process";
import { type Pinning, pinGateway } from "../gateway/process-facts";
import type { Target } from "../gateway/question";
import type { PassthroughOptions } from "./options";
import { toDirectTarget, toGatewayTarget, toWorkerTarget } from "./targets";
import { UpstreamChild } from "./upstream-child";
import { shownAs, titleOf, toWorkerStart, type WayName } from "./ways";
import { type Controller, startBareController, startWorkerChild } from "./worker-child";

export type Lane = {
  way: WayName;
  title: string;
  direct: Target;
  worker: Target;
  /** Of the worker. */
  pid: number;
  /** Our API before the worker; for one of the ways, since it adds the same to each. */
  gateway: Target | undefined;
};

export type Lineup = {
  load: LoadGenerator;
  lanes: Lane[];
  /** Of the two ends of a direct read: who makes the load, and the servers. */
  ends: (number | undefined)[];
  /** The server of this way says its first piece of text, and the rest so much later; 0: all at once. */
  pause(lane: Lane, ms: number): Promise<void>;
  close(): Promise<void>;
};

/** Of this way. */
const THROUGH_GATEWAY: WayName = "openai-compatible";

/** Everybody that is measured, each in a process of its own; every answer has been read whole once. */
export async function openLineup(
  { ways, hasGateway, profileFolder }: PassthroughOptions,
  pinning: Pinning | undefined,
  signal: AbortSignal,
): Promise<Lineup> {
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
    closing.push(() => rmSync(folder, { recursive: true }));
    const upstream = await UpstreamChild.start();
    closing.push(() => upstream.stop());
    const controller = await (hasGateway ? startOwnPlatform(folder) : startBareController());
    closing.push(() => controller.close());
    const lanes: Lane[] = [];
    for (const way of ways) {
      const start = toWorkerStart(way, upstream.portOf(way), folder);
      const folderOfProfile = profileFolder && resolve(profileFolder, way);
      const worker = await startWorkerChild(start, { controller, profileFolder: folderOfProfile });
      closing.push(() => worker.stop());
      pinGateway(worker.pid, pinning);
      const { secret, url } = controller;
      const model = shownAs(way);
      const { target, pieces } = await toWorkerTarget(titleOf(way), {
        port: worker.port,
        secret,
        model,
      });
      const asked = await upstream.lastAsked(way);
      const direct = await toDirectTarget(`${way} directly`, {
        port: upstream.portOf(way),
        asked,
        pieces,
      });
      const gateway =
        hasGateway && way === THROUGH_GATEWAY
          ? await toGatewayTarget(`${way} through /v1`, {
              port: Number(new URL(url).port),
              model,
              pieces,
            })
          : undefined;
      lanes.push({ way, title: titleOf(way), direct, worker: target, pid: worker.pid, gateway });
    }
    const load = await LoadGenerator.start(signal);
    closing.push(() => load.stop());
    const pause = async ({ way, direct }: Lane, ms: number) => {
      const afterBytes = direct.firstAfter?.bodyBytes ?? 0;
      await upstream.pause(way, ms === 0 ? undefined : { afterBytes, ms });
    };
    return { load, lanes, ends: [load.pid, upstream.pid], pause, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** With no models but those of the workers that come. */
async function startOwnPlatform(folder: string): Promise<Controller> {
  const models = mkdtempSync(join(folder, "models-"));
  const platform = await startPlatform({ PARLEY_MODELS: models });
  const { workerSecret: secret } = JSON.parse(
    readFileSync(join(platform.dataDir, "secrets.json"), "utf8"),
  ) as { workerSecret: string };
  return { url: platform.url, secret, close: () => platform.stop() };
}
