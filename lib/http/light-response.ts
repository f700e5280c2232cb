import type { Streamed } from "./event-stream";
import { copyHeaders } from "./light-headers";

/** Members of Response that are answered by a real one, made when one of them is first used. */
const FIELDS = ["body", "bodyUsed", "redirected", "type", "url"] as const;
const METHODS = ["arrayBuffer", "blob", "clone", "formData", "json", "text"] as const;

/** A mark on the object itself: server and routes are two bundles, each with this module of its own. */
const SOURCE = Symbol.for("parley.response-source");

export type LightBody = string | Streamed | null;

/**
 * An answer of text or of events, kept as what it was made from. The front writes that to the socket as it
 * is; everybody else has a `Response` in it, whose streams are only made when they are asked for.
 */
class LightResponse {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly [SOURCE]: LightBody;
  #real: Response | undefined;

  constructor(source: LightBody, { status = 200, statusText = "", headers }: ResponseInit = {}) {
    this[SOURCE] = source;
    this.status = status;
    this.statusText = statusText;
    this.headers = copyHeaders(headers);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get real(): Response {
    // Made once: a second stream over the same events would take some of them.
    if (this.#real) return this.#real;
    const { [SOURCE]: source, status, statusText, headers } = this;
    const body = typeof source === "string" || source === null ? source : source.toWeb();
    this.#real = new Response(body, { status, statusText, headers: [...headers] });
    return this.#real;
  }
}

for (const name of FIELDS) {
  Object.defineProperty(LightResponse.prototype, name, {
    get(this: LightResponse) {
      return this.real[name];
    },
  });
}
for (const name of METHODS) {
  Object.defineProperty(LightResponse.prototype, name, {
    value(this: LightResponse) {
      return this.real[name]();
    },
  });
}
Object.setPrototypeOf(LightResponse.prototype, Response.prototype);

export function lightResponse(source: LightBody, init?: ResponseInit): Response {
  // Every member of Response is one of the class, of FIELDS or of METHODS.
  return new LightResponse(source, init) as unknown as Response;
}

/** What an answer was made from; undefined for one that was not made here. */
export function sourceOf(response: Response): LightBody | undefined {
  // The mark is ours alone, so that what lies there is the class's own.
  return (response as { [SOURCE]?: LightBody })[SOURCE];
}
