"use client";

import { type ComponentType, useEffect, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { Skeleton } from "@/components/ui/skeleton";
import type { BoardKey } from "@/lib/protocol/board-key";
import type { BoardRow } from "@/lib/protocol/board-view";

export type FiguresProps = {
  boardKey: BoardKey;
  /** As filters leave them, in any order. */
  rows: readonly BoardRow[];
  /** Of the board: what is drawn from elsewhere is read anew when it changes. */
  fingerprint: string;
};

/** They are loaded before they are seen. */
const AHEAD = "600px";

/** The board as pictures. What draws them is loaded when a reader comes near, and no first paint waits for it. */
export function Figures(props: FiguresProps) {
  const section = useRef<HTMLElement>(null);
  const [Gallery, setGallery] = useState<ComponentType<FiguresProps> | null>(null);
  const [isNear, setNear] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const [isMissing, setMissing] = useState(false);

  useEffect(() => {
    if (!section.current || isNear) return;
    // A link to one of them is a wish to see it, wherever the page stands.
    if (location.hash.startsWith("#figures")) setNear(true);
    const observer = new IntersectionObserver(
      (entries) => entries.some((it) => it.isIntersecting) && setNear(true),
      { rootMargin: AHEAD },
    );
    observer.observe(section.current);
    return () => observer.disconnect();
  }, [isNear]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt is asked for by its number.
  useEffect(() => {
    if (!isNear) return;
    let isWanted = true;
    import("./figure-gallery").then(
      ({ FigureGallery }) => isWanted && setGallery(() => FigureGallery),
      // The network is gone, or a newer version of the site has taken the place of this one.
      () => isWanted && setMissing(true),
    );
    return () => {
      isWanted = false;
    };
  }, [isNear, attempt]);

  return (
    <section
      ref={section}
      id="figures"
      aria-labelledby="figures-title"
      className="mt-18 scroll-mt-20"
    >
      <h2 id="figures-title" className="mb-6 font-display text-xl">
        The board in pictures
      </h2>
      {Gallery ? (
        <Gallery {...props} />
      ) : isMissing ? (
        <Notice
          tone="danger"
          action={
            <Button
              size="small"
              onClick={() => {
                setMissing(false);
                setAttempt((it) => it + 1);
              }}
            >
              Try again
            </Button>
          }
        >
          The pictures could not be loaded. The board above has all numbers.
        </Notice>
      ) : (
        <div role="status" aria-label="Loading the pictures" className="min-h-96">
          <Skeleton className="mb-8 h-10 w-full max-w-xl" />
          <Skeleton className="h-72" />
        </div>
      )}
    </section>
  );
}
