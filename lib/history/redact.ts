import { isIPv6 } from "node:net";
import { PERSONAL_KINDS, type PersonalKind } from "@/lib/protocol/share";
import { cardLength, ibanLength } from "./check-digits";
import { looksRandom } from "./looks-random";

/**
 * Takes personal data out of a text that is about to be published, and puts a word in brackets in its
 * place. Pure, and linear in the text's length: every expression is bounded, and none nests what repeats.
 * It errs towards leaving code, dates, versions and sums alone; what cannot be told by its form (a name, a
 * street) stays.
 */
export type Redacted = { text: string; counts: Partial<Record<PersonalKind, number>> };

const WORDS: Record<PersonalKind, string> = {
  email: "[e-mail address removed]",
  phone: "[phone number removed]",
  iban: "[bank account removed]",
  card: "[card number removed]",
  ssn: "[social security number removed]",
  "ip-address": "[IP address removed]",
  key: "[key removed]",
  secret: "[secret removed]",
};

type Rule = {
  kind: PersonalKind;
  find: RegExp;
  /**
   * What of it is meant, as its first character and the one after its last; null: it is something else, and
   * the search goes on one character later. Absent: all of it.
   */
  pick?: (found: string, before: string) => readonly [number, number] | null;
};

/** A rule's `pick` for what is meant whole or not at all. */
const whole = (isMeant: (found: string, before: string) => boolean): NonNullable<Rule["pick"]> => {
  return (found, before) => (isMeant(found, before) ? [0, found.length] : null);
};
/** And for what begins with something of a length that it tells itself; 0: it does not. */
const head = (lengthOf: (found: string) => number): NonNullable<Rule["pick"]> => {
  return (found) => {
    const length = lengthOf(found);
    return length > 0 ? [0, length] : null;
  };
};

const CONTEXT_CHARACTERS = 32;

/** Keys of common services by their prefixes, as those document them or as secret scanners list them. */
const KEYS = [
  "sk-[A-Za-z0-9_-]{16,256}",
  "(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,128}",
  "whsec_[A-Za-z0-9]{16,128}",
  "(?:AKIA|ASIA|AGPA|AROA)[A-Z0-9]{16}",
  "gh[opusr]_[A-Za-z0-9]{30,255}",
  "github_pat_[A-Za-z0-9_]{22,255}",
  "glpat-[A-Za-z0-9_-]{20,64}",
  "xox[abeoprs]-[A-Za-z0-9-]{10,256}",
  "xapp-[A-Za-z0-9-]{10,256}",
  "AIza[A-Za-z0-9_-]{35}",
  "ya29\\.[A-Za-z0-9_-]{20,512}",
  "(?:hf|npm|gsk|r8|dop_v1|shpat|lin_api|parley)_[A-Za-z0-9_-]{20,256}",
  "(?:pk|wt)-parley-[A-Za-z0-9_-]{16,128}",
  "(?:xai|tvly|pplx|nvapi|pypi)-[A-Za-z0-9_-]{20,256}",
  "SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,64}",
  "[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
  "eyJ[A-Za-z0-9_-]{8,4096}\\.eyJ[A-Za-z0-9_-]{8,4096}\\.[A-Za-z0-9_-]{8,1024}",
].join("|");

/** Words after which a number is one to call. */
const CALLS =
  "phone|mobile|telephone|tel|cell|fax|whatsapp|sms|call me|text me|telefon|handy|mobil|téléphone|portable|teléfono|móvil|telefono|cellulare";

