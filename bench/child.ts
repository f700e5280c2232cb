import * as z from "zod";
import { openEngine } from "./engine/engine-subject";
import { openLlama } from "./engine/llama-subject";
import { openMemory } from "./engine/memory-subject";
import { type Answerer, type Opener, questionSchema } from "./engine/question";
import { openTransformers } from "./engine/transformers-subject";
import { openEncoder } from "./engine-breadth/encoder-subject";
import { openGrammar } from "./engine-breadth/grammar-subject";
import { openTransformersEncoder } from "./engine-breadth/transformers-encoder-subject";

/** A measured process, see `engine/subject.ts`: the first message opens it, each further one asks. */
const OPENERS: Record<string, Opener> = {
  encoder: openEncoder,
  engine: openEngine,
  grammar: openGrammar,
  llama: openLlama,
  memory: openMemory,
  transformers: openTransformers,
  "transformers-encoder": openTransformersEncoder,
};

const messageSchema = z.object({ id: z.number(), body: z.unknown() });

const open = OPENERS[process.argv[2] ?? ""];
if (!open) throw new Error(`There is nothing called "${process.argv[2]}" to measure.`);
let answerer: Answerer | undefined;

async function answer(body: unknown): Promise<unknown> {
  if (answerer) return await answerer(questionSchema.parse(body));
  answerer = await open?.(body);
  return null;
}

process.on("message", (message) => {
  const { id, body } = messageSchema.parse(message);
  answer(body).then(
    (value) => process.send?.({ id, answer: value }),
    (error: unknown) => {
      const words = error instanceof Error ? error.message : String(error);
      process.send?.({ id, error: words });
    },
  );
});
// The benchmark is gone, however it ended: nobody would ever stop this process.
process.on("disconnect", () => process.exit());
