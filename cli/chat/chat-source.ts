/** Who answers: a server, or a model in this process. */

export type ChatMessage = { role: "system" | "user" | "assistant"; content: string };

/** What the person set; what is absent is for the other side to choose. */
export type ChatSampling = {
  temperature?: number | undefined;
  topP?: number | undefined;
  maxTokens?: number | undefined;
  seed?: number | undefined;
  repetitionPenalty?: number | undefined;
};

export type ChatRequest = {
  model: string;
  messages: readonly ChatMessage[];
  sampling: ChatSampling;
};

/** Of one answer: pieces, then its end. After an abort they just stop. */
export type ChatEvent =
  | { type: "text"; text: string }
  /** What the model writes to itself before it answers. */
  | { type: "reasoning"; text: string }
  | {
      type: "end";
      /** `stop`, `length` or a server's own word; null where it names none. */
      finishReason: string | null;
      promptTokens: number | null;
      completionTokens: number | null;
    };

export interface ChatSource {
  /** For people. */
  readonly where: string;
  /** Those that may be talked to. @throws ChatError */
  listModels(): Promise<string[]>;
  /** @throws ChatError */
  ask(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>;
  close(): Promise<void>;
}
