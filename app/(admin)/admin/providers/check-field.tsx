export type CheckFieldProps = {
  label: string;
  note?: string;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
};

/** Yes or no, in a form of this page. */
export function CheckField({ label, note, isChecked, onChange }: CheckFieldProps) {
  return (
    <label className="flex items-baseline gap-3 py-1.5 text-sm pointer-coarse:py-3">
      <input
        type="checkbox"
        checked={isChecked}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 translate-y-0.5 accent-accent"
      />
      <span>
        {label}
        {note === undefined ? null : <span className="block text-ink-soft">{note}</span>}
      </span>
    </label>
  );
}
