/**
 * A guess at a text's language from its script, or from the small words that every sentence needs. It says
 * nothing where it cannot tell: a few words, code, or two languages that are alike.
 *
 * @returns a BCP 47 primary language, or null
 */
export function guessLanguage(text: string): string | null {
  const prose = text
    .slice(0, CHARACTERS_MAX)
    .replaceAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`|https?:\S+/g, " ")
    .toLowerCase();
  const letters = prose.match(/\p{L}/gu)?.length ?? 0;
  if (letters < LETTERS_MIN) return null;
  for (const { script, language } of SCRIPTS) {
    const own = prose.match(script)?.length ?? 0;
    if (own >= SCRIPT_SHARE_MIN * letters) return language(prose);
  }
  return guessByWords(prose.match(/[\p{L}\p{M}']+/gu) ?? []);
}

const CHARACTERS_MAX = 4_000;
const LETTERS_MIN = 2;
/** Names and terms of other scripts stand in many texts. */
const SCRIPT_SHARE_MIN = 0.5;
/** Small words that must be there, their share of all words, and their lead over the second language. */
const HITS_MIN = 2;
const HIT_SHARE_MIN = 0.15;
const LEAD_MIN = 1.5;

const has = (pattern: RegExp, then: string, otherwise: string) => (text: string) =>
  pattern.test(text) ? then : otherwise;

const SCRIPTS: readonly { script: RegExp; language: (text: string) => string | null }[] = [
  { script: /\p{sc=Hangul}/gu, language: () => "ko" },
  // Japanese is written with Chinese characters as well, and never with them alone for long.
  {
    script: /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/gu,
    language: has(/[\p{sc=Hiragana}\p{sc=Katakana}]/u, "ja", "zh"),
  },
  {
    script: /\p{sc=Cyrillic}/gu,
    language: (text) => {
      if (/[іїєґ]/.test(text)) return "uk";
      return /[ыэё]|(?:^|\s)(?:что|как|это|и|в|не|на|с)(?:\s|$)/.test(text) ? "ru" : null;
    },
  },
  { script: /\p{sc=Arabic}/gu, language: has(/[پچژگ]/, "fa", "ar") },
  { script: /\p{sc=Hebrew}/gu, language: () => "he" },
  { script: /\p{sc=Greek}/gu, language: () => "el" },
  { script: /\p{sc=Thai}/gu, language: () => "th" },
  { script: /\p{sc=Devanagari}/gu, language: () => "hi" },
  { script: /\p{sc=Bengali}/gu, language: () => "bn" },
  { script: /\p{sc=Tamil}/gu, language: () => "ta" },
  { script: /\p{sc=Telugu}/gu, language: () => "te" },
  { script: /\p{sc=Georgian}/gu, language: () => "ka" },
  { script: /\p{sc=Armenian}/gu, language: () => "hy" },
];

const list = (text: string) => new Set(text.split(" "));

/** The commonest words of each, without those that two of them share and little else tells apart. */
const SMALL_WORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  en: list(
    "the of and to in is that it for you with as are this be on have not what how can do why which from write give tell my your who when a an i please explain would should between make me",
  ),
  de: list(
    "der die das und ist nicht ein eine einen ich du wie was zu mit für auf den von dem im es sich wir kann warum schreibe bitte zwischen über sind mir",
  ),
  fr: list(
    "le la les des est une un et que pour dans je vous qui sur avec ce pas comment pourquoi quel quelle du au écris moi sont entre tu nous",
  ),
  es: list(
    "el los las una un y es que en por para con qué cómo del al se no mi como más escribe cuál entre dime son está sobre explica",
  ),
  pt: list(
    "o os as um uma e é que em para com como não do da no na se por mais qual escreva você são entre meu sobre explique",
  ),
  it: list(
    "il lo gli un una è che di per con come non del della nel sono perché qual scrivi cosa tra mi i le si più questo spiega",
  ),
  nl: list(
    "de het een en van is dat niet met voor op hoe wat ik je zijn te in waarom schrijf tussen mijn aan er ook leg uit",
  ),
  pl: list(
    "i w na nie się jest że z do jak co to czy dla jaki napisz dlaczego między są przez od mnie",
  ),
  sv: list(
    "och att det är en ett som på för med hur vad inte av till jag den varför skriv mellan mig om",
  ),
  da: list(
    "og at det er en et som på for med hvordan hvad ikke af til jeg den hvorfor skriv mellem mig om",
  ),
  tr: list("ve bir bu için ne nasıl mi ile da de çok neden yaz arasında olan mı benim var"),
  vi: list("là của và có không cho một những được trong tôi bạn như thế nào gì viết hãy với"),
  id: list(
    "yang dan di itu dengan untuk apa bagaimana tidak dari ini adalah saya tulis antara mengapa ke",
  ),
  cs: list("a je se na že v to jak co pro s není jsou mezi proč napiš do i mi která"),
  ro: list("și este în la cu pe un o care nu ce cum de pentru din sunt între scrie mai"),
  fi: list("ja on ei se että mitä miten kuin mutta ovat kirjoita miksi tämä minun"),
  hu: list("a az és hogy nem egy is mi miért hogyan írj van között ez meg"),
};

function guessByWords(words: readonly string[]): string | null {
  const hits = Object.entries(SMALL_WORDS)
    .map(([language, small]) => ({ language, count: words.filter((it) => small.has(it)).length }))
    .sort((one, other) => other.count - one.count);
  const [first, second] = hits;
  if (first === undefined || first.count < HITS_MIN) return null;
  if (first.count < HIT_SHARE_MIN * words.length) return null;
  return first.count >= LEAD_MIN * (second?.count ?? 0) ? first.language : null;
}
