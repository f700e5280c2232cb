import type { Metadata } from "next";
import Link from "next/link";
import { notFound } from "next/navigation";
import { cache } from "react";
import { SharedTurns } from "@/components/share/shared-turns";
import { SiteFooter } from "@/components/site-footer";
import { buttonClass } from "@/components/ui/button";
import { arena } from "@/lib/arena/arena";
import { env } from "@/lib/env";
import { isAppError } from "@/lib/errors";
import { readShare } from "@/lib/history/shares";
import { paths } from "@/lib/paths";
import type { ShareView } from "@/lib/protocol/share";
import { describeShare } from "./describe-share";

export const dynamic = "force-dynamic";

export type SharePageProps = { params: Promise<{ id: string }> };

/** Once for the head and the page. */
const load = cache(async (id: string): Promise<ShareView> => {
  try {
    return await readShare(arena(), id);
  } catch (error) {
    if (isAppError(error) && error.code === "not-found") notFound();
    throw error;
  }
});

export async function generateMetadata({ params }: SharePageProps): Promise<Metadata> {
  const { conversation, mayBeFound } = await load((await params).id);
  const { title, summary } = describeShare(conversation);
  const { PARLEY_PUBLIC_URL: origin } = env();
  return {
    ...(origin && { metadataBase: new URL(origin) }),
    title,
    description: summary,
    robots: mayBeFound ? undefined : { index: false, follow: false },
    openGraph: { title, description: summary, type: "article", siteName: "Parley" },
    twitter: { card: "summary_large_image", title, description: summary },
  };
}

export default async function SharePage({ params }: SharePageProps) {
  const { conversation, createdAt } = await load((await params).id);
  const { facts } = describeShare(conversation);
  return (
    <>
      <main
        id="main"
        className={
          conversation.kind === "chat"
            ? "mx-auto w-full max-w-[792px] flex-1 px-4 pt-12 pb-18 sm:px-8"
            : "mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8"
        }
      >
        <header className="mb-12 border-b border-line pb-8">
          <p className="text-sm text-ink-soft">A shared conversation</p>
          <h1 className="mt-2 max-w-[32ch] font-display text-xl tracking-tight wrap-anywhere sm:text-2xl">
            {conversation.title}
          </h1>
          <p className="numeric mt-4 flex flex-wrap gap-x-3 gap-y-1 text-sm text-ink-soft">
            <span>{facts}</span>
            <span>
              Published <time dateTime={createdAt}>{toDay(createdAt)}</time>
            </span>
          </p>
        </header>
        <SharedTurns conversation={conversation} />
        <aside className="mt-16 flex flex-wrap items-center justify-between gap-4 border-t border-line pt-8">
          <p className="max-w-[52ch] text-sm text-ink-soft">
            Models wrote these answers, and they may be wrong. Personal data was taken out before
            this was published.
          </p>
          <Link
            href={paths.battle}
            prefetch={false}
            className={buttonClass({ variant: "primary" })}
          >
            Ask something yourself
          </Link>
        </aside>
      </main>
      <SiteFooter />
    </>
  );
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** In UTC: the server does not know the reader's zone, and both must print the same. */
function toDay(moment: string): string {
  const date = new Date(moment);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}
