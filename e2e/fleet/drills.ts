import {
  HEARTBEAT_INTERVAL_MS,
  PROBE_RETRY_LONGEST_MS,
  WORKER_STALE_AFTER_MS,
} from "@/lib/fleet-limits";
import { wait } from "@/lib/util/wait";
import type { Drill, Scene } from "./drill";
import type { WebMember, WorkerMember } from "./fleet";
import { readGauges } from "./worker-gauges";

/** A new worker, or one that is back, has work within this: a registration, and what a picture takes. */
const JOINED_MS_MAX = 5_000;
/** A web process answers this soon after it listens: the schema is looked at, the registry read, and workers asked. */
const FIRST_ANSWER_MS_MAX = 10_000;

/** A web process asks a worker that it cannot reach after pauses that grow to PROBE_RETRY_LONGEST_MS. */
const REACHED_MS_MAX = PROBE_RETRY_LONGEST_MS + JOINED_MS_MAX;
/** Longer than the replies to questions whether it lives, shorter than some answers. */
const ANSWER_BYTES = 20_000;

function getWeb({ fleet }: Scene, index: number): WebMember {
  const web = fleet.webs[index];
  if (!web) throw new Error(`There is no web process ${index + 1}.`);
  return web;
}

function getWorker({ fleet }: Scene, index: number): WorkerMember {
  const worker = fleet.workers[index];
  if (!worker) throw new Error(`There is no worker ${index + 1}.`);
  return worker;
}

/** The database is shut down for a while, then started. Who was in goes on; the registry stays as it was. */
const databaseAway: Drill = {
  name: "database away",
  async run(scene) {
    const { database } = scene.fleet;
    await scene.outage({ target: "database", kind: "restart" }, async () => {
      await database.stop();
      await wait(scene.holdMs);
      await database.start();
    });
    await noteRecovery(scene);
  },
};

/** The same while connections stay open and nothing is answered. */
const databaseHangs: Drill = {
  name: "database hangs",
  async run(scene) {
    const { database } = scene.fleet;
    await scene.outage({ target: "database", kind: "freeze" }, async () => {
      database.freeze();
      await wait(scene.holdMs);
      database.thaw();
    });
    await noteRecovery(scene);
  },
};

/** One web process loses the database, and the workers' beats that come to it are written by nobody. */
const webCutFromDatabase: Drill = {
  name: "web cut from the database",
  async run(scene) {
    const { toDatabase } = getWeb(scene, 0);
    toDatabase.set("deaf");
    await wait(scene.holdMs);
    toDatabase.set("open");
    await noteRecovery(scene);
  },
};

/** One web process cannot reach a worker that another one reaches: both are right about what they see. */
const workerCutFromOneWeb: Drill = {
  name: "worker cut from one web",
  async run(scene) {
    const { address } = getWorker(scene, 0);
    await scene.outage({ target: "worker 1", kind: "kill" }, async () => {
      scene.webToWorker.set("closed");
      await wait(scene.holdMs);
      const rows = (await scene.watch.read()).filter((it) => it.address === address);
      const awake = rows.filter((it) => it.state === "ready");
      scene.expect(
        awake.length === 1,
        "a worker that one web process reaches is out of the registry",
      );
      scene.webToWorker.set("open");
    });
    await noteReached(scene);
  },
};

/** Nothing goes through between one web process and a worker, and nobody is told. */
const wireToWorkerDead: Drill = {
  name: "wire to a worker dead",
  async run(scene) {
    await scene.outage({ target: "worker 1", kind: "freeze" }, async () => {
      scene.webToWorker.set("deaf");
      await wait(scene.holdMs);
      scene.webToWorker.set("open");
    });
    await noteReached(scene);
  },
};

const workerFrozen: Drill = {
  name: "worker frozen",
  async run(scene) {
    const { process } = getWorker(scene, 1);
    await scene.outage({ target: "worker 2", kind: "freeze" }, async () => {
      process.freeze();
      await wait(scene.holdMs);
      process.thaw();
    });
  },
};

/** It is back on its port before its next beat would have been due. */
const workerKilledAndBack: Drill = {
  name: "worker killed and back on its port",
  async run(scene) {
    const { process } = getWorker(scene, 1);
    await scene.outage({ target: "worker 2", kind: "kill" }, async () => {
      await process.kill();
      await process.start();
    });
    await noteWork(scene, getWorker(scene, 1), "until the new life has work");
  },
};

/** Dead for longer than a silent worker is believed in. */
const workerDead: Drill = {
  name: "worker dead",
  async run(scene) {
    const { process, address } = getWorker(scene, 2);
    await scene.outage({ target: "worker 3", kind: "kill" }, async () => {
      await process.kill();
      const isOut = async () => {
        const rows = await scene.watch.read();
        return !rows.some((it) => it.address === address && it.state === "ready");
      };
      const ms = await scene.until(isOut, WORKER_STALE_AFTER_MS + HEARTBEAT_INTERVAL_MS);
      scene.note("until the registry says lost", ms);
      scene.expect(await isOut(), "a dead worker is ready in the registry");
      await process.start();
    });
  },
};

