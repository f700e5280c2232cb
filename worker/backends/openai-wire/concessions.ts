import { isAppError } from "@/lib/errors";
import { UpstreamRefusedError } from "../upstream-error";
import type { BodyFields } from "./dialect";

type Concession = {
  /** What a refusal of it is about. */
  word: RegExp;
  /** The field that is at fault. */
  field: string;
  reshape(body: BodyFields): BodyFields;
};

/** None of them changes what is asked for: only how it is said, or what is told besides. */
const CONCESSIONS: readonly Concession[] = [
  {
    // OpenAI's reasoning models, and whoever passes on to them.
    ...{ word: /max_completion_tokens/, field: "max_tokens" },
    reshape: ({ max_tokens: most, ...body }) => ({ ...body, max_completion_tokens: most }),
  },
  {
    // Servers older than the field, of those that refuse what they do not know.
    ...{ word: /stream_options/, field: "stream_options" },
    reshape: ({ stream_options: _, ...body }) => body,
  },
];

/** How the models of a server want to be asked other than its table has it: by what they have refused. */
export class Concessions {
  readonly #made = new Map<string, Set<Concession>>();

  /** The body as the model takes it. */
  apply(model: string, body: BodyFields): BodyFields {
    let its = body;
    for (const { field, reshape } of this.#made.get(model) ?? []) {
      if (its[field] !== undefined) its = reshape(its);
    }
    return its;
  }

  /** @returns whether the refusal of this body is one of how it was said, so that it can be said otherwise now. */
  learn(model: string, body: BodyFields, error: unknown): boolean {
    if (!isAppError(error) || !(error.cause instanceof UpstreamRefusedError)) return false;
    const { status, message } = error.cause;
    if (status !== 400 && status !== 422) return false;
    const made = this.#made.get(model) ?? new Set();
    const found = CONCESSIONS.find(
      (it) => body[it.field] !== undefined && it.word.test(message) && !made.has(it),
    );
    if (found === undefined) return false;
    this.#made.set(model, made.add(found));
    return true;
  }

  /** Another server may have come in the place of the one that refused. */
  clear(): void {
    this.#made.clear();
  }
}
