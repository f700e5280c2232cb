import type { PromptView, Side } from "@/lib/protocol/arena-view";
import type {
  ConversationEvent,
  ConversationKind,
  ConversationMessage,
  TurnAnswer,
} from "@/lib/protocol/conversation-view";

/** Answers that were asked together: the one of a chat, in a pair A and B. */
export type Attempt = { number: number; answers: readonly TurnAnswer[] };

/** One turn of the path that is shown. The same object as long as nothing of it has changed. */
export type Turn = {
  prompt: PromptView;
  /** Ids of the prompts that follow the same message, this one among them, oldest first. */
  branches: readonly string[];
  /** Oldest first; of a battle the newest alone. Empty for a moment at most. */
  attempts: readonly Attempt[];
  /** The one that is shown. */
  attempt: Attempt | null;
};

export function answerOf(attempt: Attempt | null, side: Side): TurnAnswer | null {
  return attempt?.answers.find((it) => it.side === side) ?? null;
}

/**
 * The messages of a conversation, indexed, and the one path through its branches that is shown. An event
 * costs the same however long the conversation is; the path is walked again only when a message comes or
 * another branch is chosen, and turns that did not change stay the same objects, so that their rows need
 * no render.
 */
export class Thread {
  readonly #kind: ConversationKind;
  #messages = new Map<string, ConversationMessage>();
  /** By the message that they follow. */
  #prompts = new Map<string | null, string[]>();
  #answers = new Map<string, string[]>();
  readonly #streaming = new Set<string>();
  readonly #chosenPrompts = new Map<string | null, string>();
  readonly #chosenAttempts = new Map<string, number>();
  #ended: TurnAnswer[] = [];
  #turns: readonly Turn[] = [];
  #places = new Map<string, number>();
  #isPathStale = false;
  /** While older messages are missing: where the path is found from. */
  #shownEnd: string | undefined;
  readonly #changed = new Set<string>();

  constructor(kind: ConversationKind) {
    this.#kind = kind;
  }

  get isStreaming(): boolean {
    return this.#streaming.size > 0;
  }

  get size(): number {
    return this.#messages.size;
  }

