import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import { paths } from "@/lib/paths";
import type { ModelView } from "@/lib/protocol/arena-view";

export type ChatStartProps = {
  /** The model that will answer, where one is known by that name. */
  view: ModelView | undefined;
  /** Why it is not the one that the address named. */
  remark: string | null;
  /** Whether the list of models has come. */
  isKnown: boolean;
  onPick: (prompt: string) => void;
  isBlocked: boolean;
};

/** A chat before its first question. */
export function ChatStart({ view, remark, isKnown, onPick, isBlocked }: ChatStartProps) {
  const summary = isKnown
    ? (view?.description.summary ??
      (view ? "Ask it anything." : "No model is awake yet. This page looks again by itself."))
    : "Pick a model and ask.";
  return (
    <div className="flex flex-1 flex-col justify-center">
      <p className="font-display text-xl text-balance">One model, by name.</p>
      <p className="mt-3 max-w-[60ch] text-ink-soft">{summary}</p>
      {remark && <Notice className="mt-6 max-w-[60ch]">{remark}</Notice>}
      <Starters
        prompts={view?.description.examplePrompts.slice(0, 4) ?? []}
        onPick={onPick}
        isBlocked={isBlocked}
      />
    </div>
  );
}

type StartersProps = Pick<ChatStartProps, "onPick" | "isBlocked"> & { prompts: readonly string[] };

function Starters({ prompts, onPick, isBlocked }: StartersProps) {
  if (prompts.length === 0) return null;
  return (
    <ul
      aria-label="Examples"
      className="mt-8 max-w-[60ch] divide-y divide-line border-y border-line"
    >
      {prompts.map((prompt) => (
        <li key={prompt}>
          <button
            type="button"
            disabled={isBlocked}
            onClick={() => onPick(prompt)}
            className="min-h-11 w-full py-2 text-left text-sm text-ink-soft transition-colors duration-120 enabled:hover:text-ink"
          >
            {prompt}
          </button>
        </li>
      ))}
    </ul>
  );
}

export type MovedNoticeProps = { id: string; model: string; next: string };

/** After the choice of another model in the middle of a chat. */
export function MovedNotice({ id, model, next }: MovedNoticeProps) {
  return (
    <Notice
      action={
        <Link href={paths.chatById(id)} prefetch={false} className={buttonClass({ size: "small" })}>
          Back to {model}
        </Link>
      }
    >
      A chat stays with its model, so this is a new one with {next}. Your question is kept below,
      and the chat with {model} in your history.
    </Notice>
  );
}

export function Unreadable({ message }: { message: string }) {
  return (
    <Notice
      tone="danger"
      action={
        <Link href={paths.chat} prefetch={false} className={buttonClass({ size: "small" })}>
          Start a new chat
        </Link>
      }
    >
      This conversation cannot be shown. {message}
    </Notice>
  );
}

export function ChatSkeleton() {
  return (
    <div role="status" aria-label="Loading the conversation" className="space-y-3">
      <Skeleton className="mb-8 ml-auto h-5 w-56" />
      <Skeleton className="h-3.5 w-11/12" />
      <Skeleton className="h-3.5 w-4/5" />
      <Skeleton className="h-3.5 w-2/3" />
    </div>
  );
}
