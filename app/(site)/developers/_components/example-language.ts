"use client";

import { useSyncExternalStore } from "react";
import { LANGUAGES, type Language } from "../_examples/example";

/** The language that all examples are shown in; the choice lives in this browser. */
const KEY = "parley-example-language";
const listeners = new Set<() => void>();
let chosen: Language | undefined;

function read(): Language {
  chosen ??= LANGUAGES.find((it) => it === readKept()) ?? "curl";
  return chosen;
}

function readKept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // A browser that keeps nothing shows the first language.
    return null;
  }
}

function choose(language: Language): void {
  chosen = language;
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Then it holds for this page alone.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useExampleLanguage(): [Language, (language: Language) => void] {
  return [useSyncExternalStore(subscribe, read, () => "curl"), choose];
}
