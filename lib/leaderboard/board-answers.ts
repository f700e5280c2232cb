import { type ChangeFeed, changeFeed } from "@/lib/db/change-feed";
import { BOARD_ANSWER_AGE_MS, BOARD_ANSWERS_MAX } from "@/lib/job-limits";
import { processSingleton } from "@/lib/util/process-singleton";

type Answer = { madeMs: number; changes: number; made: Promise<unknown> };

/**
 * Answers about boards as they were made last, while nothing was announced that changes them: a thousand open
 * pages that ask every other second cost the database nothing. Those who ask at once share one reading.
 */
export class BoardAnswers {
  readonly #feed: Pick<ChangeFeed, "on" | "isLive">;
  readonly #now: () => number;
  readonly #answers = new Map<string, Answer>();
  /** Counts changes heard; an answer begun before the last of them may not hold it. */
  #changes = 0;

  constructor(feed: Pick<ChangeFeed, "on" | "isLive">, now = () => performance.now()) {
    this.#feed = feed;
    this.#now = now;
    // Boards; rules by which models are hidden; prices.
    for (const topic of ["boards", "arena", "catalog"] as const) {
      feed.on(topic, () => {
        this.#changes += 1;
      });
    }
  }

  /** @param make whose answer holds until something changes; another kind of answer has another name. */
  async get<T>(name: string, make: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(name);
    const isFresh =
      known !== undefined &&
      this.#feed.isLive &&
      known.changes === this.#changes &&
      this.#now() - known.madeMs < BOARD_ANSWER_AGE_MS;
    // What lies under a name was made by the same function.
    if (isFresh) return known.made as Promise<T>;
    const made = make();
    const answer = { madeMs: this.#now(), changes: this.#changes, made };
    this.#answers.delete(name);
    this.#answers.set(name, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > BOARD_ANSWERS_MAX && oldest !== undefined) {
      this.#answers.delete(oldest);
    }
    made.catch(() => this.#answers.get(name) === answer && this.#answers.delete(name));
    return made;
  }
}

/** The answers of this process. */
export function boardAnswers(): BoardAnswers {
  return processSingleton("board-answers", () => new BoardAnswers(changeFeed()));
}
