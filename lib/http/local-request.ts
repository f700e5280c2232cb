import { env } from "@/lib/env";
import { isLoopback } from "@/lib/util/loopback";
import { development } from "./development";
import { NEXT_TRACES, PROXY_TRACES } from "./proxy-traces";

/**
 * Whether a request can only come from a program on this machine: the server listens on loopback, nothing
 * says that a proxy stands in front (it makes strangers look local), and the request was sent to a name
 * of this machine. A page of a stranger may have its own name point at 127.0.0.1, and is then of the same
 * origin as far as its browser knows; but that name stands in `Host`.
 */
export function isLocalRequest(request: Request): boolean {
  if (!isLocalServer()) return false;
  const { headers } = request;
  if (PROXY_TRACES.some((name) => headers.has(name))) return false;
  const host = headers.get("host") ?? new URL(request.url).host;
  return isLocalName(host) && isForwardedByNobody(headers, host);
}

/**
 * Next itself writes some of a proxy's headers where there are none: the address that the connection came
 * from, and the host, port and scheme as they were. In development it stands before every route, so that there they must be
 * read. Elsewhere any such header is a proxy's: one behind a tunnel that ends on this machine names this
 * machine for everybody.
 */
function isForwardedByNobody(headers: Headers, host: string): boolean {
  if (!development().isOn) return !NEXT_TRACES.some((name) => headers.has(name));
  const addresses = headers.get("x-forwarded-for")?.split(",") ?? [];
  const isFromHere = addresses.every((it) => isLoopback(it.trim().replace(/^::ffff:/, "")));
  return isFromHere && (headers.get("x-forwarded-host") ?? host) === host;
}

/** Whether nobody but this machine can reach this server, as far as its settings say. */
export function isLocalServer(): boolean {
  const { HOST, PARLEY_PUBLIC_URL } = env();
  return isLoopback(HOST) && PARLEY_PUBLIC_URL === undefined;
}

function isLocalName(host: string): boolean {
  const address = `http://${host}/`;
  if (!URL.canParse(address)) return false;
  const name = new URL(address).hostname.replace(/^\[|\]$/g, "");
  // Browsers and resolvers keep all of .localhost at home (RFC 6761 §6.3).
  return isLoopback(name) || name.endsWith(".localhost");
}
