import type { Metadata } from "next";
import { HistoryView } from "./_components/history-view";

export const metadata: Metadata = { title: "History" };

export default function HistoryPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-[792px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="font-display text-2xl tracking-tight">History</h1>
      <p className="mt-4 mb-8 max-w-[60ch] text-ink-soft">
        What you asked in this browser. It is kept for you under a cookie, without an account.
      </p>
      <HistoryView />
    </main>
  );
}
