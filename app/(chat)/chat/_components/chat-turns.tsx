import type { ReactNode } from "react";
import { ConversationNotice } from "@/components/chat/conversation-notice";
import { Question } from "@/components/chat/question";
import { TurnList, type TurnListProps } from "@/components/chat/turn-list";
import type { Conversation } from "@/components/chat/use-conversation";
import { ChatSkeleton, Unreadable } from "./chat-states";

export type ChatTurnsProps = Pick<TurnListProps, "renderTurn"> & {
  conversation: Conversation;
  /** What stands there before the first question. */
  children: ReactNode;
};

/** All that was said, what is on its way, and what went wrong. */
export function ChatTurns({ conversation, renderTurn, children }: ChatTurnsProps) {
  const { turns, isLoading, isReadingEarlier, problem, pending } = conversation;
  return (
    <div className="flex flex-1 flex-col gap-12 pt-8 pb-8">
      {isLoading && <ChatSkeleton />}
      {problem && <Unreadable message={problem} />}
      {children}
      <TurnList turns={turns} renderTurn={renderTurn} isReadingEarlier={isReadingEarlier} />
      {pending !== null && <Question text={pending} />}
      <ConversationNotice conversation={conversation} />
    </div>
  );
}
