import { wordsOf } from "./folded-words";

/** How visitors ask who answers, how models say it, and by which names families of models are known to people. */

const toPhrases = (...lists: string[][]): ReadonlyMap<string, true> =>
  new Map(lists.flat().map((phrase) => [joinedWords(phrase), true]));

export const joinedWords = (text: string): string =>
  wordsOf(text)
    .map(({ text: word }) => word)
    .join("");

/** Questions to which a name is the answer. */
export const WHO_QUESTIONS = toPhrases(
  ["who are you", "what are you", "which model", "what model", "which ai", "what ai", "which llm"],
  ["what llm", "which language model", "what language model", "who made you", "who created you"],
  ["who built you", "who trained you", "who developed you", "who owns you", "your name"],
  [
    "your model",
    "your creator",
    "your creators",
    "your developer",
    "your developers",
    "your maker",
  ],
  ["introduce yourself", "identify yourself", "what company", "which company", "who is this"],
  ["wer bist du", "wer sind sie", "wie heißt du", "welches modell", "dein name", "wer hat dich"],
  ["qui es tu", "qui êtes vous", "quel modèle", "ton nom", "votre nom", "comment t'appelles tu"],
  ["quién eres", "qué modelo", "cómo te llamas", "tu nombre", "quién te creó", "quem é você"],
  ["qual modelo", "que modelo", "seu nome", "chi sei", "come ti chiami", "quale modello"],
  ["wie ben je", "welk model", "je naam", "kim jesteś", "jak się nazywasz", "jaki model"],
  ["vem är du", "vad heter du", "sen kimsin", "adın ne", "bạn là ai", "siapa kamu", "siapa anda"],
  ["кто ты", "кто вы", "как тебя зовут", "какая модель", "кто тебя", "хто ти", "як тебе звати"],
  ["你是谁", "你是誰", "什么模型", "哪个模型", "你叫", "你的名字", "谁开发", "谁创造", "谁训练"],
  ["あなたは誰", "どのモデル", "お名前", "너는 누구", "누구세요", "어떤 모델", "이름이 뭐"],
  ["من أنت", "ما اسمك", "तुम कौन", "आप कौन", "מי אתה", "คุณคือใคร", "ποιος είσαι"],
);

/** Questions to which yes is the answer where a model's name follows. */
export const ARE_YOU_QUESTIONS = toPhrases(
  ["are you", "are u", "r u", "you are", "you're", "is this", "is it", "talking to", "talk to"],
  ["speaking to", "speaking with", "chatting with", "is your name", "bist du", "sind sie"],
  ["du bist", "es tu", "êtes vous", "tu es", "eres", "você é", "sei", "tu sei", "ben je"],
  [
    "jesteś",
    "är du",
    "sen",
    "bạn là",
    "ты",
    "вы",
    "ти",
    "你是",
    "您是",
    "あなたは",
    "너는",
    "당신은",
  ],
  ["هل أنت", "क्या तुम", "क्या आप", "האם אתה", "คุณคือ", "είσαι"],
);

/** How an answer agrees. */
export const YES_WORDS = toPhrases(
  ["yes", "yep", "yeah", "yup", "correct", "indeed", "right", "exactly", "true", "affirmative"],
  ["ja", "oui", "sí", "sim", "tak", "evet", "vâng", "ya", "да", "так", "是", "对", "はい", "네"],
  ["نعم", "हाँ", "כן", "ใช่", "ναι"],
);

/** What stands before a name in a sentence that is nothing but a greeting. */
export const GREETINGS = toPhrases(
  ["hi", "hello", "hey", "greetings", "welcome", "yes", "sure", "ok", "okay", "well", "there"],
  ["it", "s", "good", "day", "morning", "evening", "hallo", "bonjour", "salut", "hola", "ciao"],
);

/** By what a sentence goes on after a speaker's name, as its next words joined. */
export const AFTER_NAME = toPhrases(["here", "speaking", "at your", "reporting"]);

/** What every model says of itself, whatever it is called. */
export const COMMON_SELF_WORDS = toPhrases([
  "ai",
  "assistant",
  "bot",
  "chat",
  "chatbot",
  "llm",
  "model",
  "language",
  "large",
  "text",
]);

/**
 * Families whose models say another name than the one they are served under. `names` tell wherever they are
 * said; `makers`, of whom everybody speaks, only in a sentence about oneself.
 */
export const FAMILIES: readonly { of: RegExp; names: string[]; makers: string[] }[] = [
  { of: /gpt|(?:^|[^a-z])o\d/i, names: ["chatgpt", "gpt"], makers: ["openai", "open ai"] },
  { of: /claude/i, names: ["claude"], makers: ["anthropic"] },
  { of: /gemini|bard/i, names: ["gemini", "bard"], makers: ["google", "deepmind"] },
  { of: /gemma/i, names: ["gemma"], makers: ["google", "deepmind"] },
  {
    of: /qwen|qwq|tongyi/i,
    names: ["qwen", "tongyi", "通义千问", "通义", "千问"],
    makers: ["alibaba", "阿里云", "阿里巴巴"],
  },
  { of: /ernie/i, names: ["ernie", "文心一言", "文心"], makers: ["baidu", "百度"] },
  { of: /deepseek/i, names: ["deepseek", "深度求索"], makers: ["幻方"] },
  { of: /llama/i, names: ["llama", "meta ai"], makers: ["meta"] },
  { of: /glm/i, names: ["chatglm", "glm", "智谱清言", "智谱"], makers: ["zhipu"] },
  { of: /kimi|moonshot/i, names: ["kimi", "月之暗面"], makers: ["moonshot"] },
  { of: /doubao/i, names: ["doubao", "豆包"], makers: ["bytedance", "字节跳动", "字节"] },
  { of: /hunyuan/i, names: ["hunyuan", "混元"], makers: ["tencent", "腾讯"] },
  { of: /(?:^|[^a-z])yi(?:[^a-z]|$)/i, names: ["零一万物", "01 ai"], makers: [] },
  { of: /baichuan/i, names: ["baichuan", "百川"], makers: [] },
  { of: /internlm/i, names: ["internlm", "书生"], makers: [] },
  { of: /minimax|abab/i, names: ["minimax", "海螺"], makers: [] },
  { of: /grok/i, names: ["grok"], makers: ["xai"] },
  {
    of: /mistral|mixtral|ministral|magistral|codestral/i,
    names: ["mistral"],
    makers: ["mistral ai"],
  },
  { of: /(?:^|[^a-z])phi(?:[^a-z]|$)/i, names: ["phi"], makers: ["microsoft"] },
  { of: /command-?[ra]/i, names: [], makers: ["cohere"] },
  { of: /yandex/i, names: ["yandexgpt", "алиса"], makers: ["яндекс", "yandex"] },
  { of: /gigachat/i, names: ["gigachat", "гигачат"], makers: ["сбер", "сбербанк"] },
  { of: /clova/i, names: ["clova", "hyperclova"], makers: ["naver", "네이버"] },
];

/** Names of families by which a visitor may ask whether it is one. */
export const FAMILY_NAMES = toPhrases(FAMILIES.flatMap(({ names }) => names));
