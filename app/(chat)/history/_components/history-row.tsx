"use client";

import { Ellipsis } from "lucide-react";
import Link from "next/link";
import { DropdownMenu } from "radix-ui";
import { lazy, Suspense, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { paths } from "@/lib/paths";
import type { ConversationItem, ConversationKind } from "@/lib/protocol/conversation-view";
import { toTime } from "./group-by-day";

// With the shapes that check a title, which no list needs.
const RenameForm = lazy(() => import("./rename-form").then((it) => ({ default: it.RenameForm })));

const KINDS: Record<ConversationKind, { label: string; page: (id: string) => string }> = {
  battle: { label: "Battle", page: paths.battleById },
  compare: { label: "Comparison", page: paths.compareById },
  chat: { label: "Chat", page: paths.chatById },
};

export type HistoryRowProps = {
  item: ConversationItem;
  isOnline: boolean;
  onShare: () => void;
  onDelete: () => void;
};

/** A conversation in the list: opened by its title, and what else can be done with it. */
export function HistoryRow({ item, isOnline, onShare, onDelete }: HistoryRowProps) {
  const [isRenaming, setIsRenaming] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const { id, kind, title, models, updatedAt, isRunning, excerpt } = item;
  const { label, page } = KINDS[kind];
  return (
    <li className="flex items-start gap-2 py-3">
      <div className="min-w-0 flex-1">
        {isRenaming ? (
          <Suspense fallback={title}>
            <RenameForm
              item={item}
              onDone={() => {
                setIsRenaming(false);
                // After the field has gone.
                requestAnimationFrame(() => trigger.current?.focus());
              }}
            />
          </Suspense>
        ) : (
          <Link
            href={page(id)}
            prefetch={false}
            className="block py-0.5 wrap-anywhere underline-offset-4 hover:underline pointer-coarse:py-2.5"
          >
            {title}
          </Link>
        )}
        <p className="numeric mt-0.5 flex flex-wrap gap-x-2 text-xs text-ink-soft">
          <span>{label}</span>
          <span aria-hidden="true">·</span>
          <time dateTime={updatedAt}>{toTime(updatedAt)}</time>
          {models.length > 0 && (
            <>
              <span aria-hidden="true">·</span>
              <span className="font-mono wrap-anywhere">{models.join(" and ")}</span>
            </>
          )}
          {kind === "battle" && models.length === 0 && (
            <>
              <span aria-hidden="true">·</span>
              <span>{isRunning ? "being answered" : "not voted on yet"}</span>
            </>
          )}
          {kind !== "battle" && isRunning && (
            <>
              <span aria-hidden="true">·</span>
              <span>being answered</span>
            </>
          )}
        </p>
        {excerpt && (
          <p className="mt-1.5 line-clamp-2 text-sm text-ink-soft wrap-anywhere">
            {excerpt.map(({ text, isHit }, index) =>
              isHit ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place.
                <mark key={index} className="bg-transparent font-semibold text-ink">
                  {text}
                </mark>
              ) : (
                text
              ),
            )}
          </p>
        )}
      </div>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger asChild>
          <Button ref={trigger} variant="quiet" size="icon" aria-label={`More for “${title}”`}>
            <Ellipsis size={20} strokeWidth={1.5} aria-hidden="true" />
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="end"
            sideOffset={4}
            // The field that opens takes the focus.
            onCloseAutoFocus={(event) => isRenaming && event.preventDefault()}
            className="z-40 min-w-44 rounded-md border border-line bg-surface p-1 text-sm shadow-raised"
          >
            <Item disabled={!isOnline} onSelect={() => setIsRenaming(true)}>
              Rename
            </Item>
            <Item disabled={!isOnline} onSelect={onShare}>
              Share…
            </Item>
            <Item disabled={!isOnline} href={paths.api.conversationExport(id, "md")}>
              Export as Markdown
            </Item>
            <Item disabled={!isOnline} href={paths.api.conversationExport(id, "json")}>
              Export as JSON
            </Item>
            <DropdownMenu.Separator className="my-1 h-px bg-line" />
            <Item disabled={!isOnline} onSelect={onDelete} isDanger>
              Delete…
            </Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </li>
  );
}

type ItemProps = {
  children: string;
  disabled: boolean;
  onSelect?: () => void;
  /** A file to download. */
  href?: string;
  isDanger?: boolean;
};

function Item({ children, disabled, onSelect, href, isDanger }: ItemProps) {
  const look = `flex min-h-9 cursor-pointer items-center rounded-sm px-3 outline-none data-[disabled]:cursor-not-allowed data-[disabled]:opacity-50 data-[highlighted]:bg-sunken pointer-coarse:min-h-11 ${isDanger ? "text-danger" : ""}`;
  if (href === undefined || disabled) {
    return (
      <DropdownMenu.Item disabled={disabled} className={look} {...(onSelect && { onSelect })}>
        {children}
      </DropdownMenu.Item>
    );
  }
  return (
    <DropdownMenu.Item asChild className={look}>
      <a href={href} download>
        {children}
      </a>
    </DropdownMenu.Item>
  );
}
