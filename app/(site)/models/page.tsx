import type { Metadata } from "next";
import { ModelsView } from "./_components/models-view";

export const metadata: Metadata = { title: "Models" };

export default function ModelsPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="font-display text-2xl tracking-tight">Models</h1>
      <p className="mt-4 mb-10 max-w-[68ch] text-ink-soft">
        Who answers here, what each was measured to do, and where it ends. A number is the share of
        right answers on questions it had not seen.
      </p>
      <ModelsView initial={null} />
    </main>
  );
}