/** One after the other: what an earlier one took is no longer there for the next. */
const RULES: readonly Rule[] = [
  {
    kind: "key",
    find: new RegExp(`(?<![A-Za-z0-9_-])(?:${KEYS})(?![A-Za-z0-9])`, "g"),
    // Drawn by chance, so there is a digit among so many; a hyphenated name has none.
    pick: whole((found) => /\d/.test(found) || found.startsWith("A")),
  },
  {
    // https://name:password@host
    kind: "secret",
    find: /(?<=:\/\/)[^\s:/@]{1,128}:[^\s:/@]{1,256}(?=@[A-Za-z0-9[])/g,
  },
  {
    kind: "secret",
    find: /(?<![A-Za-z0-9])(?:bearer|basic)\s{1,2}[A-Za-z0-9._~+/=-]{16,4096}/gi,
    pick: whole((found) => /\d/.test(found)),
  },
  {
    kind: "secret",
    find: /(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|kennwort|passwort|contraseña|mot de passe)["'`]?\s{0,3}(?::|=|\bis\b|\bist\b|\best\b|\bes\b)\s{0,3}["'`]?[^\s"'`,;<>()[\]{}]{8,512}/giu,
    pick: pickPassword,
  },
  {
    kind: "email",
    find: /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}_%+-][\p{L}\p{N}._%+'-]{0,63}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}[\p{L}\p{N}-]{1,62}/gu,
    // The address by which Git is spoken to is nobody's.
    pick: whole((found) => !found.startsWith("git@")),
  },
  {
    kind: "email",
    find: /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64} {0,2}[([{] {0,2}at {0,2}[)\]}] {0,2}[A-Za-z0-9-]{1,63}(?: {0,2}[([{] {0,2}dot {0,2}[)\]}] {0,2}[A-Za-z0-9-]{1,63}|\.[A-Za-z0-9-]{1,63}){1,4}/gi,
  },
  {
    kind: "iban",
    find: /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}/g,
    pick: head(ibanLength),
  },
  {
    kind: "card",
    find: /(?<![\d.,])\d(?:[ -]?\d){12,18}(?![.,]?\d)/g,
    pick: head(cardLength),
  },
  {
    kind: "card",
    find: /(?<![\d.,])(?:\d{4}\.){3}\d{1,7}(?![.,]?\d)/g,
    pick: head(cardLength),
  },
  {
    kind: "ssn",
    find: /(?<![\w.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g,
  },
  {
    kind: "phone",
    find: /(?<![\p{L}\p{N}+.])(?:\+|00(?=[1-9]\d{1,2}[ /-]))[1-9](?:[ ./()-]{0,3}\d){6,16}(?![\d%])/gu,
    pick: whole(isInternational),
  },
  {
    kind: "phone",
    find: /(?<![\w.+*/=-])(?:1[-. ])?(?:\(\d{3}\)[ -]?|\d{3}-|[2-9]\d{2}\.)\d{3}[-. ]\d{4}(?![\w-]|\.\d)/g,
  },
  {
    // With the zero that stands before an area within a country.
    kind: "phone",
    find: /(?<![\p{L}\p{N}.,:+*/=-])\(?0[1-9]\d{0,4}\)?(?:[ /-]{1,2}\d{2,8}){1,4}(?![\p{L}\p{N}:]|[.,]\d)/gu,
    pick: whole(isNational),
  },
  {
    kind: "phone",
    find: new RegExp(
      `(?<=(?:${CALLS})(?: (?:number|nummer|no|is|at|on|ist|es|est)){0,2}[ .:=#]{1,3})\\(?\\d(?:[ ./()-]{0,2}\\d){5,14}(?![\\d%])`,
      "giu",
    ),
  },
  {
    kind: "ip-address",
    find: /(?<![\w.:-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\w)/g,
    pick: whole(isOutsideAddress),
  },
  {
    kind: "ip-address",
    find: /(?<![\w.:])[0-9a-f]{4}:[0-9a-f:]{2,36}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])/gi,
    // Global unicast (RFC 4291) but for documentation's (RFC 3849): all others are places of one's own.
    pick: whole((found) => isIPv6(found) && /^[23]/.test(found) && !/^2001:0?db8:/i.test(found)),
  },
  {
    kind: "secret",
    find: /(?<![A-Za-z0-9+/_-])(?:0x)?[0-9a-fA-F]{32,}(?![A-Za-z0-9+/_-])/g,
    pick: whole(isSecret),
  },
  {
    kind: "secret",
    find: /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}={0,2}/g,
    pick: whole(isSecret),
  },
];

/** @returns the text without personal data, and how much of each kind was taken out. */
export function redact(text: string): Redacted {
  const counts: Redacted["counts"] = {};
  const shown = withoutKeyBlocks(text.replaceAll(INVISIBLE, ""), counts);
  let current: Both = { shown, plain: toPlain(shown) };
  for (const rule of RULES) current = apply(rule, current, counts);
  return { text: current.shown, counts };
}

/** Soft hyphens, blanks and joins of no width: they hide a number from a search and show nothing. */
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff]/g;

