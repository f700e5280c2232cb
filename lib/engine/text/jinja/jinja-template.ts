import { parse, tokenize } from "@huggingface/jinja";
import { run } from "./interpreter";
import type { Node } from "./nodes";

/**
 * A chat template in Jinja, with the meaning that it has in Python, where models are trained with it. The
 * library reads it; it is not asked to render, since it gives other prompts than Python without a word
 * (`strip("\n")` takes all white space off, `{{ true }}` is `true`, what stands before a `break` is lost,
 * `"1" == 1`, months in the machine's language), and refuses what templates have (an absent list in a loop,
 * tuples, dicts with numbers as keys). Compared with Jinja in Python over seventy published templates
 * (docs/decisions/0063).
 */
export class JinjaTemplate {
  readonly #program: Node;

  /** @throws Error where it is no Jinja. */
  constructor(source: string) {
    const program: unknown = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
    this.#program = program as Node; // What the parser makes: `nodes.ts` repeats its types.
  }

  /**
   * @param variables JSON's values.
   * @throws Error with what the template says, or what it does that cannot be done.
   */
  render(variables: Readonly<Record<string, unknown>>): string {
    try {
      return run(this.#program, variables);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new Error("it calls itself too deeply: a schema is nested too far for it.", { cause });
    }
  }
}
