/**
 * Goal: native code stays where it is, in one thread and in several at the same time.
 * Method: collect garbage between runs; run sessions in threads and kill one of them.
 */
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterEach, expect, test } from "vitest";
import { testNativeSession } from "./native-self-test";
import { openOrtLibrary } from "./ort-library";

/** Threads run plain JavaScript: the self-test over and over, and a word to the parent after each. */
async function buildThread(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { parentPort } from "node:worker_threads";
        import { testNativeSession } from "./native-self-test";
        async function main() {
          for (let round = 0; ; round++) {
            await testNativeSession();
            parentPort.postMessage(round);
          }
        }
        void main();`,
      resolveDir: import.meta.dirname,
      loader: "ts",
    },
    alias: { "@": join(import.meta.dirname, "../../..") },
    // Where the library is looked for: a thread made from a string has no file of its own.
    define: { "import.meta.url": JSON.stringify(import.meta.url) },
    bundle: true,
    platform: "node",
    format: "cjs",
    packages: "external",
    write: false,
  });
  return outputFiles[0]!.text;
}

const threads: Worker[] = [];
afterEach(() => Promise.all(threads.map((it) => it.terminate())));

/** Resolves when the thread has passed so many more rounds. */
function passRounds(thread: Worker, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    thread.once("error", reject);
    const onMessage = () => {
      count--;
      if (count > 0) return;
      thread.off("message", onMessage);
      resolve();
    };
    thread.on("message", onMessage);
  });
}

test("functions of later versions lie where they are looked for", () => {
  const { functions } = openOrtLibrary();
  const nowhere = null as unknown as BigUint64Array;
  for (const [name, complaint] of [
    ["EpAssignedSubgraph_GetEpName", /^EpAssignedSubgraph_GetEpName requires/],
    ["EpAssignedNode_GetOperatorType", /^EpAssignedNode_GetOperatorType requires/],
  ] as const) {
    const status = functions[name](1n, nowhere);
    expect(functions.GetErrorMessage(status!)).toMatch(complaint);
    functions.ReleaseStatus(status!);
  }
  const status = functions.EpAssignedSubgraph_GetNodes(1n, nowhere, nowhere);
  expect(functions.GetErrorMessage(status!)).toMatch(/^EpAssignedSubgraph_GetNodes requires/);
  functions.ReleaseStatus(status!);
});

test("the library stays loaded when garbage is collected", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  for (let round = 0; round < 5; round++) {
    await testNativeSession();
    // Finalizers of native handles run after the collection, in a turn of their own.
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test("three threads run sessions of their own, and two go on when one is killed", async () => {
  const code = await buildThread();
  threads.push(...[0, 1, 2].map(() => new Worker(code, { eval: true })));
  await Promise.all(threads.map((it) => passRounds(it, 50)));
  const [killed, ...others] = threads;
  await killed!.terminate();
  await Promise.all(others.map((it) => passRounds(it, 50)));
  await testNativeSession();
});