  /** Answers that were seen to be written and have ended since this was last called. */
  takeEnded(): TurnAnswer[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  turns(): readonly Turn[] {
    if (this.#isPathStale) this.#walk();
    else if (this.#changed.size > 0) this.#refresh();
    this.#isPathStale = false;
    this.#changed.clear();
    return this.#turns;
  }

  apply(event: ConversationEvent): void {
    switch (event.type) {
      case "turn-start": {
        const isNew = [event.prompt, ...event.answers].some((it) => !this.#messages.has(it.id));
        for (const message of [event.prompt, ...event.answers]) this.#put(message);
        // Who came back to a running turn may look at another branch by now; a new turn is shown.
        if (!isNew) return;
        this.#chosenPrompts.set(event.prompt.parentId, event.prompt.id);
        this.#chosenAttempts.delete(event.prompt.id);
        return;
      }
      case "answer-waiting":
        this.patch(event.answerId, (it) => ({ ...it, waiting: event.waiting }));
        break;
      case "text-delta":
        this.patch(event.answerId, (it) => ({ ...it, content: it.content + event.text }));
        break;
      case "reasoning-delta":
        this.patch(event.answerId, (it) => ({ ...it, reasoning: it.reasoning + event.text }));
        break;
      case "answer-end":
        this.#put(event.answer);
        break;
      case "turn-end":
        break;
    }
  }

  /** Changes an answer in place of its old self; one that is not here stays away. */
  patch(answerId: string, change: (answer: TurnAnswer) => TurnAnswer): void {
    const answer = this.#messages.get(answerId);
    if (answer?.role !== "assistant") return;
    this.#messages.set(answerId, change(answer));
    this.#changed.add(answer.parentId);
  }

  /** What the server holds, in the place of what was here. What is equal stays the same object. */
  replace(messages: readonly ConversationMessage[]): void {
    const known = this.#messages;
    const streamed = [...this.#streaming];
    this.#messages = new Map();
    this.#prompts = new Map();
    this.#answers = new Map();
    this.#streaming.clear();
    for (const message of messages) {
      const old = known.get(message.id);
      this.#put(old && JSON.stringify(old) === JSON.stringify(message) ? old : message);
    }
    for (const id of streamed) {
      const answer = this.#messages.get(id);
      if (answer?.role === "assistant" && answer.status !== "streaming") this.#ended.push(answer);
    }
    this.#isPathStale = true;
  }

  /** Takes the newest part of a conversation whose older messages stand elsewhere, or are here already. */
  merge(messages: readonly ConversationMessage[]): void {
    for (const message of messages) {
      const old = this.#messages.get(message.id);
      if (!old || JSON.stringify(old) !== JSON.stringify(message)) this.#put(message);
    }
  }

  /** Takes messages that are older than all that are here. */
  prepend(messages: readonly ConversationMessage[]): void {
    for (const message of messages.toReversed()) {
      if (!this.#messages.has(message.id)) this.#put(message, "first");
    }
    // At a fork that has just come in the branch leads on that is shown already.
    const last = this.#turns.at(-1);
    const end = last?.attempt?.answers[0]?.id ?? last?.prompt.id;
    if (end !== undefined) this.showPath(end);
  }

  has(messageId: string): boolean {
    return this.#messages.has(messageId);
  }

  /** Shows the branch that begins with this prompt. */
  showPrompt(promptId: string): void {
    const prompt = this.#messages.get(promptId);
    if (prompt?.role !== "user") return;
    this.#chosenPrompts.set(prompt.parentId, promptId);
    this.#isPathStale = true;
  }

  /** Shows the attempt of that number; undefined: the newest. */
  showAttempt(promptId: string, number: number | undefined): void {
    if (number === undefined) this.#chosenAttempts.delete(promptId);
    else this.#chosenAttempts.set(promptId, number);
    this.#isPathStale = true;
  }

  /** Shows the path that leads to this message; false where it is not here. */
  showPath(messageId: string): boolean {
    let message = this.#messages.get(messageId);
    if (!message) return false;
    // Each message leads to an earlier one; the count ends a circle that a mistake had made.
    for (let left = this.#messages.size; message && left > 0; left--) {
      if (message.role === "user") this.#chosenPrompts.set(message.parentId, message.id);
      else this.#chosenAttempts.set(message.parentId, this.#numberOf(message));
      message = message.parentId === null ? undefined : this.#messages.get(message.parentId);
    }
    this.#shownEnd = messageId;
    this.#isPathStale = true;
    return true;
  }

  #numberOf(answer: TurnAnswer): number {
    if (this.#kind !== "chat") return answer.attempt;
    return (this.#answers.get(answer.parentId) ?? []).indexOf(answer.id);
  }

  #put(message: ConversationMessage, place: "first" | "last" = "last"): void {
    const old = this.#messages.get(message.id);
    this.#messages.set(message.id, message);
    if (message.role === "user") {
      if (!old) insert(this.#prompts, message.parentId, message.id, place);
      this.#isPathStale ||= !old;
      return;
    }
    if (!old) insert(this.#answers, message.parentId, message.id, place);
    this.#isPathStale ||= !old;
    this.#changed.add(message.parentId);
    const wasStreaming = this.#streaming.has(message.id);
    if (message.status === "streaming") this.#streaming.add(message.id);
    else this.#streaming.delete(message.id);
    if (wasStreaming && message.status !== "streaming") this.#ended.push(message);
  }

  /**
   * What the first prompt of the path follows: nothing, or while older messages are missing the one that
   * is missing, of the path to what was asked for or is newest.
   */
  #start(): string | null {
    if (this.#prompts.has(null)) return null;
    let prompt = this.#promptOf(this.#shownEnd ?? [...this.#messages.keys()].at(-1));
    for (let left = this.#messages.size; prompt && left > 0; left--) {
      const earlier: PromptView | undefined = this.#promptOf(prompt.parentId ?? undefined);
      if (!earlier) return prompt.parentId;
      prompt = earlier;
    }
    return null;
  }

  /** The prompt with this id, or that the answer with this id answers. */
  #promptOf(messageId: string | undefined): PromptView | undefined {
    const message = messageId === undefined ? undefined : this.#messages.get(messageId);
    if (message?.role !== "assistant") return message;
    const prompt = this.#messages.get(message.parentId);
    return prompt?.role === "user" ? prompt : undefined;
  }

  /** From the first prompt on, at each fork along what was chosen, else along the newest. */
  #walk(): void {
    const turns: Turn[] = [];
    const places = new Map<string, number>();
    let follows: string | null = this.#start();
    for (;;) {
      const branches: readonly string[] = this.#prompts.get(follows) ?? [];
      const chosen = this.#chosenPrompts.get(follows);
      const id: string | undefined =
        chosen !== undefined && branches.includes(chosen) ? chosen : branches.at(-1);
      const turn: Turn | undefined =
        id === undefined ? undefined : this.#build(id, branches, this.#turns[turns.length]);
      // A prompt occurs once, so a server's mistake cannot lead in a circle.
      if (!turn || places.has(turn.prompt.id)) break;
      places.set(turn.prompt.id, turns.length);
      turns.push(turn);
      const next: string | undefined =
        this.#kind === "chat" ? turn.attempt?.answers[0]?.id : turn.prompt.id;
      if (next === undefined) break;
      follows = next;
    }
    this.#turns = turns;
    this.#places = places;
  }

  #refresh(): void {
    const turns = [...this.#turns];
    for (const promptId of this.#changed) {
      const place = this.#places.get(promptId);
      const old = place === undefined ? undefined : turns[place];
      if (place === undefined || !old) continue;
      turns[place] = this.#build(promptId, old.branches, old) ?? old;
    }
    this.#turns = turns;
  }

  #build(promptId: string, branches: readonly string[], old: Turn | undefined): Turn | undefined {
    const prompt = this.#messages.get(promptId);
    if (prompt?.role !== "user") return;
    const attempts = this.#toAttempts(promptId);
    const number = this.#chosenAttempts.get(promptId);
    const attempt = attempts.find((it) => it.number === number) ?? attempts.at(-1) ?? null;
    const turn = { prompt, branches: [...branches], attempts, attempt };
    return old && isSameTurn(old, turn) ? old : turn;
  }

  #toAttempts(promptId: string): Attempt[] {
    const answers = (this.#answers.get(promptId) ?? [])
      .map((id) => this.#messages.get(id))
      .filter((it) => it?.role === "assistant");
    if (this.#kind === "chat") return answers.map((it, number) => ({ number, answers: [it] }));
    const sides = new Map<number, Map<string | null, TurnAnswer>>();
    for (const answer of answers) {
      const attempt = sides.get(answer.attempt) ?? new Map<string | null, TurnAnswer>();
      // A side that was tried again stands there twice: the newest is the one that counts.
      sides.set(answer.attempt, attempt.set(answer.side, answer));
    }
    const ordered = [...sides]
      .sort(([x], [y]) => x - y)
      .map(([number, bySide]) => ({ number, answers: [...bySide.values()] }));
    return this.#kind === "battle" ? ordered.slice(-1) : ordered;
  }
}

function insert<K>(lists: Map<K, string[]>, key: K, id: string, place: "first" | "last"): void {
  const list = lists.get(key);
  if (!list) lists.set(key, [id]);
  else if (place === "first") list.unshift(id);
  else list.push(id);
}

function isSameTurn(x: Turn, y: Turn): boolean {
  return (
    x.prompt === y.prompt &&
    x.attempt?.number === y.attempt?.number &&
    isSameList(x.branches, y.branches) &&
    x.attempts.length === y.attempts.length &&
    x.attempts.every((it, index) => isSameList(it.answers, y.attempts[index]?.answers ?? []))
  );
}

function isSameList<T>(x: readonly T[], y: readonly T[]): boolean {
  return x.length === y.length && x.every((it, index) => it === y[index]);
}
