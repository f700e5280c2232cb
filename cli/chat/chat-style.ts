import type { ChatEvent } from "./chat-source";
import type { Turn } from "./conversation";

/** What became of an answer. */
export type Answered = {
  text: string;
  /** The person stopped it. */
  isStopped: boolean;
  /** What broke it off; what came before is in `text`. */
  error?: unknown;
};

/** An answer that is being written, and by whom. */
export type Answering = { model: string; events: AsyncIterable<ChatEvent> };

/** How a chat looks to whoever sits there, a person or a program. */
export interface ChatStyle {
  /** Only FastChat's commands are commands: a program's slash is a text's. */
  readonly isForPrograms: boolean;
  /** The next message; undefined: no more come. */
  read(role: string): Promise<string | undefined>;
  /** A line of our own. */
  note(line: string): void;
  complain(line: string): void;
  /** A turn of before, said again. */
  show(roles: readonly [string, string], turn: Turn): Promise<void>;
  /** One answer, or two side by side, as they come; `stop` ends them when the person says so. */
  answer(role: string, answering: readonly Answering[], stop: AbortController): Promise<Answered[]>;
  close(): void;
}
