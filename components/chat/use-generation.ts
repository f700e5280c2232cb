"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { PAGE_SETTLE_ATTEMPTS_MAX, PAGE_SETTLE_INTERVAL_MS } from "@/lib/limits";
import type { MessageView, TurnEvent } from "@/lib/protocol/arena-view";
import { RequestError, send, toRequestError } from "../request-json";
import { readTurn } from "./read-turn";
import { applyTurnEvent, isAnyStreaming, markStopped } from "./turn-reducer";

/** idle → asking (no byte yet) → streaming → idle; settling while the server is asked what it kept. */
export type GenerationPhase = "idle" | "asking" | "streaming" | "settling";

export type Ask = { path: string; body: unknown; prompt?: string };
export type Failure = { error: RequestError; ask: Ask; kept: "nothing" | "part" };
export type TurnStart = Extract<TurnEvent, { type: "turn-start" }>;

export type GenerationOptions = {
  onStart: (event: TurnStart) => void;
  onEvent: (event: TurnEvent) => void;
  /** The conversation as the server holds it. */
  load: (start: TurnStart | null) => Promise<MessageView[] | null>;
};

const pause = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** Deltas gather until the next frame, so a fast model costs one render a frame and not one a token. */
function createFrameQueue(apply: (events: TurnEvent[]) => void) {
  let queue: TurnEvent[] = [];
  let cancel: (() => void) | undefined;
  const flush = () => {
    cancel?.();
    cancel = undefined;
    const events = queue;
    queue = [];
    if (events.length > 0) apply(events);
  };
  const schedule = () => {
    if (cancel) return;
    // No frame comes in a hidden tab.
    const frame = requestAnimationFrame(flush);
    const timer = setTimeout(flush, 250);
    cancel = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  };
  return {
    push(event: TurnEvent) {
      queue.push(event);
      if (event.type === "text-delta") schedule();
      else flush();
    },
    flush,
  };
}

/** Reads one answer stream to its end; resolves with its start even when it broke later. */
async function follow(next: Ask, signal: AbortSignal, push: (event: TurnEvent) => void) {
  const response = await send(next.path, { body: next.body, signal });
  if (!response.body) throw new RequestError("unreachable", "The server sent no answer.");
  for await (const event of readTurn(response.body)) {
    if (signal.aborted) return;
    push(event);
  }
}

/** Asks the server what it kept until no answer is being written any more. */
async function readUntilSettled(
  load: () => Promise<MessageView[] | null>,
  show: (messages: MessageView[]) => void,
): Promise<void> {
  for (let attempt = 0; attempt < PAGE_SETTLE_ATTEMPTS_MAX; attempt++) {
    await pause(PAGE_SETTLE_INTERVAL_MS * (attempt === 0 ? 0.4 : 1));
    // The server may be away for a moment; the next attempt asks again.
    const stored = await load().catch(() => null);
    if (stored && !isAnyStreaming(stored)) return show(stored);
  }
}

/** The one hook that reads our event stream: asks, applies events, stops, and says what went wrong. */
export function useGeneration(options: GenerationOptions) {
  const [messages, setMessages] = useState<MessageView[]>([]);
  const [phase, setPhase] = useState<GenerationPhase>("idle");
  const [pending, setPending] = useState<string | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const latest = useRef(options);
  latest.current = options;
  const running = useRef<AbortController | null>(null);

  useEffect(() => () => running.current?.abort(), []);

  const settle = useCallback(async (start: TurnStart | null) => {
    setPhase("settling");
    await readUntilSettled(() => latest.current.load(start), setMessages);
    setPhase((now) => (now === "settling" ? "idle" : now));
  }, []);

  const ask = useCallback(
    async (next: Ask) => {
      if (running.current) return;
      const controller = new AbortController();
      running.current = controller;
      setFailure(null);
      setPending(next.prompt ?? null);
      setPhase("asking");
      let start: TurnStart | null = null;
      const frames = createFrameQueue((events) =>
        setMessages((now) => events.reduce<MessageView[]>(applyTurnEvent, now)),
      );
      const push = (event: TurnEvent) => {
        frames.push(event);
        if (event.type === "turn-start") {
          start = event;
          setPending(null);
          setPhase("streaming");
          latest.current.onStart(event);
        }
        latest.current.onEvent(event);
      };
      try {
        await follow(next, controller.signal, push);
        if (!controller.signal.aborted) setPhase("idle");
      } catch (error) {
        frames.flush();
        if (!controller.signal.aborted) {
          const kept = start ? "part" : "nothing";
          setFailure({ error: toRequestError(error), ask: next, kept });
          setMessages(markStopped);
          if (start) await settle(start);
          else setPhase("idle");
        }
      } finally {
        if (running.current === controller) running.current = null;
        setPending(null);
      }
      if (controller.signal.aborted && controller.signal.reason === "stop") await settle(start);
    },
    [settle],
  );

  const stop = useCallback(() => {
    if (!running.current) return;
    setMessages(markStopped);
    setPhase("settling");
    running.current.abort("stop");
  }, []);

  /** Puts another conversation in the place of this one. */
  const replace = useCallback((next: MessageView[]) => {
    running.current?.abort("replaced");
    running.current = null;
    setMessages(next);
    setPending(null);
    setFailure(null);
    setPhase("idle");
  }, []);

  return { messages, phase, pending, failure, ask, stop, replace, settle, setFailure };
}

export type Generation = ReturnType<typeof useGeneration>;
