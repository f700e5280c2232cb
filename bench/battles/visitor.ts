import { paths } from "@/lib/paths";
import {
  type ConversationView,
  conversationEventSchema,
  conversationViewSchema,
} from "@/lib/protocol/conversation-view";

/** Answers that can be voted on. */
export type Votable = { conversationId: string; answerAId: string; answerBId: string };

/** Somebody at a page of battles, as far as the server can tell. */
export class Visitor {
  readonly #url: string;
  #cookie: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Asks two hidden models and reads both answers to their ends. */
  async battle(prompt: string, signal: AbortSignal): Promise<Votable> {
    const reply = await this.#send(paths.api.conversations, { kind: "battle", prompt }, signal);
    const lines = (await reply.text()).split("\n").filter((line) => line.trim() !== "");
    const events = lines.map((line) => conversationEventSchema.parse(JSON.parse(line)));
    const start = events.find((event) => event.type === "turn-start");
    const ends = events.flatMap((event) => (event.type === "answer-end" ? [event.answer] : []));
    const [a, b] = ["a", "b"].map((side) => ends.find((answer) => answer.side === side));
    if (start === undefined || a?.status !== "complete" || b?.status !== "complete") {
      throw new Error(`A battle ended as ${a?.status ?? "nothing"} and ${b?.status ?? "nothing"}.`);
    }
    return { conversationId: start.conversationId, answerAId: a.id, answerBId: b.id };
  }

  /** Votes, and reads what is revealed by it. */
  async vote(
    { conversationId, ...answers }: Votable,
    outcome: "a" | "b" | "tie" | "both-bad",
    signal: AbortSignal,
  ): Promise<{ ms: number; view: ConversationView }> {
    const startedMs = performance.now();
    const path = paths.api.conversationVote(conversationId);
    const reply = await this.#send(path, { ...answers, outcome }, signal);
    const body: unknown = await reply.json();
    const ms = performance.now() - startedMs;
    return { ms, view: conversationViewSchema.parse(body) };
  }

  async #send(path: string, body: object, signal: AbortSignal): Promise<Response> {
    const reply = await fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(this.#cookie !== undefined && { cookie: this.#cookie }),
      },
      body: JSON.stringify(body),
      signal,
    });
    const [cookie] = reply.headers.getSetCookie();
    if (cookie !== undefined) this.#cookie = cookie.split(";")[0];
    if (!reply.ok) throw new Error(`${path} answered ${reply.status}: ${await reply.text()}`);
    return reply;
  }
}
