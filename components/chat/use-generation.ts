"use client";

import {
  type Dispatch,
  type RefObject,
  type SetStateAction,
  useCallback,
  useEffect,
  useRef,
  useState,
} from "react";
import type { MessageView, TurnEvent } from "@/lib/protocol/arena-view";
import { RequestError, send, toRequestError } from "../request-json";
import { readTurn } from "./read-turn";
import { readUntilSettled } from "./read-until-settled";
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

/** Deltas gather until the next frame, so a fast model costs one render a frame and not one a token. */
function createFrameQueue(setMessages: Dispatch<SetStateAction<MessageView[]>>) {
  let queue: TurnEvent[] = [];
  let cancel: (() => void) | undefined;
  const flush = () => {
    cancel?.();
    cancel = undefined;
    const events = queue;
    queue = [];
    if (events.length === 0) return;
    setMessages((now) => events.reduce<MessageView[]>(applyTurnEvent, now));
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

/** Waits for what the server kept, one wait at a time; whoever goes on to something else ends it. */
function useSettling(
  latest: RefObject<GenerationOptions>,
  show: (messages: MessageView[]) => void,
  setPhase: Dispatch<SetStateAction<GenerationPhase>>,
) {
  const settling = useRef<AbortController | null>(null);
  const endSettling = useCallback(() => settling.current?.abort(), []);

  useEffect(() => endSettling, [endSettling]);

  const settle = useCallback(
    async (start: TurnStart | null) => {
      endSettling();
      const controller = new AbortController();
      settling.current = controller;
      setPhase("settling");
      const load = () => latest.current.load(start);
      await readUntilSettled({ load, show, signal: controller.signal });
      if (!controller.signal.aborted) setPhase((now) => (now === "settling" ? "idle" : now));
    },
    [latest, show, setPhase, endSettling],
  );
  return { settle, endSettling };
}

type ReadAgainOptions = {
  latest: RefObject<GenerationOptions>;
  setMessages: (messages: MessageView[]) => void;
  setFailure: (failure: null) => void;
  settle: (start: TurnStart | null) => Promise<void>;
};

/** After a broken connection: what the server kept takes the place of what the page saw. */
function useReadAgain({ latest, setMessages, setFailure, settle }: ReadAgainOptions) {
  return useCallback(async () => {
    // The server may still be away: then the notice stays, and its button with it.
    const stored = await latest.current.load(null).catch(() => null);
    if (!stored) return;
    setMessages(stored);
    setFailure(null);
    if (isAnyStreaming(stored)) await settle(null);
  }, [latest, setMessages, setFailure, settle]);
}

type Setters = Pick<ReadAgainOptions, "setMessages" | "setFailure"> & {
  setPhase: Dispatch<SetStateAction<GenerationPhase>>;
};

/** The two ways to what the server kept: by itself after a stop or a break, and when the reader asks. */
function useKept(latest: RefObject<GenerationOptions>, setters: Setters) {
  const { setMessages, setFailure, setPhase } = setters;
  const { settle, endSettling } = useSettling(latest, setMessages, setPhase);
  const readAgain = useReadAgain({ latest, setMessages, setFailure, settle });
  return { settle, endSettling, readAgain };
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
  const { settle, endSettling, readAgain } = useKept(latest, { setMessages, setFailure, setPhase });

  useEffect(() => () => running.current?.abort(), []);

  const ask = useCallback(
    async (next: Ask) => {
      if (running.current) return;
      endSettling();
      const controller = new AbortController();
      running.current = controller;
      setFailure(null);
      setPending(next.prompt ?? null);
      setPhase("asking");
      let start: TurnStart | null = null;
      let isCurrent = true;
      const frames = createFrameQueue(setMessages);
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
          setFailure({ error: toRequestError(error), ask: next, kept: start ? "part" : "nothing" });
          setMessages(markStopped);
          if (start) await settle(start);
          else setPhase("idle");
        }
      } finally {
        // Else another conversation has taken this one's place, and what is pending is its own.
        isCurrent = running.current === controller;
        if (isCurrent) {
          running.current = null;
          setPending(null);
        }
      }
      if (isCurrent && controller.signal.reason === "stop") await settle(start);
    },
    [settle, endSettling],
  );

  const stop = useCallback(() => {
    if (!running.current) return;
    setMessages(markStopped);
    setPhase("settling");
    running.current.abort("stop");
  }, []);

  /** Puts another conversation in the place of this one. */
  const replace = useCallback(
    (next: MessageView[]) => {
      running.current?.abort("replaced");
      running.current = null;
      endSettling();
      setMessages(next);
      setPending(null);
      setFailure(null);
      setPhase("idle");
    },
    [endSettling],
  );

  return { messages, phase, pending, failure, ask, stop, replace, settle, readAgain };
}

export type Generation = ReturnType<typeof useGeneration>;
