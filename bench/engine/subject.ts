import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import * as z from "zod";
import { type Answer, answerSchema, type Question } from "./question";

/** What `bench/child.ts` can be: parts of ours, each peer, and the reader of memory. */
export type SubjectKind =
  | ("engine" | "encoder" | "grammar")
  | ("llama" | "transformers" | "transformers-encoder" | "memory");

const replySchema = z.object({
  id: z.number(),
  answer: z.unknown().optional(),
  error: z.string().optional(),
});

type Waiting = { resolve(answer: unknown): void; reject(error: Error): void };

/**
 * What is measured, in a process of its own, so that neither its threads nor its memory nor a crash
 * touch another's. It sits still until it is asked.
 */
export class Subject {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  #end: Error | undefined;

  /** @throws Error with the child's own words when it cannot load. */
  static async start(kind: SubjectKind, settings: unknown, signal: AbortSignal): Promise<Subject> {
    const subject = new Subject(
      fork(join(import.meta.dirname, "bench-child.mjs"), [kind], {
        // Its words are ours only when it fails; a library's chatter would tear the table.
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      }),
    );
    try {
      await subject.#send(settings, signal);
    } catch (error) {
      subject.stop();
      throw error;
    }
    return subject;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    let words = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-2_000);
    });
    child.on("message", (message) => this.#hear(message));
    child.on("error", (error) => this.#fail(error));
    child.on("exit", (code, signal) => {
      this.#fail(new Error(`The process ended (${signal ?? code}). ${words.trim()}`.trim()));
    });
  }

  /** Asks and waits; one question at a time is in flight where times are measured. */
  async ask(question: Question, signal: AbortSignal): Promise<Answer> {
    return answerSchema.parse(await this.#send(question, signal));
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  async #send(body: unknown, signal: AbortSignal): Promise<unknown> {
    if (this.#end) throw this.#end;
    signal.throwIfAborted();
    const id = this.#count++;
    return await new Promise<unknown>((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      const settle = () => {
        signal.removeEventListener("abort", abort);
        this.#waiting.delete(id);
      };
      this.#waiting.set(id, {
        resolve: (answer) => {
          settle();
          resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#child.send({ id, body });
    });
  }

  #hear(message: unknown): void {
    const { id, answer, error } = replySchema.parse(message);
    const waiting = this.#waiting.get(id);
    if (error === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(error));
  }

  #fail(error: Error): void {
    this.#end = error;
    for (const { reject } of [...this.#waiting.values()]) reject(error);
  }
}
