"use client";

import type { ReactElement } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";

/**
 * A drawing as a file of its own. It is drawn anew, off the page, at one width and in the light scheme, so
 * that the file is the same from a phone and from a desk; then everything that it takes from style sheets is
 * written into it, in colours that every program knows.
 */

/** Pixels; what a text column of a paper or a slide takes well. */
export const PICTURE_WIDTH = 960;
const MARGIN = 32;
const HEAD_HEIGHT = 56;
const FOOT_HEIGHT = 36;
/** Dots of a PNG for one pixel. */
const PNG_SCALE = 2;
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

const COLORS = ["fill", "stroke"] as const;
const KEPT = [
  ...(["stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin"] as const),
  ...(["fill-opacity", "stroke-opacity", "opacity", "font-size", "font-weight"] as const),
  ...(["text-anchor", "dominant-baseline", "paint-order"] as const),
] as const;
/** What a shape has without being told. */
const PLAIN: Record<string, string> = {
  ...{ "stroke-dasharray": "none", "stroke-linecap": "butt", "stroke-linejoin": "miter" },
  ...{ "fill-opacity": "1", "stroke-opacity": "1", opacity: "1", "text-anchor": "start" },
  ...{ "dominant-baseline": "auto", "stroke-width": "1px", "font-weight": "400" },
  "paint-order": "normal",
};
const FACES = {
  mono: "'Geist Mono', ui-monospace, 'DejaVu Sans Mono', monospace",
  sans: "'Instrument Sans', system-ui, 'Helvetica Neue', Arial, sans-serif",
};

export type PictureOptions = {
  drawing: ReactElement;
  title: string;
  /** Which board and when: a picture travels without its page. */
  source: string;
};

/** The text of an SVG file. */
export function toSvgFile(options: PictureOptions): string {
  return inLightScheme(() => drawFile(options));
}

/**
 * The whole page is light while `draw` runs, and as it was before anything is painted: colours are made at the
 * root, where a scheme of a part of the page does not reach them.
 */
function inLightScheme<T>(draw: () => T): T {
  const root = document.documentElement;
  const before = root.dataset.theme;
  // What changes its colour slowly would begin to.
  const still = document.createElement("style");
  still.textContent = "*, ::before, ::after { transition: none !important }";
  document.head.append(still);
  root.dataset.theme = "light";
  try {
    return draw();
  } finally {
    if (before === undefined) delete root.dataset.theme;
    else root.dataset.theme = before;
    // Styles are read once more while nothing moves.
    getComputedStyle(document.body).getPropertyValue("color");
    still.remove();
  }
}

function drawFile({ drawing, title, source }: PictureOptions): string {
  const host = document.createElement("div");
  host.style.cssText = "position:fixed;left:-20000px;top:0;";
  document.body.append(host);
  const root = createRoot(host);
  try {
    flushSync(() => root.render(drawing));
    const original = host.querySelector("svg");
    if (!original) throw new Error("The drawing has no picture.");
    const inside = original.cloneNode(true);
    if (!(inside instanceof SVGSVGElement)) throw new Error("The copy is no picture.");
    const toColor = colorReader(host);
    writeStyles(original, inside, toColor);
    return frame({ inside, title, source, toColor });
  } finally {
    root.unmount();
    host.remove();
  }
}

export async function toPngFile(svg: string): Promise<Blob> {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth * PNG_SCALE;
    canvas.height = image.naturalHeight * PNG_SCALE;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This browser draws no pictures.");
    context.scale(PNG_SCALE, PNG_SCALE);
    context.drawImage(image, 0, 0);
    return await new Promise((settle, fail) =>
      canvas.toBlob((blob) => (blob ? settle(blob) : fail(new Error("The picture is too large.")))),
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}

type ColorReader = (css: string) => string;

/** Any colour that CSS knows as #rrggbb, through the one program here that knows them all: a canvas. */
function colorReader(host: HTMLElement): ColorReader {
  const known = new Map<string, string>();
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const probe = document.createElement("span");
  host.append(probe);
  return (css) => {
    const before = known.get(css);
    if (before !== undefined || !context) return before ?? css;
    probe.style.color = css;
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = getComputedStyle(probe).color;
    context.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
    const hex = [red, green, blue].map((it) => it.toString(16).padStart(2, "0")).join("");
    const color = alpha === 0 ? "none" : `#${hex}`;
    known.set(css, color);
    return color;
  };
}

function writeStyles(original: Element, copy: Element, toColor: ColorReader): void {
  const style = getComputedStyle(original);
  const isText = original instanceof SVGTextContentElement;
  for (const name of COLORS) {
    const value = style.getPropertyValue(name);
    copy.setAttribute(name, value === "none" ? "none" : toColor(value));
  }
  for (const name of KEPT) {
    const value = style.getPropertyValue(name);
    const isFont = name.startsWith("font") || name === "text-anchor";
    if (value === "" || value === PLAIN[name] || (isFont && !isText)) continue;
    copy.setAttribute(name, value);
  }
  if (isText) {
    copy.setAttribute("font-family", /mono/i.test(style.fontFamily) ? FACES.mono : FACES.sans);
  }
  for (const name of ["class", "style", "aria-hidden", "focusable"]) copy.removeAttribute(name);
  for (const [index, child] of [...original.children].entries()) {
    const twin = copy.children[index];
    if (twin) writeStyles(child, twin, toColor);
  }
}

type FrameOptions = Omit<PictureOptions, "drawing"> & {
  inside: SVGSVGElement;
  toColor: ColorReader;
};

function frame({ inside, title, source, toColor }: FrameOptions): string {
  const width = inside.width.baseVal.value + 2 * MARGIN;
  const height = inside.height.baseVal.value + HEAD_HEIGHT + FOOT_HEIGHT + MARGIN;
  const picture = document.createElementNS(SVG_NAMESPACE, "svg");
  const add = (name: string, attributes: Record<string, string | number>, text = "") => {
    const element = document.createElementNS(SVG_NAMESPACE, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.textContent = text;
    picture.append(element);
  };
  picture.setAttribute("width", String(width));
  picture.setAttribute("height", String(height));
  picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  picture.setAttribute("role", "img");
  add("title", {}, title);
  add("rect", { width, height, fill: toColor("var(--color-paper)") });
  const ink = { fill: toColor("var(--color-ink)"), "font-family": FACES.sans };
  const soft = { fill: toColor("var(--color-ink-soft)"), "font-family": FACES.sans };
  add("text", { ...ink, x: MARGIN, y: MARGIN + 8, "font-size": 20, "font-weight": 600 }, title);
  add("text", { ...soft, x: MARGIN, y: height - 20, "font-size": 12 }, source);
  inside.setAttribute("x", String(MARGIN));
  inside.setAttribute("y", String(HEAD_HEIGHT));
  picture.append(inside);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(picture)}\n`;
}