/** A text as it is shown, and the same with plain blanks, hyphens and letters, character for character. */
type Both = { shown: string; plain: string };

/** Numbers are pasted from pages with other blanks and dashes than keys write; expressions name the plain ones. */
function toPlain(text: string): string {
  return text
    .replaceAll(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, " ")
    .replaceAll(/[\u2010-\u2015\u2212]/g, "-")
    .replaceAll(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}

/** Adds up what several texts held. */
export function addCounts(all: readonly Redacted["counts"][]): Redacted["counts"] {
  const sum: Redacted["counts"] = {};
  for (const kind of PERSONAL_KINDS) {
    const count = all.reduce((total, it) => total + (it[kind] ?? 0), 0);
    if (count > 0) sum[kind] = count;
  }
  return sum;
}

function apply(
  { kind, find, pick }: Rule,
  { shown, plain }: Both,
  counts: Redacted["counts"],
): Both {
  const result: Both = { shown: "", plain: "" };
  let from = 0;
  find.lastIndex = 0;
  for (let match = find.exec(plain); match !== null; match = find.exec(plain)) {
    const [found] = match;
    const before = plain.slice(Math.max(0, match.index - CONTEXT_CHARACTERS), match.index);
    const picked = pick ? pick(found, before) : ([0, found.length] as const);
    if (picked === null) {
      find.lastIndex = match.index + 1;
      continue;
    }
    const [start, end] = picked;
    result.shown += shown.slice(from, match.index + start) + WORDS[kind];
    result.plain += plain.slice(from, match.index + start) + WORDS[kind];
    from = match.index + end;
    find.lastIndex = from;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return { shown: result.shown + shown.slice(from), plain: result.plain + plain.slice(from) };
}

const KEY_BEGIN = "-----BEGIN ";
const KEY_END = "-----END ";
/** A key of 16,384 bits is 13 kB. */
const KEY_CHARACTERS_MAX = 16_384;

/** Private keys in PEM, whole; one that is cut off, as far as it goes. */
function withoutKeyBlocks(text: string, counts: Redacted["counts"]): string {
  let result = "";
  let from = 0;
  let endAt = -1;
  for (let at = text.indexOf(KEY_BEGIN); at >= 0; at = text.indexOf(KEY_BEGIN, from)) {
    const title = text.slice(at + KEY_BEGIN.length, at + KEY_BEGIN.length + 64);
    const isPrivate = /^[A-Z0-9 ]{0,32}PRIVATE KEY/.test(title);
    // Looked for once for all beginnings before it.
    if (endAt >= 0 && endAt < at) endAt = text.indexOf(KEY_END, at);
    else if (endAt < 0 && from === 0) endAt = text.indexOf(KEY_END, at);
    const stop = toStop(text, at, endAt) + (isPrivate ? cutKeyLength(text, at, endAt) : 0);
    result += text.slice(from, at) + (isPrivate ? WORDS.key : text.slice(at, stop));
    if (isPrivate) counts.key = (counts.key ?? 0) + 1;
    from = stop;
  }
  return result + text.slice(from);
}

const CUT_KEY =
  /^[A-Z0-9 ]{0,64}-{0,5}(?: ?[A-Za-z0-9+/=]{16,})?(?:\r?\n[A-Za-z0-9+/=]{1,128}(?=\r?\n|$))*/;

/** Of a private key without an end: the rest of its first line, and lines of nothing but its letters. */
function cutKeyLength(text: string, at: number, endAt: number): number {
  if (hasEnd(at, endAt)) return 0;
  const start = at + KEY_BEGIN.length;
  const rest = text.slice(start, start + KEY_CHARACTERS_MAX);
  return CUT_KEY.exec(rest)?.[0].length ?? 0;
}

const hasEnd = (at: number, endAt: number): boolean =>
  endAt >= at && endAt - at <= KEY_CHARACTERS_MAX;

function toStop(text: string, at: number, endAt: number): number {
  if (!hasEnd(at, endAt)) {
    return Math.min(text.length, at + KEY_BEGIN.length);
  }
  const line = /^-----END [A-Z0-9 ]{0,64}-----/.exec(text.slice(endAt, endAt + 96));
  return endAt + (line?.[0].length ?? KEY_END.length);
}

const digitsOf = (text: string) => text.replace(/\D/g, "").length;

/** Nine to fifteen digits (E.164), not a sum and not one number with a sign. */
function isInternational(found: string, before: string): boolean {
  const digits = digitsOf(found);
  if (digits < 8 || digits > 17) return false;
  if (/^\+\d{1,3}\.\d+$/.test(found)) return false;
  return !/\d ?$/.test(before);
}

function isNational(found: string, before: string): boolean {
  const digits = digitsOf(found);
  // After another number it is the rest of a longer one.
  if (digits < 9 || digits > 13 || /\d ?$/.test(before)) return false;
  // 01/02/2026 12
  if (/^0\d[/-]\d{1,2}[/-]\d{2,4}\b/.test(found)) return false;
  // 01 02 03 04 05
  const groups = found.split(/\D+/).filter(Boolean).map(Number);
  return !groups.every((it, index) => index === 0 || it === (groups[index - 1] ?? 0) + 1);
}

const VALUE_END = /[\s"'`,;<>()[\]{}:=]/;

/**
 * The word after "password:", where it is none of a language: it mixes letters with digits or signs, and
 * is no name of something in a program.
 */
function pickPassword(found: string): readonly [number, number] | null {
  let start = found.length;
  while (start > 0 && !VALUE_END.test(found.charAt(start - 1))) start--;
  const value = found.slice(start);
  if (value.length < 8) return null;
  const isMixed = /\d/.test(value) && /[A-Za-z]/.test(value);
  const isSigned = /[!@#$%^&*?~+]/.test(value.slice(0, -1)) && /[A-Za-z0-9]/.test(value);
  if (!isMixed && !isSigned) return null;
  // process.env.API_KEY_2, $TOKEN1, config.v2.secret
  if (/^(?:\$|process\.|os\.|env\.|[a-z_]+\.[a-z_]+)/i.test(value)) return null;
  return [start, found.length];
}

/** Hashes of what everybody may read are named as such; so are those that lock files hold. */
function isSecret(found: string, before: string): boolean {
  if (/^sha(?:1|256|384|512)[-_]/.test(found)) return false;
  if (
    /(?:commit|sha-?\d{1,3}|md5|checksum|digest|integrity|hash|revision|rev|tree|blob)["']?[\s:=@(-]{0,3}["']?$/i.test(
      before,
    )
  ) {
    return false;
  }
  return looksRandom(found);
}

/** What a version, a heading or one's own machine has is no address of a person (RFC 1918, 5735, 5737, 6598). */
function isOutsideAddress(found: string, before: string): boolean {
  const parts = found.split(".");
  const [first = 0, second = 0, third = 0] = parts.map(Number);
  if (parts.some((it) => Number(it) > 255 || /^0\d/.test(it))) return false;
  // 1.2.3.4 counts something, and 8.8.8.8 is everybody's.
  if (parts.every((it) => it.length === 1)) return false;
  if (/(?:version|release|build|firmware|section|chapter|[=<>~^@§#])[\s:]{0,2}$/i.test(before)) {
    return false;
  }
  if ([0, 10, 127].includes(first) || first >= 224) return false;
  if (first === 172 && second >= 16 && second <= 31) return false;
  if (first === 192 && second === 168) return false;
  if (first === 169 && second === 254) return false;
  if (first === 100 && second >= 64 && second <= 127) return false;
  return !["192.0.2", "198.51.100", "203.0.113"].includes(`${first}.${second}.${third}`);
}
