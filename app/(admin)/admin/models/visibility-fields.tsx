"use client";

import clsx from "clsx";
import { useId } from "react";
import type { RequestError } from "@/components/request-json";
import { VISIBILITY_WORDS, type Visibility, type VisibilityWord } from "@/lib/protocol/visibility";
import { FieldProblem } from "./field-problem";

const PLACES: Record<VisibilityWord, { label: string; note: string }> = {
  arena: { label: "Arena", note: "Battles draw it." },
  direct: { label: "Direct", note: "People choose it by its name in chats and comparisons." },
  api: { label: "API", note: "Programs ask for it, also by an alias or another Parley." },
};

export type VisibilityFieldsProps = {
  visibility: Visibility;
  /** As it was when the form opened. */
  before: Visibility;
  problem: RequestError | null;
  onChange: (visibility: Visibility) => void;
};

/** Where a model is met; battles alone is another thing than arena alone, since its name is then told nowhere. */
export function VisibilityFields({ visibility, before, problem, onChange }: VisibilityFieldsProps) {
  const id = useId();
  const { isAnonymousOnly } = visibility;
  const hide = (isHidden: boolean) =>
    onChange({
      ...{ arena: isHidden || visibility.arena, isAnonymousOnly: isHidden },
      // With its name come back the places in which it could be asked for by it.
      ...{ direct: !isHidden, api: !isHidden },
    });
  return (
    <fieldset aria-describedby={`${id}-change ${id}-problem`}>
      <legend className="text-sm font-medium">Where it is met</legend>
      <div className="mt-2 grid gap-x-4 sm:grid-cols-3">
        {VISIBILITY_WORDS.map((word) => {
          const { label, note } = PLACES[word];
          return (
            <Choice
              key={word}
              {...{ label, note }}
              isOn={visibility[word]}
              isOff={isAnonymousOnly && word !== "arena"}
              onChange={(isOn) => onChange({ ...visibility, [word]: isOn })}
            />
          );
        })}
      </div>
      <div className="mt-2 border-t border-line pt-2">
        <Choice
          label="Battles alone"
          note="Its name is told nowhere: on no board, in no list, to no program."
          isOn={isAnonymousOnly}
          onChange={hide}
        />
      </div>
      <p id={`${id}-change`} aria-live="polite" className="text-sm text-ink-soft empty:hidden">
        {describeChange(before, visibility)}
      </p>
      <FieldProblem id={`${id}-problem`} problem={problem} at="visibility" />
    </fieldset>
  );
}

/** What saving it makes public, which cannot be taken back. */
function describeChange(before: Visibility, after: Visibility): string | null {
  if (before.isAnonymousOnly === after.isAnonymousOnly) return null;
  return after.isAnonymousOnly
    ? "Saving takes it off the boards with its votes, and out of every list. Who has seen its name knows it."
    : "Saving names it: the votes that it got meanwhile stand on the boards, and the public log says so.";
}

type ChoiceProps = {
  label: string;
  note: string;
  isOn: boolean;
  isOff?: boolean;
  onChange: (isOn: boolean) => void;
};

function Choice({ label, note, isOn, isOff = false, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div className={clsx("pb-2", isOff && "opacity-50")}>
      <label className="flex items-baseline gap-3 py-1 text-sm pointer-coarse:py-3">
        <input
          type="checkbox"
          checked={isOn}
          disabled={isOff}
          onChange={(event) => onChange(event.target.checked)}
          aria-describedby={id}
          className="size-4 translate-y-0.5 accent-accent"
        />
        {label}
      </label>
      <p id={id} className="pl-7 text-sm text-ink-soft">
        {note}
      </p>
    </div>
  );
}
