import type { ServerResponse } from "node:http";
import { CHARACTERS_A_TOKEN } from "@/lib/fleet-limits";
import { LOAD_HEADER, toLoadHeader } from "@/lib/protocol/load-header";
import type { Admission } from "./admission";
import { sendJson } from "./error-reply";
import { tellLoadWithoutOne } from "./tell-load";
import type { RequestMetrics } from "./vllm-metrics";
import type { WorkMeter } from "./work-meter";

type Texts = readonly (string | readonly number[])[];

/** What a request gives to read. */
export type ToRead = { query?: string } & (
  | { inputs: Texts; documents?: never }
  | { documents: Texts; inputs?: never }
);

export type ReadOptions = {
  request: ToRead;
  admission: Admission;
  meter: WorkMeter;
  /** Called once it is let in. */
  show: () => RequestMetrics;
  response: ServerResponse;
  signal: AbortSignal;
  call: () => Promise<{ promptTokens: number }>;
};

/**
 * Answers what reads texts, in a slot like what writes, since it loads the model as much.
 *
 * @throws AppError
 */
export async function readTexts(options: ReadOptions): Promise<void> {
  const { request, admission, meter, show, response, signal, call } = options;
  const ticket = admission.enter(signal);
  const shown = show();
  const work = meter.enter({ promptCharacters: countCharacters(request), maxTokens: 0 });
  try {
    const slot = await ticket.slot;
    work.start();
    shown.started();
    try {
      const reply = await call();
      work.end(reply.promptTokens);
      shown.read(reply.promptTokens);
      shown.ended("stop");
      response.setHeader(LOAD_HEADER, toLoadHeader(tellLoadWithoutOne(admission, meter)));
      sendJson(response, reply);
    } finally {
      slot.release();
    }
  } finally {
    work.end();
    shown.ended(signal.aborted ? "abort" : "error");
  }
}

function countCharacters({ query = "", ...request }: ToRead): number {
  const texts: Texts = request.inputs ?? request.documents;
  // Token ids stand for as much text as is usual; a query is read with each document.
  return texts.reduce((sum, text) => {
    const length = typeof text === "string" ? text.length : text.length * CHARACTERS_A_TOKEN;
    return sum + length + query.length;
  }, 0);
}
