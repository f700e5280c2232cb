"use client";

import { lazy, Suspense } from "react";

// 75 kB and its fonts, for answers that hold a formula.
const SetFormula = lazy(() => import("./set-formula").then((it) => ({ default: it.SetFormula })));

export type FormulaProps = { tex: string; kind: "inline" | "display" | "open" };

/** A formula, or its source while it is being written, its setter is on the way, or it cannot be set. */
export function Formula({ tex, kind }: FormulaProps) {
  const source = <code className="formula-source">{tex}</code>;
  if (kind === "open") return source;
  return (
    <Suspense fallback={source}>
      <SetFormula tex={tex} isDisplay={kind === "display"} />
    </Suspense>
  );
}
