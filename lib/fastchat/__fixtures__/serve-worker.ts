import { parseArgs } from "node:util";
import { FastchatTestWorker } from "./fastchat-worker";

/**
 * The test worker as a process: `npx tsx lib/fastchat/__fixtures__/serve-worker.ts --controller-address
 * http://127.0.0.1:3000/controller/<token> --model-names vicuna-7b --port 21002 --beat-ms 1000`.
 */
const { values } = parseArgs({
  options: {
    "controller-address": { type: "string" },
    "model-names": { type: "string", default: "vicuna-7b" },
    port: { type: "string", default: "21002" },
    "beat-ms": { type: "string", default: "45000" },
    "chunk-ms": { type: "string", default: "20" },
    "limit-worker-concurrency": { type: "string", default: "5" },
    "no-heart-beat": { type: "boolean", default: false },
  },
});
const controller = values["controller-address"];
const worker = new FastchatTestWorker({
  ...(controller !== undefined && { controller }),
  models: values["model-names"].split(","),
  port: Number(values.port),
  beatMs: Number(values["beat-ms"]),
  chunkMs: Number(values["chunk-ms"]),
  limit: Number(values["limit-worker-concurrency"]),
  checkHeartBeat: !values["no-heart-beat"],
  embeds: true,
});
await worker.start();
process.stdout.write(`listening at ${worker.address}\n`);
