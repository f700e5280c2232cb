import * as z from "zod";
import type { ServedStandIn } from "./openai-guises";
import { idOf, toTokens, writeAnswer } from "./stand-in-model";
import type { StandInExchange } from "./stand-in-server";

/** `/generate_stream` of Text Generation Inference, by its OpenAPI description. */

const bodySchema = z.looseObject({
  inputs: z.string(),
  parameters: z
    .looseObject({
      max_new_tokens: z.number().nullish(),
      temperature: z.number().nullish(),
      top_p: z.number().nullish(),
      top_k: z.number().nullish(),
      do_sample: z.boolean().nullish(),
      seed: z.number().nullish(),
      stop: z.array(z.string()).nullish(),
      grammar: z.looseObject({ type: z.string(), value: z.unknown() }).nullish(),
    })
    .optional(),
});

const END = "</s>";

export async function answerGenerate({
  exchange,
  model,
  tokenMs,
}: {
  exchange: StandInExchange;
  model: ServedStandIn;
  tokenMs: number;
}): Promise<void> {
  const parsed = bodySchema.safeParse(exchange.asked.body);
  const refuse = (message: string) =>
    exchange.sendJson(
      { error: `Input validation error: ${message}`, error_type: "validation" },
      422,
    );
  if (!parsed.success) return refuse("the body is not understood");
  const { inputs, parameters = {} } = parsed.data;
  const { temperature, top_p: topP, max_new_tokens: max, stop, seed } = parameters;
  if (temperature === 0) return refuse("`temperature` must be strictly positive");
  if (topP != null && (topP <= 0 || topP >= 1)) return refuse("`top_p` must be > 0.0 and < 1.0");
  if (max === 0) return refuse("`max_new_tokens` must be strictly positive");
  const read = toTokens(inputs).length;
  if (read >= model.contextLength) {
    const most = model.contextLength - 1;
    return refuse(`\`inputs\` must have less than ${most} tokens. Given: ${read}`);
  }
  if (stop && stop.length > 4) return refuse("`stop` supports up to 4 stop sequences");
  const isGreedy = parameters.do_sample !== true && temperature == null;
  const drawn = parameters.grammar
    ? { tokens: ["7"], isCut: false }
    : writeAnswer({
        ...{ prompt: inputs, temperature: isGreedy ? 0 : (temperature ?? 1) },
        ...{ seed: seed ?? undefined, max: max ?? undefined },
      });
  const { tokens, isStopped } = cutAfterStop(drawn.tokens, stop ?? []);
  await write(exchange, { tokens, isStopped, isCut: drawn.isCut, read, tokenMs });
}

/** The stop sequence itself is told, as there. */
function cutAfterStop(tokens: readonly string[], stops: readonly string[]) {
  let text = "";
  for (const [index, token] of tokens.entries()) {
    text += token;
    if (stops.some((stop) => text.includes(stop))) {
      return { tokens: tokens.slice(0, index + 1), isStopped: true };
    }
  }
  return { tokens: [...tokens], isStopped: false };
}

type Writing = {
  tokens: string[];
  isStopped: boolean;
  isCut: boolean;
  read: number;
  tokenMs: number;
};

async function write(
  exchange: StandInExchange,
  { tokens, isStopped, isCut, read, tokenMs }: Writing,
): Promise<void> {
  const writer = exchange.openEvents();
  const isEnded = !isStopped && !isCut;
  const all = isEnded ? [...tokens, END] : tokens;
  for (const [index, text] of all.entries()) {
    if (tokenMs > 0) await exchange.wait(tokenMs);
    const isLast = index === all.length - 1;
    const reason = isEnded ? "eos_token" : isStopped ? "stop_sequence" : "length";
    const event = {
      index: index + 1,
      token: { id: idOf(text), text, logprob: -0.25, special: text === END },
      generated_text: isLast ? tokens.join("") : null,
      details: isLast
        ? { finish_reason: reason, generated_tokens: all.length, seed: null, input_length: read }
        : null,
    };
    if (!(await writer.send(event))) return;
  }
  writer.end();
}
