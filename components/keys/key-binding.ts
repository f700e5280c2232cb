/** What a key does on a page, and how the help sheet tells of it. */
export type KeyBinding = {
  /** The heading under which the sheet lists it. */
  group: string;
  label: string;
  /** As `KeyboardEvent.key` has them, letters in lower case. */
  keys: readonly string[];
  /** As the sheet prints them, where that is not the key itself. */
  shown?: readonly string[];
  /** Absent: another part of the page hears it, and the sheet only tells of it. Null: not now. */
  run?: (() => void) | null;
  /** Also while one types. */
  isAlways?: boolean;
};

export type KeyPress = {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
};

/** A key that would write something in a field. */
export const isCharacter = (key: string) => [...key].length === 1;

/**
 * Whose turn it is when a key is pressed. Keys sleep while one types, except those that are meant for it;
 * a held key and a browser's own shortcut mean nothing; characters can be switched off.
 */
export function findBinding(
  press: KeyPress,
  bindings: readonly KeyBinding[],
  { isTyping, areLettersOn }: { isTyping: boolean; areLettersOn: boolean },
): KeyBinding | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat) return null;
  const key = isCharacter(press.key) ? press.key.toLowerCase() : press.key;
  if (isCharacter(key) && !areLettersOn) return null;
  const found = bindings.find(
    (it) => it.run && it.keys.includes(key) && (!isTyping || it.isAlways),
  );
  return found ?? null;
}

const NAMES: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  Enter: "↵",
};

/** "n" → "N", "ArrowLeft" → "←". */
export function keyName(key: string): string {
  return NAMES[key] ?? key.toUpperCase();
}
