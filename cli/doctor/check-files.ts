import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse as parseYaml } from "yaml";
import * as z from "zod";
import { findGraphEnds } from "@/lib/engine/encoder/graph-ends";
import { readServedKind } from "@/lib/engine/encoder/served-kind";
import { readModelFiles } from "@/lib/engine/onnx/model-files";
import { StartError } from "@/lib/util/start-error";
import { personalVariable } from "../chat/person";
import { plainLine } from "../text-table";
import { broken, type Check, ok, skipped, warning } from "./check";

/** What holds secrets, and who beside their owner may read it. */
export function checkSecrets(root: string, dataDir: string): Check[] {
  // Windows has no such modes.
  if (process.platform === "win32") return [skipped("secrets", "This system has other rights.")];
  const files = ["secrets.json", "running.json"].map((it) => join(dataDir, it));
  const paths = [...files, join(root, ".env")].filter((it) => existsSync(it));
  const open = paths.filter((it) => (statSync(it).mode & 0o077) !== 0);
  if (paths.length === 0) return [skipped("secrets", "None were made yet.")];
  if (open.length === 0) return [ok("secrets", "only their owner reads them")];
  return open.map((path) => {
    const mode = (statSync(path).mode & 0o777).toString(8);
    // The file of settings may hold none; those that we write always do.
    const tell = path.endsWith(".env") ? warning : broken;
    return tell(
      "secrets",
      `Others on this machine may read ${path} (${mode}).`,
      `chmod 600 ${path}`,
    );
  });
}

/** A model that a running worker has, by its name: the SHA-256 of the files that it loaded. */
export type ServedBuilds = ReadonlyMap<string, string>;

/** The model folders: whole, and those that workers have loaded. */
export async function checkModels(
  folders: readonly { name: string; path: string }[],
  parent: string,
  served: ServedBuilds,
): Promise<Check[]> {
  if (folders.length === 0) {
    const remedy = "Put a model folder there, or name another parent with PARLEY_MODELS.";
    return [warning("models", `No model folder is in ${parent}.`, remedy)];
  }
  const checks: Check[] = [];
  for (const folder of folders) checks.push(await checkModel(folder, served));
  return checks;
}

async function checkModel(
  { name, path }: { name: string; path: string },
  served: ServedBuilds,
): Promise<Check> {
  const title = `model ${plainLine(name)}`;
  try {
    if ((await readServedKind(path)) === "encoder") return ok(title, "an encoder");
    const { build, weightPath } = await readModelFiles(path);
    if ((await findGraphEnds(weightPath)) === undefined) {
      const remedy =
        "Copy the file again (a broken download is the usual cause), or export it anew.";
      return broken(title, `${weightPath} is no whole ONNX file.`, remedy);
    }
    const loaded = served.get(name);
    if (loaded !== undefined && loaded !== build) {
      const found = `Its files (${short(build)}) are not those that its worker loaded (${short(loaded)}).`;
      return warning(title, found, "Start the platform again, so that the worker reads them anew.");
    }
    const where = loaded === undefined ? "" : ", as its worker loaded it";
    return ok(title, `whole, SHA-256 ${short(build)}${where}`);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return broken(title, error.message, error.remedy);
  }
}

const short = (hash: string) => `${hash.slice(0, 12)}…`;

const variable = z.string().min(1);
/** Of an entry only what names variables; docs/how-to has the rest. */
const modelsFileSchema = z.object({
  models: z.array(
    z.object({
      name: z.string(),
      key: variable.optional(),
      accessKeyId: variable.optional(),
      secretAccessKey: variable.optional(),
      sessionToken: variable.optional(),
      /** Of a list of models at Hugging Face. */
      token: variable.optional(),
    }),
  ),
});

/** Whether the variables that a file of external models names are set; what they hold is nobody's business. */
export function checkProviderKeys(folders: readonly string[]): Check[] {
  const paths = [...new Set(folders.map((it) => resolve(it, "models.yaml")))];
  const path = paths.find((it) => existsSync(it));
  const name = "providers' keys";
  if (path === undefined) return [skipped(name, "There is no models.yaml.")];
  const parsed = modelsFileSchema.safeParse(parseOrUndefined(readFileSync(path, "utf8")));
  if (!parsed.success) {
    return [
      broken(name, `${path} has no list of models.`, "Write `models:` and entries below it."),
    ];
  }
  const missing = parsed.data.models.flatMap(({ name: model, ...variables }) =>
    Object.values(variables)
      .filter((it) => it !== undefined && personalVariable(it) === undefined)
      .map((it) => `${plainLine(String(it))} (for ${plainLine(model)})`),
  );
  if (missing.length === 0) return [ok(name, `all that ${path} names are set`)];
  const remedy = "Set them in the environment or in .env.";
  return [broken(name, `Not set: ${[...new Set(missing)].join(", ")}.`, remedy)];
}

/** What is no YAML at all is no list either. */
function parseOrUndefined(text: string): unknown {
  try {
    return parseYaml(text);
  } catch {
    return undefined;
  }
}
