"use client";

import { Component, type ReactNode } from "react";

/** So that a browser lays out a very long text piece by piece, and pieces out of view not at all. */
const PIECE_CHARACTERS = 8_000;
/** A text of a million characters on one line is kept and copied whole, and shown in part. */
const SHOWN_CHARACTERS_MAX = 200_000;

/** Text as it was written, without any meaning of its marks. */
export function PlainText({ text }: { text: string }) {
  const shown = text.slice(0, SHOWN_CHARACTERS_MAX);
  const pieces = Array.from({ length: Math.ceil(shown.length / PIECE_CHARACTERS) }, (_, index) =>
    shown.slice(index * PIECE_CHARACTERS, (index + 1) * PIECE_CHARACTERS),
  );
  return (
    <>
      {pieces.map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no identity but their place.
        <p key={index} className="mt-0! whitespace-pre-wrap [content-visibility:auto]">
          {piece}
        </p>
      ))}
      {shown.length < text.length && (
        <p className="text-sm text-ink-soft">
          The rest is too long to be shown. The answer's Copy has all of it.
        </p>
      )}
    </>
  );
}

type PlainOnErrorProps = { text: string; children: ReactNode };

/** Shows a block as it was written where drawing it failed: one odd text must not take the page along. */
export class PlainOnError extends Component<PlainOnErrorProps, { failed: string | null }> {
  override state = { failed: null };

  static getDerivedStateFromError(): { failed: string } {
    return { failed: "" };
  }

  override render() {
    return this.state.failed === null ? this.props.children : <PlainText text={this.props.text} />;
  }
}
