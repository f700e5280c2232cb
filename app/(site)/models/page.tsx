import type { Metadata } from "next";
import { arena } from "@/lib/arena/arena";
import { listModels } from "@/lib/arena/read-models";
import type { ModelList } from "@/lib/protocol/arena-view";
import { log } from "@/lib/telemetry/log";
import { ModelsView } from "./_components/models-view";

export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "Models" };

export default async function ModelsPage() {
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="font-display text-2xl tracking-tight">Models</h1>
      <p className="mt-4 mb-10 max-w-[68ch] text-ink-soft">
        Who answers here, what each was measured to do, and where it ends. A number is the share of
        right answers on questions it had not seen.
      </p>
      <ModelsView initial={await readInitial()} />
    </main>
  );
}

/** For the first paint. Where it cannot be read the page asks again by itself and says what is wrong. */
async function readInitial(): Promise<ModelList | null> {
  try {
    return await listModels(arena());
  } catch (error) {
    log.warn({ err: error }, "the first paint of the models has no data");
    return null;
  }
}
