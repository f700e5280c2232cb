import type { PersonalKind, SharePreview } from "@/lib/protocol/share";
import { countOf } from "../format";

const WORDS: Record<PersonalKind, readonly [one: string, many: string]> = {
  email: ["e-mail address", "e-mail addresses"],
  phone: ["phone number", "phone numbers"],
  iban: ["bank account", "bank accounts"],
  card: ["card number", "card numbers"],
  ssn: ["social security number", "social security numbers"],
  "ip-address": ["IP address", "IP addresses"],
  key: ["key", "keys"],
  secret: ["secret", "secrets"],
};

/** "1 e-mail address and 2 keys"; null: nothing was found. */
export function toRemovedWords(removed: SharePreview["removed"]): string | null {
  const parts = removed.map(({ kind, count }) => countOf(count, ...WORDS[kind]));
  const last = parts.pop();
  if (last === undefined) return null;
  return parts.length === 0 ? last : `${parts.join(", ")} and ${last}`;
}
