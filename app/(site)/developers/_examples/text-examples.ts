import { curl, type Example, pythonHead, typescriptHead } from "./example";

/** Texts as vectors, as ranks and as tokens. */

export const embeddingsExample: Example = {
  id: "embeddings",
  feature: "embeddings",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/embeddings",
      `{"model": "${place.model}", "input": ["A cat sat down.", "It is raining."]}`,
    ),
    python: `${pythonHead(place)}

reply = client.embeddings.create(
    model="${place.model}",
    input=["A cat sat down.", "It is raining."],
)
one, other = (item.embedding for item in reply.data)
print("likeness", sum(a * b for a, b in zip(one, other)))`,
    typescript: `${typescriptHead(place)}

const reply = await client.embeddings.create({
  model: "${place.model}",
  input: ["A cat sat down.", "It is raining."],
});
const [one = [], other = []] = reply.data.map((item) => item.embedding);
console.log("likeness", one.reduce((sum, a, index) => sum + a * (other[index] ?? 0), 0));`,
  }),
};

export const rerankExample: Example = {
  id: "rerank",
  feature: "rerank",
  code: (place) => ({
    curl: curl(
      place,
      "/v1/rerank",
      `{
    "model": "${place.model}",
    "query": "Where do penguins live?",
    "documents": ["Penguins live in the far south.", "The bank opens at nine."],
    "top_n": 1,
    "return_documents": true
  }`,
    ),
    python: `${pythonHead(place)}

ranking = client.post(
    "/rerank",
    cast_to=object,
    body={
        "model": "${place.model}",
        "query": "Where do penguins live?",
        "documents": ["Penguins live in the far south.", "The bank opens at nine."],
    },
)
for result in ranking["results"]:
    print(result["index"], result["relevance_score"])`,
    typescript: `${typescriptHead(place)}

type Ranking = { results: { index: number; relevance_score: number }[] };
const ranking = await client.post<Ranking>("/rerank", {
  body: {
    model: "${place.model}",
    query: "Where do penguins live?",
    documents: ["Penguins live in the far south.", "The bank opens at nine."],
  },
});
for (const result of ranking.results) console.log(result.index, result.relevance_score);`,
  }),
};

export const tokenizeExample: Example = {
  id: "tokenize",
  feature: "tokenize",
  code: (place) => ({
    curl: curl(place, "/tokenize", `{"model": "${place.model}", "prompt": "Hello, world"}`),
    python: `import json
import os
from urllib.request import Request, urlopen

request = Request(
    "${place.origin}/tokenize",
    headers={
        "Content-Type": "application/json",
        "Authorization": "Bearer " + os.environ.get("PARLEY_API_KEY", "none"),
    },
    data=json.dumps({"model": "${place.model}", "prompt": "Hello, world"}).encode(),
)
with urlopen(request) as reply:
    counted = json.load(reply)
print(counted["count"], counted["tokens"])`,
    typescript: `const reply = await fetch("${place.origin}/tokenize", {
  method: "POST",
  headers: {
    "Content-Type": "application/json",
    Authorization: "Bearer " + (process.env.PARLEY_API_KEY ?? "none"),
  },
  body: JSON.stringify({ model: "${place.model}", prompt: "Hello, world" }),
});
if (!reply.ok) throw new Error(await reply.text());
const { count, tokens } = await reply.json();
console.log(count, tokens);`,
  }),
};
