import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { cache } from "react";
import { isAppError } from "@/lib/errors";
import { readModelPage } from "@/lib/models/read-model-page";
import { ModelView } from "./_components/model-view";

export const dynamic = "force-dynamic";

type ModelPageProps = { params: Promise<{ slug: string }> };

/** Once a request, for its title and its body. */
const read = cache(async (slug: string) => {
  try {
    return await readModelPage(slug);
  } catch (error) {
    if (isAppError(error) && error.code === "model-not-found") notFound();
    throw error;
  }
});

export async function generateMetadata({ params }: ModelPageProps): Promise<Metadata> {
  const { slug } = await params;
  return { title: (await read(slug)).facts.model };
}

export default async function ModelPage({ params }: ModelPageProps) {
  const page = await read((await params).slug);
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <ModelView initial={page} />
    </main>
  );
}
