/** Numbers that carry a check of their own, by which they are told from all others. */

/** Length of an IBAN by country (the registry of ISO 13616). */
const IBAN_LENGTHS: Record<string, number> = Object.fromEntries(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 " +
    "EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 " +
    "JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 " +
    "OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 " +
    "TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/**
 * How many characters of `text`, from its first on, are an IBAN: as many as its country's have, blanks and
 * hyphens between them counted, if they pass the check of ISO 7064 (97 leaves 1). Else 0.
 */
export function ibanLength(text: string): number {
  const wanted = IBAN_LENGTHS[text.slice(0, 2).toUpperCase()];
  if (wanted === undefined) return 0;
  let compact = "";
  let end = 0;
  while (end < text.length && compact.length < wanted) {
    const character = text.charAt(end++);
    if (character !== " " && character !== "-") compact += character.toUpperCase();
  }
  if (compact.length < wanted || /[A-Za-z0-9]/.test(text.charAt(end))) return 0;
  let rest = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1 ? end : 0;
}

/**
 * How many characters of `text`, from its first on, are the number of a payment card: digits with blanks or
 * hyphens between them that begin as those of the large networks do and pass Luhn's check (ISO 7812). 0: none.
 */
export function cardLength(text: string): number {
  if (!/^(?:4|5[0-8]|2[2-7]|3|6)/.test(text.replace(/\D/g, ""))) return 0;
  let longest = 0;
  let digits = "";
  for (let at = 0; at < text.length && digits.length < CARD_DIGITS_MAX; at++) {
    const character = text.charAt(at);
    if (character < "0" || character > "9") continue;
    digits += character;
    const next = text.charAt(at + 1);
    const isEnd = next < "0" || next > "9";
    if (isEnd && digits.length >= CARD_DIGITS_MIN && passesLuhn(digits)) longest = at + 1;
  }
  return longest;
}

const CARD_DIGITS_MIN = 13;
const CARD_DIGITS_MAX = 19;

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits.charAt(digits.length - 1 - index));
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
