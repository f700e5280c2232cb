import type { Credentials, ModelEntry } from "@/lib/protocol/model-entry";
import { CREDENTIAL_KEYS, PROVIDERS } from "@/lib/protocol/provider-table";
import { fitsHeader } from "./fits-header";

/**
 * What variables hold for an entry: those that it names, else those that its provider is known by. Or a
 * sentence about what is missing, without an end.
 */
export function findCredentials(
  entry: ModelEntry,
  variable: (name: string) => string | undefined,
): Credentials | string {
  const { variables, needsKey, place } = PROVIDERS[entry.provider];
  const found: Credentials = {};
  for (const name of CREDENTIAL_KEYS) {
    const word = entry[name] ?? variables[name];
    if (word === undefined) continue;
    const value = variable(word)?.trim() || undefined;
    if (value !== undefined) {
      if (!fitsHeader(value)) {
        return `${name} of ${JSON.stringify(entry.name)} names the variable ${word}, which holds what no header can; look for a line break or a letter beyond ASCII in it`;
      }
      found[name] = value;
    } else if (entry[name] !== undefined) {
      return `${name} of ${JSON.stringify(entry.name)} names the variable ${word}, which is not set; set it, or name another`;
    }
  }
  const isPair = found.accessKeyId !== undefined && found.secretAccessKey !== undefined;
  if (found.key !== undefined || isPair || !needsKey) return found;
  const own = place.optional.includes("accessKeyId")
    ? `${variables.key}, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`
    : variables.key;
  return `there is no key for ${JSON.stringify(entry.name)}: set ${own}, or name another variable with \`key\``;
}
