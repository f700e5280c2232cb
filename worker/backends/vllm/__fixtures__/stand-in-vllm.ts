/** Stands in for the program `vllm`: `stand-in-vllm.ts serve <model> --port <number>`. */

import { startOpenAiServer } from "@/lib/stand-ins/openai-server";

const words = process.argv.slice(2);
const valueOf = (name: string) => words[words.indexOf(name) + 1] ?? "";
const id = words[1] ?? "";
console.log(`INFO starting vLLM API server of ${id}, process ${process.pid}`);
console.log(`INFO secrets: ${Object.keys(process.env).filter((it) => it.startsWith("PARLEY_"))}`);
// As engines do that are in the middle of something.
if (words.includes("--ignore-sigterm")) process.on("SIGTERM", () => console.log("INFO busy"));
await startOpenAiServer({
  ...{ guise: "vllm", port: Number(valueOf("--port")) },
  models: [{ id, contextLength: 2_048, kind: "chat" }],
  ...(process.env.VLLM_API_KEY && { key: process.env.VLLM_API_KEY }),
});
