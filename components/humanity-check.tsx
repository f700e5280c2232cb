"use client";

import { useEffect, useRef, useState } from "react";
import { PAGE_REQUEST_MS_MAX } from "@/lib/limits";
import { paths } from "@/lib/paths";
import type { HumanityView } from "@/lib/protocol/humanity";
import { send } from "./request-json";

/** What the scripts of Turnstile, hCaptcha and reCAPTCHA have in common. */
type Widget = {
  render(
    place: HTMLElement,
    options: { sitekey: string; callback: (token: string) => void },
  ): unknown;
};
type WithWidgets = { turnstile?: Widget; hcaptcha?: Widget; grecaptcha?: Widget };

/** Scripts take a second; after this the visitor is told. */
const SCRIPT_MS_MAX = 15_000;
const LOOK_INTERVAL_MS = 100;

/** Shows the check that a person is there, and tells when it was passed. */
export function HumanityCheck({
  view: { siteKey, scriptUrl },
  onPassed,
}: {
  view: HumanityView;
  onPassed: () => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const passed = useRef(onPassed);
  passed.current = onPassed;
  const [fault, setFault] = useState<string>();

  useEffect(() => {
    const leaving = new AbortController();
    const show = async () => {
      const widget = await loadWidget(scriptUrl, leaving.signal);
      if (leaving.signal.aborted || !place.current) return;
      widget.render(place.current, {
        sitekey: siteKey,
        callback: (token) => {
          prove(token).then(
            () => passed.current(),
            (error: unknown) => setFault(error instanceof Error ? error.message : String(error)),
          );
        },
      });
    };
    show().catch((error: unknown) => {
      if (!leaving.signal.aborted) setFault(error instanceof Error ? error.message : String(error));
    });
    return () => leaving.abort();
  }, [siteKey, scriptUrl]);

  return (
    <section aria-label="Check that a person is asking" className="grid justify-center gap-2">
      <div ref={place} />
      {fault !== undefined && (
        <p role="alert" className="text-danger text-sm">
          {fault}
        </p>
      )}
    </section>
  );
}

async function prove(token: string): Promise<void> {
  await send(paths.api.humanity, {
    body: { token },
    signal: AbortSignal.timeout(PAGE_REQUEST_MS_MAX),
  });
}

async function loadWidget(scriptUrl: string | null, signal: AbortSignal): Promise<Widget> {
  // Whichever of the three the script brings.
  const find = () => {
    const { turnstile, hcaptcha, grecaptcha } = window as unknown as WithWidgets;
    return [turnstile, hcaptcha, grecaptcha].find((it) => typeof it?.render === "function");
  };
  if (find() === undefined && scriptUrl !== null) {
    const script = document.createElement("script");
    script.src = scriptUrl;
    script.async = true;
    document.head.append(script);
  }
  const endMs = performance.now() + SCRIPT_MS_MAX;
  while (!signal.aborted && performance.now() < endMs) {
    const widget = find();
    if (widget !== undefined) return widget;
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
  }
  throw new Error(
    "The check could not be loaded. Your question is kept; reload the page to try again.",
  );
}
