import { AppError } from "@/lib/errors";
import type { ModelDescription } from "@/lib/protocol/worker-card";
import { seededRandom } from "@/lib/util/random";
import { byWords } from "./mock-reading";
import { toPieces } from "./mock-tokens";

/**
 * The sentinel models: each does one thing that a real model or its worker may do, reliably, so that
 * every path of the product can be walked on purpose.
 */

export type MockSampling = { temperature: number; topP: number; seed: number };

export type MockModel = {
  summary: string;
  contextLength: number;
  /** Pause before each token. */
  tokenMs: number;
  /** What it says, token by token, to the last message of the user. */
  say(prompt: string, sampling: MockSampling): Iterable<string>;
  /** What happens instead of an answer, or after three tokens of one. */
  fate?: "rejects" | "never" | "dies" | "dies-once" | "fails";
  examplePrompts?: string[];
  /** It takes texts in and says nothing: vectors, scores and labels. */
  reads?: true;
  /** The labels of a text; unless given, by its length. */
  sort?: typeof byWords;
};

const CONTEXT = 8_192;
const echo = (prompt: string) => toPieces(prompt);

export const MOCK_MODELS: Record<string, MockModel> = {
  "mock/echo": {
    summary: "Repeats the last message word by word.",
    contextLength: CONTEXT,
    tokenMs: 0,
    say: echo,
    examplePrompts: ["Repeat after me: the quick brown fox jumps over the lazy dog."],
  },
  "mock/paced": {
    summary: "Repeats the last message, one token every 20 ms.",
    contextLength: CONTEXT,
    tokenMs: 20,
    say: echo,
  },
  "mock/slow": {
    summary: "Counts, one token every 200 ms.",
    contextLength: CONTEXT,
    tokenMs: 200,
    say: () => Array.from({ length: 100 }, (_, index) => `${index ? " " : ""}${index + 1}`),
  },
  "mock/long": {
    summary: "A long answer with headings, a table, a list and code.",
    contextLength: CONTEXT,
    tokenMs: 10,
    say: (prompt) => toPieces(longAnswer(prompt)),
    examplePrompts: ["Show me everything you can format."],
  },
  "mock/random": {
    summary: "Words drawn by temperature, top-p and seed; greedy says the likeliest word only.",
    contextLength: CONTEXT,
    tokenMs: 5,
    say: (_prompt, sampling) => drawWords(sampling),
  },
  "mock/dies-after-3-tokens": {
    summary: "Its whole process is killed after three tokens.",
    contextLength: CONTEXT,
    tokenMs: 5,
    say: () => ["This", " will", " end", " badly"],
    fate: "dies",
  },
  "mock/dies-once-after-3-tokens": {
    summary: "Its process is killed after three tokens, unless another worker began the answer.",
    contextLength: CONTEXT,
    tokenMs: 5,
    say: () => ["This", " will", " end", " well", ",", " after", " all", "."],
    fate: "dies-once",
  },
  "mock/fails-after-3-tokens": {
    summary: "Fails after three tokens; its worker lives on.",
    contextLength: CONTEXT,
    tokenMs: 5,
    say: () => ["This", " will", " fail", " soon"],
    fate: "fails",
  },
  "mock/rejects": {
    summary: "Refuses every request as if it were full.",
    contextLength: CONTEXT,
    tokenMs: 0,
    say: () => [],
    fate: "rejects",
  },
  "mock/never": {
    summary: "Begins, then never says a word until it is stopped.",
    contextLength: CONTEXT,
    tokenMs: 0,
    say: () => [],
    fate: "never",
  },
  "mock/vast": {
    summary: "Repeats the last message, one token every 20 ms; holds a million tokens.",
    contextLength: 1_000_000,
    tokenMs: 20,
    say: echo,
  },
  "mock/context": {
    summary: "Repeats the last message; holds 64 tokens only.",
    contextLength: 64,
    tokenMs: 0,
    say: echo,
  },
  "mock/reader": {
    summary: "Gives vectors, scores and labels of texts, and cannot be talked to.",
    contextLength: CONTEXT,
    tokenMs: 0,
    say: () => [],
    reads: true,
  },
  "mock/moderator": {
    summary:
      "Finds in texts what they name (a fight, hatred, who may hurt myself), and cannot be talked to.",
    contextLength: CONTEXT,
    tokenMs: 0,
    say: () => [],
    reads: true,
    sort: byWords,
  },
};

export function describe(model: MockModel): ModelDescription {
  return {
    summary: model.summary,
    licence: "Apache-2.0",
    organization: "Parley",
    limits: "No model at all: a program that behaves as its name says, for tests and development.",
    skills: [],
    examplePrompts: model.examplePrompts ?? [],
  };
}

/** What `mock/rejects` answers with. */
export function rejection(): AppError {
  return new AppError("overloaded", {
    message: "This model refuses every request, as its name says.",
    retryAfterSeconds: 1,
  });
}

const WORDS = ["calm", "river", "stone", "lantern", "meadow", "harbour", "willow", "ember"];
const DRAWN_WORDS = 60;

/** Zipf's weights, sharpened or flattened by the temperature, cut to the nucleus that holds `topP`. */
function* drawWords({ temperature, topP, seed }: MockSampling): Generator<string> {
  const random = seededRandom(seed);
  const raised = WORDS.map((_, rank) => (rank + 1) ** (-1 / Math.max(temperature, 0.01)));
  const total = raised.reduce((sum, weight) => sum + weight, 0);
  const nucleus: { word: string; weight: number }[] = [];
  let mass = 0;
  for (const [rank, word] of WORDS.entries()) {
    if (mass >= topP || (temperature === 0 && rank > 0)) break;
    const weight = (raised[rank] ?? 0) / total;
    nucleus.push({ word, weight });
    mass += weight;
  }
  for (let index = 0; index < DRAWN_WORDS; index++) {
    let point = random() * nucleus.reduce((sum, { weight }) => sum + weight, 0);
    const drawn = nucleus.find(({ weight }) => {
      point -= weight;
      return point < 0;
    });
    yield `${index ? " " : ""}${(drawn ?? nucleus[0])?.word ?? ""}`;
  }
}

function longAnswer(prompt: string): string {
  const quoted = prompt.replace(/\s+/g, " ").trim().slice(0, 120);
  const paragraphs = Array.from(
    { length: 6 },
    (_, index) =>
      `Paragraph ${index + 1} goes on for a while, so that the page has to scroll. It says nothing ` +
      "new, **and says it with emphasis**, *then softly*, then in `code`, and closes with a " +
      "[link](https://example.org/) that leads nowhere in particular.",
  );
  return `# A long answer

You asked: “${quoted}”

## A table

| Planet | Diameter (km) | Moons |
| --- | ---: | ---: |
| Mercury | 4,879 | 0 |
| Venus | 12,104 | 0 |
| Earth | 12,742 | 1 |
| Mars | 6,779 | 2 |

## Some code

\`\`\`python
def fibonacci(count: int) -> list[int]:
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[:count]
\`\`\`

\`\`\`ts
const total = [1, 2, 3].reduce((sum, value) => sum + value, 0);
\`\`\`

## A list

1. First things first.
2. Then the second:
   - with a detail,
   - and another one.
3. A last word: Grüße, 你好, 👋.

> A quotation, set apart.

${paragraphs.join("\n\n")}
`;
}
