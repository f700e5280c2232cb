/**
 * Whether an answer refuses, and does nothing else: it opens with words of refusing, in the first person, and
 * is short, without code and without a list that would be an answer after all. An answer that speaks of
 * refusals, quotes one, or says what it cannot do and then goes on to do the rest, is none.
 */
export function isRefusal(answer: string): boolean {
  // A longer one is cut here: it is none, whatever it begins with.
  if (answer.length > REFUSAL_CHARACTERS_MAX) return false;
  const text = answer.trim().replaceAll("’", "'");
  if (text === "" || /^ {0,3}(?:`{3}|~{3})/m.test(text)) return false;
  const listed = text.match(/^ {0,8}(?:\d{1,2}[.)]|[-*•])[ \t]+\S/gmu)?.length ?? 0;
  if (listed > LISTED_LINES_MAX) return false;
  return REFUSALS.some((it) => it.test(text.slice(0, OPENING_CHARACTERS)));
}

/** Refusals with reasons and other offers are some 150 words; what is longer holds more than that. */
const REFUSAL_CHARACTERS_MAX = 1_200;
/** An offer of three other things is still a refusal. */
const LISTED_LINES_MAX = 4;
const OPENING_CHARACTERS = 240;

/** What may stand before: an apology, a name for oneself; nothing in quotation marks. */
const APOLOGY =
  '(?:(?:i\'m|i am|we\'re) (?:really |very |so )?sorry|sorry|i apologi[sz]e|apologies|my apologies|unfortunately|i appreciate[^.!\\n"]{0,80}|thank you[^.!\\n"]{0,60}|i understand[^.!\\n"]{0,80})[,.!;:]?(?: but| however)?[,]?\\s{1,2}';
const SELF =
  '(?:(?:as|being) an? (?:ai|artificial|large|responsible|helpful)[^.,\\n"]{0,60}?,?\\s|i\'m just an ai[^.,\\n"]{0,40}[,.]\\s?(?:and |so |but )?)';
const CANNOT =
  "(?:(?:i|we) (?:can't|cannot|can not|won't|will not|am unable to|am not able to|must decline to|have to decline to|do not feel comfortable|don't feel comfortable|am not comfortable|refuse to|am not allowed to|am not going to)|i'm (?:unable|not able) to|i'm not (?:comfortable|allowed|going)(?: to)?)";
const DO =
  "(?:\\s(?:\\p{L}+ly\\s)?(?:help|assist|comply|provide|fulfil+|answer|do (?:that|this|so)|create|creating|generate|generating|write|writing|discuss\\p{L}*|engage|support|produce|participate|share|give|giving|offer|continue with|respond|complete|process|engage in|promote|encourage|facilitate|carry|proceed|advise|recommend that you|provide you|providing))(?!\\p{L})";

const opens = (source: string) => new RegExp(`^${source}`, "iu");
const REFUSALS: readonly RegExp[] = [
  opens(`(?:${APOLOGY}){0,2}(?:${SELF})?(?:${APOLOGY})?${CANNOT}${DO}`),
  opens(
    `(?:${APOLOGY}){0,2}(?:but )?(?:that's|this is|that is) (?:not )?something (?:that )?i (?:can't|cannot|can|won't)`,
  ),
  opens(`(?:${APOLOGY}){0,2}i (?:must|have to) (?:respectfully )?decline`),
  opens(
    '(?:(?:es )?tut mir (?:sehr )?leid|entschuldigung|leider|ich bedaure|sorry)[^.!\\n"„]{0,40}?(?:ich (?:kann|darf|werde)|kann ich|darf ich)[^.!\\n"„]{0,120}?nicht (?:\\p{L}+ ){0,3}?(?:helfen|weiterhelfen|unterstützen|beantworten|nachkommen|erfüllen|erstellen|schreiben|geben|bereitstellen|behilflich|anbieten|erfüllen|dienen)',
  ),
  opens(
    "(?:das|dabei|damit|hierbei) kann ich (?:\\p{L}+ ){0,3}?nicht (?:helfen|weiterhelfen|tun|beantworten|unterstützen)",
  ),
  opens(
    '(?:ich kann|ich darf) [^.!\\n"„]{0,80}?nicht (?:helfen|weiterhelfen|beantworten|unterstützen|nachkommen|erfüllen|bereitstellen)',
  ),
  opens(
    "(?:(?:je suis )?(?:vraiment )?désolée?|je regrette|malheureusement|pardon)?[^.!\\n\"«]{0,30}?je ne (?:peux|puis|suis)(?: malheureusement)? pas (?:en mesure d[e'] ?)?(?:vous |t'|te )?(?:aider|répondre|fournir|accéder|créer|écrire|rédiger|satisfaire|donner|faire (?:ça|cela)|participer|générer|assister)",
  ),
  opens(
    '(?:lo siento|lo lamento|lamentablemente|perdón|disculpa)?[^.!\\n"«]{0,30}?no (?:puedo|podré|me es posible)(?: \\p{L}+)? ?(?:ayudar\\p{L}*|responder|proporcionar\\p{L}*|cumplir|crear|escribir|dar\\p{L}*|hacer eso|asistir\\p{L}*|generar|ofrecer\\p{L}*|continuar con)',
  ),
  opens(
    '(?:desculpe|sinto muito|lamento|infelizmente|me desculpe)?[^.!\\n"«]{0,30}?não (?:posso|consigo)(?: \\p{L}+)? ?(?:ajudar\\p{L}*|responder|fornecer|cumprir|criar|escrever|atender|gerar|fazer isso|auxiliar)',
  ),
  opens(
    '(?:mi dispiace|spiacente|purtroppo|sono spiacente)?[^.!\\n"«]{0,30}?non posso (?:aiutar\\p{L}*|rispondere|fornir\\p{L}*|creare|scrivere|soddisfare|assister\\p{L}*|generare|farlo)',
  ),
  opens(
    '(?:sorry|het spijt me|helaas|przykro mi|przepraszam|niestety)[^.!\\n"„]{0,40}?(?:kan ik|ik kan|nie mogę)[^.!\\n"„]{0,60}?(?:niet (?:helpen|beantwoorden)|pomóc|odpowiedzieć|spełnić)',
  ),
  opens(
    '(?:извините|простите|к сожалению|мне жаль|сожалею)?[^.!\\n"«]{0,30}?я? ?не (?:могу|смогу|буду)(?: вам| тебе)? ?(?:помочь|помогать|ответить|предоставить|выполнить|создать|написать|обсуждать|дать|продолжить)',
  ),
  // No blanks, and the verb stands last in two of them.
  /^(?:很?抱歉|对不起|對不起|不好意思|作为[^。\n"「]{0,20}[，,])?[，,。!！]?\s?(?:但是?|但|恐怕)?我?(?:无法|不能|不可以|無法|没有办法)[^。\n"“「]{0,30}?(?:帮助|协助|提供|回答|满足|完成|撰写|生成|讨论|支持|答复|這|幫助|協助|继续)/u,
  /^(?:申し訳(?:ありません|ございません)|すみません|ごめんなさい|恐れ入ります)[^\n"「]{0,80}?(?:できません|できかねます|いたしかねます|お答えできません|お手伝いできません|応じられません)/u,
  /^(?:その|この|そのような|ご)[^。\n"「]{0,40}?(?:お手伝い|お答え|提供|対応|お応え)[^。\n"「]{0,12}?(?:できません|できかねます|いたしかねます)/u,
  /^(?:죄송합니다|죄송하지만|미안합니다|유감스럽게도)[^\n"“]{0,80}?(?:수 없습니다|드릴 수 없|어렵습니다|수 없어요)/u,
  /^(?:عذر[اًا]{1,2}|آسف|أعتذر|أنا آسف)[^.\n"«]{0,40}?(?:لا (?:أستطيع|يمكنني)|لا يمكن)/u,
  /^(?:üzgünüm|maalesef|özür dilerim)[^.\n"]{0,80}?(?:yardımcı olamam|yardım edemem|yapamam|cevaplayamam|sağlayamam|yerine getiremem)/iu,
];
