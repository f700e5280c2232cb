/** Images for tests: the least that each format's readers take for one. */
const PIXELS = {
  "image/png":
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p+8u3wAAAABJRU5ErkJggg==",
  "image/gif": "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=",
} as const;

export const PNG = PIXELS["image/png"];
export const GIF = PIXELS["image/gif"];
