"use client";

import { RotateCw } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { pickExamples } from "./pick-examples";

export type ExamplesProps = { prompts: readonly string[]; onExample: (prompt: string) => void };

/** Questions to begin with. */
export function Examples({ prompts, onExample }: ExamplesProps) {
  const [round, setRound] = useState(0);
  const shown = pickExamples(prompts, round);
  if (shown.length === 0) return null;
  return (
    <ul
      className="flex flex-wrap items-center justify-center gap-x-1 text-sm"
      aria-label="Examples"
    >
      {shown.map((prompt) => (
        <li key={prompt} className="animate-fade">
          <button
            type="button"
            onClick={() => onExample(prompt)}
            className="min-h-9 rounded-md px-2.5 text-ink-soft transition-colors duration-120 hover:bg-sunken hover:text-ink pointer-coarse:min-h-11"
          >
            {prompt}
          </button>
        </li>
      ))}
      <li>
        <Button
          variant="quiet"
          size="icon"
          data-other-examples
          aria-keyshortcuts="o"
          onClick={() => setRound(round + 1)}
          aria-label="Other examples"
        >
          <RotateCw size={15} strokeWidth={1.5} aria-hidden="true" />
        </Button>
      </li>
    </ul>
  );
}
