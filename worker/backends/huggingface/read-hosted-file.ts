import { readVariable } from "@/lib/env";
import { HUBS } from "@/lib/hub/hubs";
import { fitsHeader } from "@/lib/models-file/fits-header";
import {
  openDocument,
  type Reading,
  readList,
  withoutDoubles,
} from "@/lib/models-file/read-entries";
import { type HostedEntry, type HostedModel, hostedModelSchema } from "./hosted-model";
import { isModelInfo, readModelInfo } from "./read-model-info";

export const HOW_TO = "docs/how-to/use-hugging-face-endpoints.md";

type Variable = (name: string) => string | undefined;

/**
 * A file of models at Hugging Face: our own list (YAML, which JSON is, too), or FastChat's `--model-info-file` as
 * it is.
 *
 * @param variable what a variable holds; the environment's and .env's where nobody says otherwise
 * @throws StartError naming each fault by line, entry and remedy.
 */
export function readHostedFile(
  path: string,
  variable: Variable = readVariable,
): { models: HostedEntry[]; warnings: string[] } {
  const document = openDocument(path, HOW_TO);
  const value = document.value();
  const reading: Reading<HostedModel> = isModelInfo(value)
    ? readModelInfo(value)
    : readList(value, document, hostedModelSchema);
  for (const { path: at, message } of reading.faults) document.fault(at, message);
  const models: HostedEntry[] = [];
  for (const { entry, at, key } of withoutDoubles(reading.entries, document)) {
    const found = key === undefined ? findToken(entry, variable) : heldInFile(entry, key);
    if (typeof found === "string") document.fault(at, found);
    else models.push({ model: entry, token: found.token });
  }
  document.throwFaults();
  return { models, warnings: reading.warnings };
}

function heldInFile({ name }: HostedModel, token: string): { token: string } | string {
  if (fitsHeader(token)) return { token };
  return `the token of ${JSON.stringify(name)} holds what no header can`;
}

const OF_HUGGING_FACE = /(?:^|\.)(?:huggingface\.co|huggingface\.cloud|hf\.co)$/i;

/**
 * What a variable holds for a model: the one that it names, else the hub's own, which no other address is sent.
 * Or a sentence about what is missing, without an end.
 */
export function findToken(
  { name, token, endpoint, provider = "auto" }: HostedModel,
  variable: Variable,
): { token: string | undefined } | string {
  const isOwn = endpoint !== undefined && !OF_HUGGING_FACE.test(new URL(endpoint).hostname);
  const { tokens } = HUBS.huggingface;
  const names = token === undefined ? (isOwn ? [] : tokens) : [token];
  const found = names.map((it) => variable(it)?.trim()).find((it) => it !== undefined && it !== "");
  const whose = JSON.stringify(name);
  if (found !== undefined && !fitsHeader(found)) {
    return `the token of ${whose} holds what no header can; look for a line break or a letter beyond ASCII in its variable`;
  }
  if (token !== undefined && found === undefined) {
    return `token of ${whose} names the variable ${token}, which is not set; set it, or name another`;
  }
  if (endpoint !== undefined) return { token: found };
  if (found === undefined) {
    return `there is no token for ${whose}: set ${tokens[0]}, or name another variable with \`token\``;
  }
  if (provider === "auto" && !found.startsWith("hf_")) {
    return `the token of ${whose} is none of Hugging Face's (hf_…), which the hub's router wants; name the provider that it is of with \`provider\``;
  }
  return { token: found };
}
