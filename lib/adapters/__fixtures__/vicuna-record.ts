/** A template as a FastChat worker of its latest form tells it. */
export const VICUNA_RECORD = {
  name: "vicuna_v1.1",
  system_template: "{system_message}",
  system_message: "A chat.",
  system_message_vision: "",
  roles: ["USER", "ASSISTANT"],
  messages: [],
  offset: 0,
  sep_style: 2,
  sep: " ",
  sep2: "</s>",
  stop_str: null,
  stop_token_ids: null,
  max_image_size_mb: null,
};
