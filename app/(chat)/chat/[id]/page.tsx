import type { Metadata } from "next";
import { ChatView } from "../_components/chat-view";

export const metadata: Metadata = { title: "Chat" };

export type StoredChatPageProps = { params: Promise<{ id: string }> };

export default async function StoredChatPage({ params }: StoredChatPageProps) {
  return <ChatView initialId={(await params).id} initialModel={null} initialPrompt={null} />;
}
