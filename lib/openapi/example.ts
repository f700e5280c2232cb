/** What examples name: what every server knows, and a conversation as short as there is. */
export const EXAMPLE_MODEL = "auto";
export const EXAMPLE_MESSAGES = [{ role: "user", content: "Hello" }];
