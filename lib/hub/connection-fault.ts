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

/** In words of the system, such as `connect ECONNREFUSED 127.0.0.1:9`: a client says `fetch failed` of everything. */
export function wordsOfFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  // One for each address that was tried has no words of its own.
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
  return inner instanceof Error && inner.message !== "" ? inner.message : error.message;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
