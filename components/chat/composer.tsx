"use client";

import clsx from "clsx";
import { ArrowUp, Square } from "lucide-react";
import { type FormEvent, type KeyboardEvent, type Ref, useLayoutEffect, useRef } from "react";
import { PROMPT_CHARACTERS_MAX } from "@/lib/limits";
import { formatCount } from "../format";
import { TermsLine } from "../terms/terms-line";
import { useTerms } from "../terms/use-terms";
import { Button } from "../ui/button";
import { Kbd } from "../ui/kbd";
import { useTokenCount } from "./use-token-count";

/** The share of a context from which its use is worth a line. */
const FILL_SHOWN_FROM = 0.6;
/** Fewer tokens than these hold no paragraph: an answer would likely end in the middle. */
const ANSWER_TOKENS_TIGHT = 128;

export type ComposerProps = {
  value: string;
  onChange: (value: string) => void;
  onAsk: (prompt: string) => void;
  onStop: () => void;
  isRunning: boolean;
  /** Why one cannot ask now, as a sentence. */
  blocked?: string | null;
  /** For a moment one cannot ask, and another part of the page says why. */
  isPaused?: boolean;
  placeholder: string;
  rows?: number;
  model?: string | undefined;
  conversationId?: string | undefined;
  /** The answer of a chat that the question follows: how full the context is depends on the branch. */
  parentId?: string | undefined;
  /** What the model is told before the first question; it takes room too. */
  system?: string | undefined;
  inputRef?: Ref<HTMLTextAreaElement>;
};

export function Composer(props: ComposerProps) {
  const { value, onChange, onAsk, onStop, isRunning, blocked, placeholder, rows = 1 } = props;
  const isTall = rows > 1;
  const frame = useRef<HTMLFormElement>(null);
  const count = useTokenCount({
    prompt: value,
    model: props.model,
    conversationId: props.conversationId,
    parentId: props.parentId,
    system: props.system,
  });
  const warning = toWarning(value, count);
  const terms = useTerms();
  const button = useRef<HTMLButtonElement>(null);
  const canAsk =
    value.trim() !== "" && !isRunning && !blocked && !props.isPaused && !warning?.isFinal;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text.
  useLayoutEffect(() => {
    const input = frame.current?.querySelector("textarea");
    if (!input) return;
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  }, [value]);

  /** Enter asks; where there are terms to agree to it leads to the button that says so. */
  async function submit(event?: FormEvent) {
    event?.preventDefault();
    if (!canAsk) return;
    if (await terms.check()) button.current?.focus();
    else onAsk(value.trim());
  }

  async function agree() {
    if (canAsk && (await terms.agree())) onAsk(value.trim());
  }

  function onKeyDown(event: KeyboardEvent) {
    // During composition of, say, Japanese, Enter accepts a candidate.
    if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
    if (event.shiftKey || event.altKey) return;
    event.preventDefault();
    void submit();
  }

  return (
    <>
      <form
        ref={frame}
        onSubmit={(event) => void submit(event)}
        className="grid grid-cols-[minmax(0,1fr)_auto] items-end rounded-lg border border-line-strong bg-surface transition-colors duration-120 focus-within:border-accent focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent"
      >
        <label className={isTall ? "col-span-2 block" : "block self-center"}>
          <span className="sr-only">Your question</span>
          <textarea
            ref={props.inputRef}
            value={value}
            rows={rows}
            onChange={(event) => onChange(event.target.value)}
            onKeyDown={onKeyDown}
            placeholder={placeholder}
            aria-describedby="composer-note"
            enterKeyHint="send"
            autoComplete="off"
            className="block max-h-[38dvh] min-h-12 w-full resize-none overflow-y-auto bg-transparent px-4 py-2.75 text-base placeholder:text-ink-soft"
          />
        </label>
        <p
          id="composer-note"
          role="status"
          className={clsx(
            "numeric min-w-0 pl-4 text-xs",
            isTall ? "self-center pb-2" : "order-1 col-span-2 pr-4 not-empty:pb-2.5",
            warning?.isFinal ? "text-danger" : "text-ink-soft",
          )}
        >
          {warning?.text ?? blocked ?? null}
        </p>
        <div className="flex shrink-0 items-center gap-3 p-1.5">
          <span className="hidden items-center gap-1 sm:flex" aria-hidden="true">
            <Kbd>↵</Kbd>
          </span>
          {isRunning ? (
            <Button variant="outline" onClick={onStop} className="h-9">
              <Square size={14} strokeWidth={1.5} className="fill-current" aria-hidden="true" />
              Stop
            </Button>
          ) : (
            <Button
              ref={button}
              variant="primary"
              {...(terms.isNeeded
                ? { onClick: () => void agree(), "aria-describedby": "terms-line" }
                : { type: "submit" })}
              disabled={!canAsk || terms.isAgreeing}
              className="h-9"
            >
              {terms.isNeeded ? "Agree and ask" : "Ask"}
              <ArrowUp size={16} strokeWidth={1.75} aria-hidden="true" />
            </Button>
          )}
        </div>
      </form>
      <TermsLine terms={terms} />
    </>
  );
}

function toWarning(value: string, count: ReturnType<typeof useTokenCount>) {
  if (value.length > PROMPT_CHARACTERS_MAX) {
    const over = formatCount(value.length - PROMPT_CHARACTERS_MAX);
    return { isFinal: true, text: `${over} characters too long. Shorten it before asking.` };
  }
  if (!count) return null;
  const used = `${formatCount(count.promptTokens)} of ${formatCount(count.contextLength)} tokens`;
  if (!count.fits)
    return { isFinal: true, text: `${used}: too long for the context. Shorten it before asking.` };
  const left = count.contextLength - count.promptTokens;
  if (left < ANSWER_TOKENS_TIGHT) {
    const words = left === 1 ? "1 token is" : `${formatCount(left)} tokens are`;
    return { isFinal: false, text: `${used}: only ${words} left, so the answer may be cut off.` };
  }
  if (count.promptTokens < count.contextLength * FILL_SHOWN_FROM) return null;
  return { isFinal: false, text: `${used}, the rest is left for the answer.` };
}
