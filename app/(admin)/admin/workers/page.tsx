import type { Metadata } from "next";
import { WorkersView } from "./workers-view";

export const metadata: Metadata = { title: "Workers" };

export default function WorkersPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="mb-8 font-display text-2xl tracking-tight">Workers</h1>
      <WorkersView />
    </main>
  );
}
