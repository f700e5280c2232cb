/** What examples name: what every server knows, and a conversation as short as there is. */
export const EXAMPLE_MODEL = "auto";
/** Where `auto` answers nothing: texts are read, and token ids told apart, by a model that is named. */
export const EXAMPLE_READER = "a-model-that-reads";
export const EXAMPLE_MESSAGES = [{ role: "user", content: "Hello" }];
