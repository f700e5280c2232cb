import { fold, wordsOf } from "./folded-words";

const words = (text: string) => fold(text).trim().split(/\s+/);

/** Parts of names that say of a model what it is like and not which one it is. */
export const INNOCENT_WORDS: ReadonlySet<string> = new Set(
  words(`
  ai assistant base beta bot chat chatbot code coder coding completion context conversation custom default
  demo dev distill distilled draft echo edge embed embedding exp experimental expert extended fast final fine
  finetuned flash free full gguf gguf gptq awq onnx fp16 bf16 int8 int4 quantized general generation half
  haiku hard hd high hybrid image instruct instruction it language large latest light lite llm long lora low
  math max maxi medium mega micro mid mini mixture model models moe multi multilingual nano new next online
  open orig original pico preview pro public reasoning reasoner release research rl search sft dpo rlhf small
  smol smart sonnet opus snapshot speech standard super synthetic test text think thinking tiny tune tuned
  turbo tuning ultra uncensored unified v version vision vl web wide xl xs xxl zero
  one two three four five six seven eight nine ten`),
);

/** Names that are everyday words as well: they tell something only where a text speaks of itself. */
export const ORDINARY_WORDS: ReadonlySet<string> = new Set(
  words(`
  llama alpaca vicuna orca falcon dolphin wizard dragon hermes athena apollo atlas titan nova aurora luna sol
  gemini gemma mistral mixtral claude grok phi command granite gauss solar jamba yi bloom camel chimera baize
  guanaco koala koala panda tulu starling zephyr nemo nemotron minerva sage spark ernie bard palm lamda sonar
  meta google apple amazon microsoft ibm nvidia cohere perplexity liquid snowflake databricks baidu tencent
  bytedance samsung intel together stability inflection salesforce adobe oracle face hugging mosaic reka
  writer character minimax moonshot step alibaba x xai ling ring seed doubao kimi hunyuan pangu reflection
  aya eagle crane swallow viking goliath mamba griffin raven stable tower cosmos prism vision fire arctic
  deep mind brain cloud labs lab core star moon sun sky river`),
);

/** Parts of organisations' names that many share. */
export const ORGANISATION_FILLERS: ReadonlySet<string> = new Set(
  words(`
  ai inc ltd llc gmbh corp corporation company co the of and for de la team teams group project projects
  research lab labs university institute institution community foundation open source systems technologies
  technology tech studio studios intelligence org organisation organization hub models model cloud us uk eu
  none unknown us own self parley`),
);

/** How a speaker begins to say who it is, as joined words. */
export const SELF_MARKS: ReadonlyMap<string, true> = new Map(
  [
    ...[
      "i am",
      "i'm",
      "im",
      "my name",
      "call me",
      "called",
      "i was",
      "known as",
      "this is",
      "name is",
    ],
    ...[
      "created by",
      "developed by",
      "made by",
      "built by",
      "trained by",
      "trained at",
      "model by",
    ],
    ...["model from", "model of", "powered by", "based on", "assistant by", "assistant from"],
    ...["assistant from", "language model", "ai model", "ai assistant", "as an ai", "my creators"],
    ...["my developers", "my makers", "product of", "version of", "part of the", "as a model"],
    ...["ich bin", "ich heiße", "mein name", "entwickelt von", "erstellt von", "trainiert von"],
    ...["je suis", "je m'appelle", "mon nom", "développé par", "créé par", "entraîné par"],
    ...["soy", "me llamo", "mi nombre", "desarrollado por", "creado por", "entrenado por"],
    ...["eu sou", "sou", "meu nome", "desenvolvido por", "criado por", "sono", "mi chiamo"],
    ...["sviluppato da", "creato da", "ik ben", "mijn naam", "ontwikkeld door", "jestem"],
    ...["nazywam się", "jag är", "jag heter", "ben", "adım", "tôi là", "saya adalah"],
    ...["я", "меня зовут", "разработан", "создан", "я є", "мене звати"],
    ...[
      "我是",
      "我叫",
      "开发的",
      "由",
      "名字",
      "私は",
      "名前は",
      "僕は",
      "저는",
      "제 이름은",
      "나는",
    ],
    ...["أنا", "اسمي", "אני", "मैं", "ผม", "ฉัน", "είμαι"],
  ].map((mark) => [
    wordsOf(mark)
      .map(({ text }) => text)
      .join(""),
    true,
  ]),
);
