import * as z from "zod";
import { chooseFamily } from "@/lib/adapters/choose-family";
import { findTemplate, isForPrompts } from "@/lib/adapters/templates";
import type { Reading } from "@/lib/models-file/read-entries";
import { type HostedModel, hostedModelSchema } from "./hosted-model";

/**
 * FastChat's `--model-info-file` (fastchat/serve/huggingface_api_worker.py), read as it is: names, each with the
 * address of a Text Generation Inference server and what it serves. FastChat writes every prompt itself and asks
 * for text to go on with; so is done here where the template is known, and else the server's own chats are asked.
 */

const infoSchema = z.looseObject({
  model_path: z.string(),
  api_base: z.string(),
  token: z.string().nullish(),
  context_length: z.number().int().min(1),
  /** Further names, in place of its own; FastChat takes a list, and a text with commas. */
  model_names: z.union([z.string(), z.array(z.string())]).nullish(),
  conv_template: z.string().nullish(),
});
type Info = z.infer<typeof infoSchema>;
const KNOWN = new Set(Object.keys(infoSchema.shape));

/** Of names → models, none of which our own file has. */
export function isModelInfo(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || "models" in value) {
    return false;
  }
  return Object.values(value).some(
    (it) => typeof it === "object" && it !== null && ("api_base" in it || "model_path" in it),
  );
}

export function readModelInfo(value: Record<string, unknown>): Reading<HostedModel> {
  const reading: Reading<HostedModel> = { entries: [], faults: [], warnings: [] };
  for (const [name, raw] of Object.entries(value)) {
    const parsed = infoSchema.safeParse(raw);
    if (parsed.success) {
      takeInfo(name, parsed.data, reading);
      continue;
    }
    for (const { path, message } of parsed.error.issues) {
      const key = path.join(".") || "the entry";
      // Keys of JSON are texts and numbers.
      const at = [name, ...(path as (string | number)[])];
      reading.faults.push({ path: at, message: `${key} of ${JSON.stringify(name)}: ${message}` });
    }
  }
  return reading;
}

function takeInfo(name: string, info: Info, reading: Reading<HostedModel>): void {
  const quoted = JSON.stringify(name);
  const { warnings, faults, entries } = reading;
  const unknown = Object.keys(info).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) warnings.push(`${unknown.join(", ")} of ${quoted} has no meaning here.`);
  const template = findTemplateName(name, info);
  if (info.conv_template != null && template === undefined) {
    const message = `${quoted}: there is no conversation template ${info.conv_template} that prompts are written with`;
    faults.push({ path: [name, "conv_template"], message });
    return;
  }
  const place = findPlace(info, template);
  if (place.warning !== undefined) warnings.push(`${quoted}: ${place.warning}`);
  for (const shown of namesOf(name, info)) {
    const parsed = hostedModelSchema.safeParse({
      ...{ name: shown, contextLength: info.context_length },
      ...place.entry,
    });
    if (!parsed.success) {
      for (const { path, message } of parsed.error.issues) {
        faults.push({ path: [name], message: `${quoted}: ${path.join(".")} ${message}` });
      }
      return;
    }
    entries.push({ entry: parsed.data, at: [name], ...(info.token && { key: info.token }) });
  }
  if (info.token) {
    warnings.push(
      `The token of ${quoted} stands in the file, for whoever reads it. Set a variable to it, and name that with \`token\` in a list of your own (docs/how-to/use-hugging-face-endpoints.md).`,
    );
  }
}

function namesOf(name: string, { model_names: names }: Info): readonly string[] {
  const list = typeof names === "string" ? names.split(",") : (names ?? []);
  const shown = list.map((it) => it.trim()).filter((it) => it !== "");
  return shown.length === 0 ? [name] : shown;
}

function findTemplateName(name: string, { conv_template: asked, model_path: path }: Info) {
  if (asked != null) {
    const found = findTemplate(asked);
    return found && isForPrompts(found) ? found.name : undefined;
  }
  return chooseFamily({ name: path || name }).template?.name;
}

/** Where the inference API was that FastChat's documentation names; what took its place is the router. */
const ENDED_HOST = "api-inference.huggingface.co";
const ROUTER_HOST = "router.huggingface.co";

type Place = { entry: Partial<z.input<typeof hostedModelSchema>>; warning?: string };

function findPlace(
  { api_base: base, model_path: path }: Info,
  template: string | undefined,
): Place {
  const address = base.replace(/\/+$/, "");
  const host = URL.canParse(address) ? new URL(address).hostname : "";
  if (host === ENDED_HOST || host === ROUTER_HOST) {
    const entry = {
      model: path,
      provider: host === ROUTER_HOST ? "hf-inference" : "auto",
    } as const;
    if (host === ROUTER_HOST) return { entry };
    const warning =
      "the inference API at that address has ended; the hub's providers are asked in its place, by their chats.";
    return { entry, warning };
  }
  // There, too, the one stands behind the other; a server of one's own has an empty path.
  const endpoint = path === "" ? address : `${address}/${path}`;
  const model = path === "" ? {} : { model: path };
  if (template !== undefined) {
    return { entry: { ...model, endpoint, api: "generate", template } };
  }
  const warning =
    "its conversation template is not known, so that its server's own chats are asked; conv_template names one.";
  return { entry: { ...model, endpoint, api: "chat", server: "tgi" }, warning };
}
