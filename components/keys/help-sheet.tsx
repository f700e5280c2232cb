"use client";

import { Kbd } from "../ui/kbd";
import { Sheet } from "../ui/sheet";
import { isCharacter, type KeyBinding, keyName } from "./key-binding";
import { setLetterKeys, useLetterKeys } from "./letter-keys";

export type HelpSheetProps = {
  bindings: readonly KeyBinding[];
  open: boolean;
  onOpenChange: (open: boolean) => void;
};

export function HelpSheet({ bindings, open, onOpenChange }: HelpSheetProps) {
  const areLettersOn = useLetterKeys();
  const groups = [...new Set(bindings.map((it) => it.group))];
  return (
    <Sheet
      open={open}
      onOpenChange={onOpenChange}
      title="Keys"
      description="They sleep while you type. Press Esc to leave the question field."
    >
      <label className="flex items-start gap-3 rounded-md bg-sunken px-4 py-3 text-sm">
        <input
          type="checkbox"
          checked={areLettersOn}
          onChange={(event) => setLetterKeys(event.target.checked)}
          className="mt-0.75 size-4 accent-accent"
        />
        <span>
          Letters, digits and signs are keys
          <span className="block text-xs text-ink-soft">
            Off: only Esc, Enter and the arrows are. This browser remembers it.
          </span>
        </span>
      </label>
      {groups.map((group) => (
        <section key={group} className="mt-5">
          <h3 className="text-xs font-medium text-ink-soft">{group}</h3>
          <dl className="mt-1 divide-y divide-line text-sm">
            {bindings
              .filter((it) => it.group === group)
              .map((binding) => (
                <Row key={binding.label} binding={binding} areLettersOn={areLettersOn} />
              ))}
          </dl>
        </section>
      ))}
    </Sheet>
  );
}

function Row({ binding, areLettersOn }: { binding: KeyBinding; areLettersOn: boolean }) {
  const { label, keys, shown } = binding;
  const usable = keys.filter((it) => areLettersOn || !isCharacter(it));
  return (
    <div className="flex items-center justify-between gap-4 py-2">
      <dt>{label}</dt>
      <dd className="flex shrink-0 gap-1">
        {usable.length === 0 ? (
          <span className="text-xs text-ink-soft">off</span>
        ) : (
          (shown ?? usable.map(keyName)).map((it) => <Kbd key={it}>{it}</Kbd>)
        )}
      </dd>
    </div>
  );
}
