import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Faces of the pages in the one form that the renderer of pictures reads; from npm, as those (app/fonts.ts). */
const FACES = [
  { name: "Newsreader", file: "newsreader/files/newsreader-latin-500-normal.woff" },
  { name: "Newsreader Extended", file: "newsreader/files/newsreader-latin-ext-500-normal.woff" },
  { name: "Instrument Sans", file: "instrument-sans/files/instrument-sans-latin-400-normal.woff" },
  {
    name: "Instrument Sans Extended",
    file: "instrument-sans/files/instrument-sans-latin-ext-400-normal.woff",
  },
];

type Face = { name: string; data: Buffer; weight: 400; style: "normal" };

let reading: Promise<Face[]> | undefined;

/** Read once. The server runs in the folder of its checkout (server.ts). */
export function readFaces(): Promise<Face[]> {
  reading ??= Promise.all(
    FACES.map(async ({ name, file }) => ({
      ...{ name, weight: 400 as const, style: "normal" as const },
      data: await readFile(join(process.cwd(), "node_modules/@fontsource", file)),
    })),
  ).catch((error: unknown) => {
    reading = undefined;
    throw error;
  });
  return reading;
}
