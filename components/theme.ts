/** The theme: what the system says unless the reader chose; the choice lives in this browser. */
export const THEME_KEY = "parley-theme";

export type Theme = "system" | "light" | "dark";

export function toTheme(value: string | null | undefined): Theme {
  return value === "light" || value === "dark" ? value : "system";
}

/** Runs in the head before the first paint, so a chosen theme never flashes the other one. */
export const THEME_SCRIPT = `try{var t=localStorage.getItem("${THEME_KEY}");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch(e){}`;
