import localFont from "next/font/local";

// The files come from npm and are served by us; Next adds a fall-back with the same metrics to each,
// so the text does not jump when the font arrives.

export const instrumentSans = localFont({
  src: "../node_modules/@fontsource-variable/instrument-sans/files/instrument-sans-latin-wght-normal.woff2",
  variable: "--font-instrument-sans",
  weight: "400 700",
  display: "swap",
  adjustFontFallback: "Arial",
});

/** Only where an answer stresses a word, so it is not preloaded. */
export const instrumentSansItalic = localFont({
  src: "../node_modules/@fontsource-variable/instrument-sans/files/instrument-sans-latin-wght-italic.woff2",
  variable: "--font-instrument-sans-italic",
  weight: "400 700",
  style: "italic",
  display: "swap",
  preload: false,
});

export const newsreader = localFont({
  src: "../node_modules/@fontsource-variable/newsreader/files/newsreader-latin-wght-normal.woff2",
  variable: "--font-newsreader",
  weight: "200 800",
  display: "swap",
  adjustFontFallback: "Times New Roman",
});

export const geistMono = localFont({
  src: "../node_modules/@fontsource-variable/geist-mono/files/geist-mono-latin-wght-normal.woff2",
  variable: "--font-geist-mono",
  weight: "100 900",
  display: "swap",
  preload: false,
});
