"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { useEffect, useState } from "react";
import { THEME_KEY, type Theme, toTheme } from "./theme";
import { Button } from "./ui/button";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: Monitor, light: Sun, dark: Moon };
const NAMES = { system: "as the system", light: "light", dark: "dark" };

export function ThemeToggle() {
  // The server cannot know the choice; the icon follows after hydration, the colours were right before.
  const [theme, setTheme] = useState<Theme>("system");
  useEffect(() => setTheme(toTheme(document.documentElement.dataset.theme)), []);

  function choose(next: Theme) {
    setTheme(next);
    const { dataset } = document.documentElement;
    if (next === "system") delete dataset.theme;
    else dataset.theme = next;
    try {
      if (next === "system") localStorage.removeItem(THEME_KEY);
      else localStorage.setItem(THEME_KEY, next);
    } catch {
      // Storage is switched off: the choice holds for this page only.
    }
  }

  const Icon = ICONS[theme];
  return (
    <Button
      variant="quiet"
      size="icon"
      onClick={() => choose(NEXT[theme])}
      aria-label={`Theme: ${NAMES[theme]}. Change to ${NAMES[NEXT[theme]]}`}
      title={`Theme: ${NAMES[theme]}`}
    >
      <Icon size={18} strokeWidth={1.5} aria-hidden="true" />
    </Button>
  );
}
