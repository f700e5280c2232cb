import type { ModelFeature } from "@/lib/protocol/worker-card";

export const LANGUAGES = ["curl", "python", "typescript"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Code = Record<Language, string>;

/** What examples are written for: this server, and a model that can do what they ask. */
export type Place = { origin: string; model: string };

/**
 * One example in every language. They are programs, whole as they stand: e2e/developers.e2e.ts runs what
 * the page shows.
 */
export type Example = {
  id: string;
  /** What the model has to be able to do. */
  feature: ModelFeature;
  code: (place: Place) => Code;
};

export function pythonHead({ origin }: Place): string {
  return `import os
from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key=os.environ.get("PARLEY_API_KEY", "none"))`;
}

export function typescriptHead({ origin }: Place): string {
  return `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${origin}/v1",
  apiKey: process.env.PARLEY_API_KEY ?? "none",
});`;
}

/** A POST of JSON, as typed into a shell. Quotes in bodies are double ones only. */
export function curl({ origin }: Place, path: string, body: string, flags = ""): string {
  return `curl ${flags}${origin}${path} \\
  -H "Authorization: Bearer $PARLEY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${body}'`;
}
