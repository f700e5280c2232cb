import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { assert } from "@/lib/util/assert";
import { AnswerInGrammar } from "./answer-in-grammar";
import {
  type GrammarThreadData,
  type MessageFromGrammar,
  type MessageToGrammar,
  toGrammarFailure,
} from "./grammar-messages";
import { GrammarShelf } from "./grammar-shelf";
import { createVocabulary } from "./vocabulary-trie";

/**
 * The entry of a model's grammar thread: it reads grammars and makes masks, so that the thread that
 * runs the model does neither.
 */

assert(parentPort, "this file is the entry of a worker thread");
// `createGrammarCompiler` is the only one to start this file, with data of this type.
run(parentPort, workerData as GrammarThreadData);

type OpenAnswer = { answer: AnswerInGrammar; mask: Int32Array };

function run(port: MessagePort, { table }: GrammarThreadData): void {
  const shelf = new GrammarShelf(createVocabulary(table));
  const answers = new Map<number, OpenAnswer>();
  const open = (message: Extract<MessageToGrammar, { type: "open" }>): MessageFromGrammar => {
    const { matcherId, spec, endTokenIds, buffer, accepted } = message;
    if (Atomics.load(new Int32Array(buffer, 0, 1), 0) === 1) return { type: "skipped", matcherId };
    const answer = new AnswerInGrammar(shelf.get(spec), table, endTokenIds);
    for (const id of accepted) answer.accept(id);
    const mask = new Int32Array(buffer, Int32Array.BYTES_PER_ELEMENT);
    answers.set(matcherId, { answer, mask });
    return reply(matcherId, { answer, mask });
  };
  const accept = (matcherId: number, id: number): MessageFromGrammar => {
    const found = answers.get(matcherId);
    if (!found) return { type: "skipped", matcherId };
    found.answer.accept(id);
    return reply(matcherId, found);
  };
  port.on("message", (message: MessageToGrammar) => {
    const { matcherId } = message;
    if (message.type === "close") {
      answers.delete(matcherId);
      return;
    }
    try {
      port.postMessage(message.type === "open" ? open(message) : accept(matcherId, message.id));
    } catch (thrown) {
      answers.delete(matcherId);
      const failure = toGrammarFailure(thrown);
      port.postMessage({ type: "failure", matcherId, failure } satisfies MessageFromGrammar);
    }
  });
}

function reply(matcherId: number, { answer, mask }: OpenAnswer): MessageFromGrammar {
  const isComplete = answer.writeMask(mask);
  return { type: "mask", matcherId, acceptedCount: answer.acceptedCount, isComplete };
}
