import type { Metadata } from "next";
import { ChatView } from "./_components/chat-view";

export const metadata: Metadata = { title: "Chat" };

export type ChatPageProps = {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

const one = (value: string | string[] | undefined) =>
  (Array.isArray(value) ? value[0] : value) ?? null;

export default async function ChatPage({ searchParams }: ChatPageProps) {
  const { model, prompt } = await searchParams;
  // Another example of the models page is another start, not a change of this one.
  const key = `${one(model)}\n${one(prompt)}`;
  return (
    <ChatView key={key} initialId={null} initialModel={one(model)} initialPrompt={one(prompt)} />
  );
}
