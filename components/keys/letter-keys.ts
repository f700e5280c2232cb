"use client";

import { useSyncExternalStore } from "react";

/**
 * Whether a single letter, digit or sign is a key of a page. Somebody who speaks to the computer, or
 * whose hand brushes the keyboard, has to be able to switch them off (WCAG 2.1.4); keys that write
 * nothing, as Escape and the arrows, stay.
 */
const STORAGE_KEY = "parley-letter-keys";

const listeners = new Set<() => void>();
/** Where storage is switched off the choice holds for this page only. */
let isOffHere: boolean | undefined;

function read(): boolean {
  if (isOffHere !== undefined) return !isOffHere;
  try {
    return localStorage.getItem(STORAGE_KEY) !== "off";
  } catch {
    return true;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  const onStorage = () => {
    isOffHere = undefined;
    listener();
  };
  window.addEventListener("storage", onStorage);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", onStorage);
  };
}

export function setLetterKeys(areOn: boolean): void {
  isOffHere = !areOn;
  try {
    if (areOn) localStorage.removeItem(STORAGE_KEY);
    else localStorage.setItem(STORAGE_KEY, "off");
  } catch {
    // Said above.
  }
  for (const listener of listeners) listener();
}

export function useLetterKeys(): boolean {
  return useSyncExternalStore(subscribe, read, () => true);
}
