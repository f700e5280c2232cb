"use client";

import { useEffect, useRef } from "react";

/** Nearer to the end than this the reader is taken to follow the answer. */
const NEAR_PX = 160;

/** Keeps the end of a growing page in view, unless the reader scrolled away from it. */
export function useFollowEnd(content: unknown, isGrowing: boolean): void {
  const isFollowing = useRef(true);
  useEffect(() => {
    const onScroll = () => {
      const { scrollHeight } = document.documentElement;
      isFollowing.current = scrollHeight - window.innerHeight - window.scrollY < NEAR_PX;
    };
    window.addEventListener("scroll", onScroll, { passive: true });
    return () => window.removeEventListener("scroll", onScroll);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs as the content grows.
  useEffect(() => {
    if (isGrowing && isFollowing.current) {
      window.scrollTo({ top: document.documentElement.scrollHeight });
    }
  }, [content, isGrowing]);
}

/** Brings the end of the page into view when something was asked: whoever asks from the middle wants to see what comes of it. */
export function useShowAsked(isAsked: boolean): void {
  useEffect(() => {
    if (isAsked) window.scrollTo({ top: document.documentElement.scrollHeight });
  }, [isAsked]);
}
