import { curl, type Example, pythonHead, typescriptHead } from "./example";

/** Which model answers, how long it may take, what goes wrong, and what was thought of it. */

export const autoExample: Example = {
  id: "auto",
  feature: "chat",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/chat/completions",
      `{
    "model": "auto",
    "routing": {"max_first_token_ms": 10000},
    "models": ["${place.model}"],
    "messages": [{"role": "user", "content": "Hello"}]
  }`,
      "-i ",
    ),
    python: `${pythonHead(place)}

raw = client.chat.completions.with_raw_response.create(
    model="auto",
    messages=[{"role": "user", "content": "Hello"}],
    extra_body={
        "routing": {"max_first_token_ms": 10000},
        "models": ["${place.model}"],
    },
)
print(raw.headers["x-parley-model"], raw.headers["x-parley-route"])
print(raw.parse().choices[0].message.content)`,
    typescript: `${typescriptHead(place)}

const route = { routing: { max_first_token_ms: 10000 }, models: ["${place.model}"] };
const { data, response } = await client.chat.completions
  .create({ model: "auto", messages: [{ role: "user", content: "Hello" }], ...route })
  .withResponse();
console.log(response.headers.get("x-parley-model"), response.headers.get("x-parley-route"));
console.log(data.choices[0]?.message.content);`,
  }),
};

export const errorExample: Example = {
  id: "errors",
  feature: "chat",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/chat/completions",
      `{
    "model": "${place.model}",
    "temperature": 3,
    "messages": [{"role": "user", "content": "Hello"}]
  }`,
      "-i ",
    ),
    python: `import openai
${pythonHead(place)}

try:
    client.chat.completions.create(
        model="${place.model}",
        temperature=3,
        messages=[{"role": "user", "content": "Hello"}],
    )
except openai.APIStatusError as error:
    print(error.status_code, error.param, error.message)
    print("request", error.request_id)`,
    typescript: `${typescriptHead(place)}

try {
  await client.chat.completions.create({
    model: "${place.model}",
    temperature: 3,
    messages: [{ role: "user", content: "Hello" }],
  });
} catch (error) {
  if (!(error instanceof OpenAI.APIError)) throw error;
  console.log(error.status, error.param, error.message);
  console.log("request", error.requestID);
}`,
  }),
};

export const feedbackExample: Example = {
  id: "feedback",
  feature: "chat",
  code: (place) => ({
    curl: `ANSWER=$(${curl(
      place,
      "/v1/chat/completions",
      `{"model": "${place.model}", "messages": [{"role": "user", "content": "Hello"}]}`,
      "-s ",
    )} | grep -o 'chatcmpl-[0-9a-f]*')

curl ${place.origin}/v1/feedback \\
  -H "Authorization: Bearer $PARLEY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d "{\\"id\\": \\"$ANSWER\\", \\"score\\": \\"up\\", \\"comment\\": \\"Short and right.\\"}"`,
    python: `${pythonHead(place)}

answer = client.chat.completions.create(
    model="${place.model}",
    messages=[{"role": "user", "content": "Hello"}],
)
kept = client.post(
    "/feedback",
    cast_to=object,
    body={"id": answer.id, "score": "up", "comment": "Short and right."},
)
print(kept)`,
    typescript: `${typescriptHead(place)}

const answer = await client.chat.completions.create({
  model: "${place.model}",
  messages: [{ role: "user", content: "Hello" }],
});
const kept = await client.post("/feedback", {
  body: { id: answer.id, score: "up", comment: "Short and right." },
});
console.log(kept);`,
  }),
};
