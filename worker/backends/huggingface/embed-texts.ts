import * as z from "zod";
import { AppError } from "@/lib/errors";
import { CHARACTERS_A_TOKEN } from "@/lib/fleet-limits";
import type { EmbedReply, EmbedRequest } from "@/lib/protocol/text";
import type { HostCall } from "./host-call";
import type { HostedEntry } from "./hosted-model";
import type { Library } from "./library";

type Asking = HostedEntry & { call: HostCall; library: Library };

/** Texts of one call: what text-embeddings-inference takes unless it is told otherwise (`--max-client-batch-size`). */
const TEXTS_A_CALL = 32;

const vectorsSchema = z.array(z.array(z.number()).min(1));

/**
 * By feature extraction, in as many calls as there are texts for, one after another; each vector is made as long
 * as one.
 *
 * @throws AppError, or what the library throws
 */
export async function embedTexts(request: EmbedRequest, asking: Asking): Promise<EmbedReply> {
  const texts = request.inputs.map((input, index) => {
    if (typeof input === "string") return input;
    const message = `${asking.model.name} reads texts alone, no ids of tokens. Send the text.`;
    throw new AppError("unsupported-parameter", { message, param: `inputs.${index}` });
  });
  const cut = toCut(request, asking);
  const embeddings: number[][] = [];
  for (let from = 0; from < texts.length; from += TEXTS_A_CALL) {
    embeddings.push(...(await askFor(texts.slice(from, from + TEXTS_A_CALL), cut, asking)));
  }
  const characters = texts.reduce((sum, it) => sum + it.length, 0);
  // Nobody counts here.
  return { embeddings, promptTokens: Math.ceil(characters / CHARACTERS_A_TOKEN) };
}

async function askFor(
  inputs: string[],
  cut: { truncate?: boolean },
  { library, call, model, token }: Asking,
): Promise<number[][]> {
  const { endpoint, provider, model: name, billTo } = model;
  const place =
    endpoint === undefined
      ? { provider: provider ?? "auto", model: name ?? "" }
      : { endpointUrl: endpoint };
  const reply = await library.featureExtraction(
    { ...place, ...(token !== undefined && { accessToken: token }), inputs, ...cut },
    { fetch: call.fetch, retry_on_error: false, ...(billTo !== undefined && { billTo }) },
  );
  const vectors = vectorsSchema.safeParse(reply);
  if (vectors.success && vectors.data.length === inputs.length)
    return vectors.data.map(toUnitLength);
  throw new AppError("upstream-invalid", {
    message:
      "The server behind this model sent another number of vectors than of texts, or a vector for each token.",
  });
}

/** @throws AppError for a treatment of long texts that nobody there has a word for. */
function toCut({ overflow = "refuse" }: EmbedRequest, { model }: Asking): { truncate?: boolean } {
  const isOwn = model.endpoint !== undefined;
  if (overflow === "truncate" && isOwn) return { truncate: true };
  if (overflow === "refuse") return isOwn ? { truncate: false } : {};
  const message = `${model.name} cannot be told what becomes of a text that is too long. Leave it out.`;
  throw new AppError("unsupported-parameter", { message, param: "overflow" });
}

function toUnitLength(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  // A vector of zeros has no direction.
  return length === 0 ? [...vector] : vector.map((it) => it / length);
}
