import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { type ModelDescription, modelDescriptionSchema } from "@/lib/protocol/worker-card";

/**
 * The model card as the hub writes it: README.md with YAML between two lines of dashes. `license` is
 * the hub's own field, `parley` ours (see models/ for three that are complete).
 */
const FRONT_MATTER = /^---\r?\n([\s\S]*?)\r?\n---(?:\r?\n|$)/;

const cardSchema = z.looseObject({
  license: z.string().nullish(),
  parley: z.looseObject({}).nullish(),
});

/** A card never keeps a model from being served: what cannot be read is left out, with a warning. */
export async function readModelDescription(
  folder: string,
  weightForm: string,
): Promise<{ description: ModelDescription; warnings: string[] }> {
  const bare = modelDescriptionSchema.parse({ weightForm });
  // A folder without a card is an ordinary one.
  const text = await readFile(join(folder, "README.md"), "utf8").catch(() => undefined);
  const frontMatter = text === undefined ? undefined : FRONT_MATTER.exec(text)?.[1];
  if (frontMatter === undefined) return { description: bare, warnings: [] };
  try {
    const card = cardSchema.parse(parse(frontMatter));
    const licence = card.license ?? undefined;
    const description = modelDescriptionSchema.parse({ weightForm, ...card.parley, licence });
    return { description, warnings: [] };
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { description: bare, warnings: [`README.md: its front matter is left out. ${reason}`] };
  }
}
