/**
 * Languages as files of votes name them. FastChat writes English names ("English", and "unknown" where its
 * detector could not tell), newer public sets write codes; here a language is its BCP 47 primary code. The
 * names are a list of our own, not the runtime's, so that the bytes of an export are the same everywhere.
 */
const NAMES = toMap(
  "af Afrikaans, am Amharic, ar Arabic, az Azerbaijani, be Belarusian, bg Bulgarian, bn Bangla, bs Bosnian",
  "ca Catalan, cs Czech, cy Welsh, da Danish, de German, el Greek, en English, eo Esperanto, es Spanish",
  "et Estonian, eu Basque, fa Persian, fi Finnish, fil Filipino, fr French, ga Irish, gl Galician",
  "gu Gujarati, he Hebrew, hi Hindi, hr Croatian, hu Hungarian, hy Armenian, id Indonesian, is Icelandic",
  "it Italian, ja Japanese, ka Georgian, kk Kazakh, km Khmer, kn Kannada, ko Korean, la Latin",
  "lt Lithuanian, lv Latvian, mk Macedonian, ml Malayalam, mn Mongolian, mr Marathi, ms Malay, my Burmese",
  "nb Norwegian Bokmål, ne Nepali, nl Dutch, nn Norwegian Nynorsk, no Norwegian, pa Punjabi, pl Polish",
  "ps Pashto, pt Portuguese, ro Romanian, ru Russian, si Sinhala, sk Slovak, sl Slovenian, so Somali",
  "sq Albanian, sr Serbian, sv Swedish, sw Swahili, ta Tamil, te Telugu, th Thai, tl Tagalog, tr Turkish",
  "uk Ukrainian, ur Urdu, uz Uzbek, vi Vietnamese, xh Xhosa, yi Yiddish, zh Chinese, zu Zulu",
);
const CODES: ReadonlyMap<string, string> = new Map([
  ...[...NAMES].map(([code, name]): [string, string] => [name.toLowerCase(), code]),
  // Older names of the same.
  ["bengali", "bn"],
  ["farsi", "fa"],
  ["mandarin", "zh"],
]);

export const UNKNOWN_LANGUAGE = "unknown";

/** The name that FastChat's files have for a code; a code without one stands for itself, null is "unknown". */
export function languageName(code: string | null): string {
  return code === null ? UNKNOWN_LANGUAGE : (NAMES.get(code) ?? code);
}

/**
 * The code of a language's name or code, whatever its case and region ("Chinese (Traditional)", "pt-BR").
 * A name that is not known here stays as it is, in small letters; null where the file says that it is unknown.
 */
export function languageCode(word: string): string | null {
  const plain = word.trim().toLowerCase();
  if (plain === "" || plain === UNKNOWN_LANGUAGE || plain === "un" || plain === "und") return null;
  const known = CODES.get(plain) ?? CODES.get(plain.split(/\s*[(（]/)[0] ?? "");
  if (known !== undefined) return known;
  const code = /^([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*$/.exec(plain)?.[1];
  return code ?? plain;
}

function toMap(...lines: string[]): ReadonlyMap<string, string> {
  return new Map(
    lines
      .flatMap((line) => line.split(", "))
      .map((entry) => {
        const blank = entry.indexOf(" ");
        return [entry.slice(0, blank), entry.slice(blank + 1)];
      }),
  );
}
