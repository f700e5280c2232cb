/** What Node and its client say of a connection that was there and is not any more, or of a name server that is late. */
const LOST = new Set([
  ...["ECONNRESET", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "UND_ERR_SOCKET", "UND_ERR_BODY_TIMEOUT"],
  ...["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT"],
]);

/**
 * Whether asking again may help at once: a connection that broke. A host that is not there or whose certificate is
 * wrong is told to the person instead.
 */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return LOST.has(codeOf(error)) || LOST.has(codeOf(error.cause));
}

/**
 * In the words of whoever was last to know, such as `connect ECONNREFUSED 127.0.0.1:9` or a proxy's refusal: a client
 * says `fetch failed` of everything.
 */
export function wordsOfFault(error: unknown): string {
  let words = error instanceof Error ? error.message : String(error);
  for (let inner = error; inner instanceof Error; inner = innerOf(inner)) {
    if (inner.message !== "") words = inner.message;
  }
  return words;
}

/** One for each address that was tried has no words of its own. */
function innerOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : error.cause;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
