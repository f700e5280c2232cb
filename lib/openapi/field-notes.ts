/** A sentence for each field of the requests, shared by those that have it; null stands for absent in all of them. */
export const FIELD_NOTES: Readonly<Record<string, string>> = {
  // Which model, and what it reads.
  model:
    "A name of `GET /v1/models`, an alias, or, for answers and the counting of their tokens, `auto` for the best-rated model.",
  messages: "The conversation, oldest first.",
  prompt: "A text, the ids of its tokens, or a list of either: one answer to each.",
  input: "A text, the ids of its tokens, or a list of either.",
  system: "What comes before the conversation.",

  // How tokens are drawn.
  temperature: "0 takes the likeliest token each time; higher is more varied.",
  top_p: "Only the likeliest tokens that together have this share are drawn from.",
  top_k: "Only so many of the likeliest tokens are drawn from; 0 keeps all.",
  min_p: "Tokens less likely than this share of the likeliest are left out.",
  presence_penalty: "Taken off each token that the answer already has, once.",
  frequency_penalty: "Taken off each token for each time that the answer has it.",
  repetition_penalty: "Above 1, tokens of prompt and answer are less likely to come again.",
  logit_bias: "Token id → what is added to its logit; -100 rules it out.",
  seed: "The same seed, request and `system_fingerprint` give the same text.",
  n: "How many answers to give; they share the work on the prompt.",
  best_of: "How many answers to make, of which the `n` likeliest are given.",

  // When an answer ends.
  max_tokens: "Tokens of the answer at most, reasoning included.",
  max_completion_tokens: "Tokens of the answer at most, reasoning included.",
  min_tokens: "The answer ends by no token before it has so many.",
  stop: "The answer ends before the first of these texts.",
  stop_sequences: "The answer ends before the first of these texts.",
  stop_token_ids: "Tokens that end the answer, besides the model's own.",
  ignore_eos: "The model's own end tokens do not end the answer.",

  // How it is told.
  stream: "The answer comes as server-sent events while it is written.",
  stream_options: "With `include_usage: true` the stream ends with what it used.",
  logprobs:
    "Tell how likely each token was: by the model itself, before `logit_bias`, penalties, temperature and truncation. The same numbers stand beside the token and among the likeliest.",
  top_logprobs: "So many of the likeliest tokens are told with each token.",
  echo: "The answer begins with the prompt.",
  suffix: "Not offered: no model here fills in between two texts.",
  user: "Taken; it changes nothing here.",
  encoding_format: "Vectors as numbers, or as their 32-bit floats in base64, a quarter as long.",
  dimensions: "Not offered: no model here was trained for shorter vectors.",
  overflow: "What becomes of a text that the model cannot read whole: refused unless told.",

  // What it must look like.
  response_format: "JSON of any form, or JSON that keeps to a schema.",
  structured_outputs: "An expression, a list of choices, a JSON schema or any JSON to keep to.",
  output_config:
    "`format` holds a JSON schema that the answer keeps to; `effort` says how long to reason, at models that can be told so.",
  output_format: "An earlier name of `output_config.format`.",
  tools:
    "Functions that the answer may ask to have called. Their names have at most 64 letters, digits, underscores and dashes.",
  tool_choice:
    "Whether it may, must or must not call one, which one it must call, or which of them it may. A call that it must make keeps to the function's schema, `strict` or not.",
  parallel_tool_calls: "Whether one answer may ask for several calls.",
  reasoning_effort:
    "How long to reason before the answer, told by the model's chat template. A level that the model does not know becomes the nearest one (`low` for `minimal` at gpt-oss); one that knows only whether to reason does for any but `none`. A model that cannot be told refuses; one that does not reason takes `none`.",
  thinking:
    "Whether to reason, at models that can be told so, and whether reasoning is shown as blocks of its own.",

  // Responses.
  instructions: "What comes before the conversation; not carried on to the next response.",
  previous_response_id: "The response that this one goes on from, with all before it.",
  max_output_tokens: "Tokens of the answer at most, reasoning included.",
  text: "`format` says what the answer must look like.",
  reasoning: "`effort`: how long to reason; `summary`: whether reasoning is told as a summary.",
  include: "`message.output_text.logprobs` tells how likely each token was.",
  store: "Whether the response is kept for later; unless told, yes.",
  background: "Answer at once with an id, and work on without the connection.",
  metadata: "Up to 16 names with texts.",
  safety_identifier: "Told back with the answer.",
  prompt_cache_key: "Told back with the answer.",
  prompt_cache_retention: "Told back with the answer.",

  // Reranking.
  query: "What the documents are ranked by.",
  documents: "Texts, or objects with a `text`.",
  top_n: "So many of the best are given; unless told, all.",
  return_documents: "Whether results hold their documents.",

  // Tokens.
  add_special_tokens:
    "Of a text: with the tokens that the tokenizer itself puts around it, unless false.",
  return_token_strs: "Tell the tokens under their names in the vocabulary, too.",
  add_generation_prompt: "Of messages: up to where the assistant begins to speak, unless false.",
  continue_final_message: "Not offered: every message ends where it ends.",
  chat_template: "Not offered: the model's own template is used.",
  chat_template_kwargs: "Not offered; `reasoning_effort` says what most of them are for.",
  mm_processor_kwargs: "Not offered: prompts are text.",
  tokens: "Ids of tokens.",
  prompts: "Each with its model and the tokens that an answer should have room for.",

  // Feedback.
  comment: "Why, in words.",
  tags: "Why, in words of your own that can be counted.",

  // Which other models may answer.
  routing: 'Limits of price and time that `model: "auto"` chooses within.',
};
