import type { Metadata } from "next";
import { headers } from "next/headers";
import { arena } from "@/lib/arena/arena";
import { listModels } from "@/lib/arena/read-models";
import { readApiDoor } from "@/lib/http/authenticate-api";
import { log } from "@/lib/telemetry/log";
import { Contents } from "./_components/contents";
import type { Setting } from "./_components/example-block";
import { ReferenceSections, RouteSections, TextSections } from "./_components/more-sections";
import {
  type ApiDoor,
  ChatSections,
  ShapeSections,
  StartSection,
} from "./_components/start-sections";
import { toOrigin } from "./_examples/place";

export const dynamic = "force-dynamic";

export const metadata: Metadata = { title: "API" };

export default async function DevelopersPage() {
  const [models, door] = await Promise.all([readKnownModels(), readDoor()]);
  const setting = { origin: toOrigin(await headers()), models };
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="font-display text-2xl tracking-tight">API</h1>
      <p className="mt-4 mb-10 max-w-[68ch] text-ink-soft">
        Programs use these models exactly as they use OpenAI&apos;s. Every example is whole: copy it
        and run it.
      </p>
      <div className="gap-x-16 lg:grid lg:grid-cols-[180px_minmax(0,1fr)]">
        <Contents />
        <div className="min-w-0">
          <StartSection setting={setting} door={door} />
          <ChatSections setting={setting} />
          <ShapeSections setting={setting} />
          <TextSections setting={setting} />
          <RouteSections setting={setting} />
          <ReferenceSections setting={setting} />
        </div>
      </div>
    </main>
  );
}

/** For the names in the examples; without the database they are left for the reader to fill in. */
async function readKnownModels(): Promise<Setting["models"]> {
  try {
    return (await listModels(arena())).models;
  } catch (error) {
    log.warn({ err: error }, "the examples name no models");
    return [];
  }
}

async function readDoor(): Promise<ApiDoor> {
  try {
    return await readApiDoor();
  } catch (error) {
    log.warn({ err: error }, "the API page does not know who needs a key");
    return "unknown";
  }
}