/** SIGTERM: it takes nothing new, and what it has it finishes. */
const workerDrained: Drill = {
  name: "worker drained",
  async run(scene) {
    const { process } = getWorker(scene, 2);
    // No outage: nobody may notice.
    const beganMs = performance.now();
    await process.stop();
    scene.note("until it has ended", performance.now() - beganMs);
    await wait(500);
    await process.start();
  },
};

const workerAdded: Drill = {
  name: "worker added",
  async run(scene) {
    const worker = await scene.fleet.addWorker();
    await noteWork(scene, worker, "until the new worker has work");
  },
};

/** The web process at which worker 1 beats; nobody else hears of it. */
const beatsGoNowhere: Drill = {
  name: "web of a worker's beats dead",
  async run(scene) {
    const { process } = getWeb(scene, 0);
    const worker = getWorker(scene, 0);
    await scene.outage({ target: "web 1", kind: "kill" }, async () => {
      await process.kill();
      await wait(Math.max(scene.holdMs, WORKER_STALE_AFTER_MS + 2_000));
      await noteWork(scene, worker, "until the silent worker has work");
      await process.start();
    });
  },
};

/** Both at once, for longer than any beat is believed: the first question is answered all the same. */
const websReborn: Drill = {
  name: "all web processes killed and back",
  async run(scene) {
    const { webs } = scene.fleet;
    const down = (web: WebMember, run: () => Promise<void>) =>
      scene.outage({ target: web.process.name, kind: "kill" }, run);
    let killed = () => {};
    const allKilled = new Promise<void>((settle) => {
      killed = settle;
    });
    const lives = webs.map((web) =>
      down(web, async () => {
        await web.process.kill();
        await allKilled;
        await web.process.start();
        const asked = await scene.ask(web);
        const ms = (asked.arrivalsMs[0] ?? Number.POSITIVE_INFINITY) - web.process.upSinceMs;
        scene.note(`${web.process.name}: from listening to its first answer`, ms);
        scene.expect(ms < FIRST_ANSWER_MS_MAX, `${web.process.name} answered ${asked.ending.kind}`);
      }),
    );
    await wait(Math.min(scene.holdMs, WORKER_STALE_AFTER_MS + 2_000));
    killed();
    await Promise.all(lives);
  },
};

/** Another Parley joins as a worker, is killed with answers under way, comes back and leaves. */
const childParley: Drill = {
  name: "child Parley dies and is back",
  async run(scene) {
    const { web, worker } = await scene.fleet.addChild();
    await noteWork(scene, worker, "until the child's worker has work");
    await scene.outage({ target: "worker of the child", kind: "kill" }, async () => {
      await web.process.kill();
      await wait(1_000);
      await web.process.start();
      await noteWork(scene, worker, "from its new start until it has work again");
    });
    // Told to stop, it takes leave; nobody may notice.
    await web.process.stop();
    await worker.process.stop();
  },
};

/** Milliseconds until every web process has written again what is heard there. */
async function noteRecovery(scene: Scene): Promise<void> {
  const ms = await scene.until(async () => {
    const rows = await scene.watch.read().catch(() => []);
    return scene.fleet.workers.every(({ address }) =>
      rows.some((it) => it.address === address && it.state === "ready"),
    );
  }, WORKER_STALE_AFTER_MS);
  scene.note("until the registry has every worker ready", ms);
}

/** Milliseconds until web 1 has an answer from worker 1 again. */
async function noteReached(scene: Scene): Promise<void> {
  const { address } = getWorker(scene, 0);
  const before = scene.webToWorker.receivedBytes;
  const isReached = () => scene.webToWorker.receivedBytes > before + ANSWER_BYTES;
  const ms = await scene.until(isReached, REACHED_MS_MAX);
  scene.note("until web 1 uses the worker again", ms);
  scene.expect(ms < REACHED_MS_MAX, `web 1 reaches ${address} again and does not use it`);
}

async function noteWork(scene: Scene, worker: WorkerMember, what: string): Promise<void> {
  const before = await readGauges(worker);
  const hasWork = async () => {
    const { completionTokens } = await readGauges(worker);
    return completionTokens > before.completionTokens;
  };
  const ms = await scene.until(hasWork, JOINED_MS_MAX);
  scene.note(what, ms);
  scene.expect(ms < JOINED_MS_MAX, `${worker.process.name} lives and got no work`);
}

/** In the order in which they are run; the fleet is whole again after each. */
export const DRILLS: readonly Drill[] = [
  ...[workerAdded, workerKilledAndBack, workerDrained, workerDead, workerFrozen],
  ...[workerCutFromOneWeb, wireToWorkerDead, databaseAway, databaseHangs, webCutFromDatabase],
  ...[beatsGoNowhere, websReborn, childParley],
];
