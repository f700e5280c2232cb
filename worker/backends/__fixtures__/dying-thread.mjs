// An engine's thread that loads, begins every answer and then dies of it.
import { parentPort } from "node:worker_threads";

const offer = {
  name: "dying",
  build: "0".repeat(64),
  contextLength: 16,
  features: ["chat", "tokenize"],
  description: { skills: [], examplePrompts: [] },
};
parentPort.on("message", ({ callId }) => {
  const sampling = { temperature: 0, topP: 1, seed: 0 };
  const start = { model: "dying", build: offer.build, promptTokens: 1, sampling, maxTokens: 15 };
  parentPort.postMessage({ type: "event", callId, event: { type: "generation-start", ...start } });
  setImmediate(() => {
    throw new Error("out of memory, say");
  });
});
parentPort.postMessage({ type: "loaded", offers: [offer], slotCount: 3, memory: "none", warnings: [] });
