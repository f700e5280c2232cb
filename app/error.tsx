"use client";

import { Button } from "@/components/ui/button";

export type PageErrorProps = { error: Error & { digest?: string }; reset: () => void };

export default function PageError({ error, reset }: PageErrorProps) {
  return (
    <main
      id="main"
      className="mx-auto flex w-full max-w-xl flex-1 flex-col justify-center px-4 py-18 sm:px-8"
    >
      <h1 className="font-display text-2xl">This page broke.</h1>
      <p className="mt-4 text-ink-soft">
        Your conversations and votes are kept on the server. Try again; if it breaks once more, the
        server’s log says why
        {error.digest ? (
          <>
            {" "}
            under <code className="font-mono text-sm">{error.digest}</code>
          </>
        ) : null}
        .
      </p>
      <p className="mt-8">
        <Button variant="primary" onClick={reset}>
          Try again
        </Button>
      </p>
    </main>
  );
}
