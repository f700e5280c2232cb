import { curl, type Example, pythonHead, typescriptHead } from "./example";

/** The other shapes in which a model is asked for text. */

export const responsesExample: Example = {
  id: "responses",
  feature: "chat",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/responses",
      `{"model": "${place.model}", "input": "What is the capital of France?"}`,
    ),
    python: `${pythonHead(place)}

first = client.responses.create(model="${place.model}", input="What is the capital of France?")
print(first.output_text)

second = client.responses.create(
    model="${place.model}",
    previous_response_id=first.id,
    input="And of Japan?",
)
print(second.output_text)`,
    typescript: `${typescriptHead(place)}

const model = "${place.model}";
const first = await client.responses.create({ model, input: "What is the capital of France?" });
console.log(first.output_text);

const second = await client.responses.create({
  model,
  previous_response_id: first.id,
  input: "And of Japan?",
});
console.log(second.output_text);`,
  }),
};

export const messagesExample: Example = {
  id: "messages",
  feature: "chat",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/messages",
      `{
    "model": "${place.model}",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "What is the capital of France?"}]
  }`,
    ),
    python: `import os
from anthropic import Anthropic

client = Anthropic(base_url="${place.origin}", api_key=os.environ.get("PARLEY_API_KEY", "none"))

message = client.messages.create(
    model="${place.model}",
    max_tokens=64,
    messages=[{"role": "user", "content": "What is the capital of France?"}],
)
print(message.content[0].text)`,
    typescript: `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({
  baseURL: "${place.origin}",
  apiKey: process.env.PARLEY_API_KEY ?? "none",
});

const message = await client.messages.create({
  model: "${place.model}",
  max_tokens: 64,
  messages: [{ role: "user", content: "What is the capital of France?" }],
});
for (const block of message.content) {
  if (block.type === "text") console.log(block.text);
}`,
  }),
};

export const completionsExample: Example = {
  id: "completions",
  // The words that go on a bare text are drawn from what also tells how likely each of its tokens was.
  feature: "log-probabilities",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/completions",
      `{"model": "${place.model}", "prompt": "Once upon a time", "max_tokens": 24}`,
    ),
    python: `${pythonHead(place)}

answer = client.completions.create(
    model="${place.model}", prompt="Once upon a time", max_tokens=24
)
print(answer.choices[0].text)`,
    typescript: `${typescriptHead(place)}

const answer = await client.completions.create({
  model: "${place.model}",
  prompt: "Once upon a time",
  max_tokens: 24,
});
console.log(answer.choices[0]?.text);`,
  }),
};
