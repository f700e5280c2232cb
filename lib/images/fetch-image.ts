import { type LookupAddress, lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { promisify } from "node:util";
import { Agent, type Dispatcher, request } from "undici";
import { AppError, isAppError } from "@/lib/errors";
import { NO_IMAGE, sniffMediaType, TOO_LARGE } from "@/lib/protocol/image-data";
import type { ImageAddress, ImagePart } from "@/lib/protocol/message";
import { IMAGE_BYTES_MAX, IMAGE_FETCH_MS_MAX, IMAGE_REDIRECTS_MAX } from "@/lib/upstream-limits";
import { parseAddress } from "@/lib/util/ip-address";
import { isPublicAddress } from "./public-address";

/** The parts of the world that a fetch meets; tests have their own. */
export type ImageNet = {
  /** All addresses of a host, as the system knows them. */
  resolve(host: string): Promise<readonly LookupAddress[]>;
  mayReach(address: string): boolean;
  dispatcher: Dispatcher;
};

export type FetchImageOptions = { signal: AbortSignal; net?: ImageNet; timeoutMs?: number };

/**
 * The image at an address that a client gave. Only https, only hosts all of whose addresses are public, and
 * only what begins as an image does; each redirection is held to the same.
 *
 * A name can be given other addresses between a look and a call (DNS rebinding), so the call looks it up
 * itself, by the same rule, and connects to what it was told.
 *
 * @throws AppError `invalid-request` that says what is wrong with the address or what is there.
 */
export async function fetchImage(
  { url, detail }: ImageAddress,
  { signal, net = publicNet(), timeoutMs = IMAGE_FETCH_MS_MAX }: FetchImageOptions,
): Promise<ImagePart> {
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const bytes = await follow(url, net, AbortSignal.any([signal, limit]));
    const mediaType = sniffMediaType(bytes);
    if (mediaType === undefined) throw refusal(url, NO_IMAGE);
    const data = bytes.toString("base64");
    return { type: "image", mediaType, data, ...(detail && { detail }) };
  } catch (error) {
    signal.throwIfAborted();
    if (isAppError(error)) throw error;
    if (limit.aborted) throw refusal(url, `was not read within ${timeoutMs / 1_000} s.`, error);
    // The cause tells of this server's network, and is for its log.
    throw refusal(url, "could not be read; send the image as a data: URL.", error);
  }
}

async function follow(given: string, net: ImageNet, signal: AbortSignal): Promise<Buffer> {
  let url = toUrl(given, given);
  for (let redirects = 0; ; redirects++) {
    await untilAborted(expectPublic(url, given, net), signal);
    const { statusCode, headers, body } = await request(url, {
      dispatcher: net.dispatcher,
      signal,
      headers: { accept: "image/*", "user-agent": "Parley" },
    });
    const location = headers.location;
    if (statusCode >= 300 && statusCode < 400 && typeof location === "string") {
      body.destroy();
      if (redirects === IMAGE_REDIRECTS_MAX) {
        throw refusal(given, `leads through more than ${IMAGE_REDIRECTS_MAX} other addresses.`);
      }
      url = toUrl(location, given, url);
      continue;
    }
    if (statusCode !== 200) {
      body.destroy();
      throw refusal(given, `answers with status ${statusCode} instead of an image.`);
    }
    return await readBody(body, given);
  }
}

/** The system's look-up of a name takes no signal; what it finds afterwards nobody waits for. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave: (() => void) | undefined;
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    if (leave) signal.removeEventListener("abort", leave);
  }
}

async function readBody(body: Dispatcher.ResponseData["body"], given: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    // undici's bodies are streams of Buffers.
    const bytes = piece as Buffer;
    size += bytes.length;
    if (size > IMAGE_BYTES_MAX) {
      body.destroy();
      throw refusal(given, TOO_LARGE);
    }
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
}

function toUrl(text: string, given: string, base?: URL): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (url?.protocol !== "https:") {
    throw refusal(given, "is no address that begins with https://.");
  }
  if (url.username !== "" || url.password !== "") {
    throw refusal(given, "holds a name or password; send the image as a data: URL.");
  }
  return url;
}

/** Said before a connection is tried, so that a refusal has its reason; the connection is held to it again. */
async function expectPublic(url: URL, given: string, net: ImageNet): Promise<void> {
  const host = bareHost(url);
  const addresses = isIP(host) === 0 ? (await net.resolve(host)).map((it) => it.address) : [host];
  if (addresses.length > 0 && addresses.every((it) => net.mayReach(it))) return;
  throw refusal(given, "is at a host that is not public; send the image as a data: URL.");
}

/** IPv6 stands in brackets there. */
const bareHost = ({ hostname }: URL) => hostname.replace(/^\[(.*)\]$/, "$1");

function refusal(url: string, fault: string, cause?: unknown): AppError {
  const shown = url.length > 120 ? `${url.slice(0, 120)}…` : url;
  return new AppError("invalid-request", {
    message: `The image at ${JSON.stringify(shown)} ${fault}`,
    param: "messages",
    cause,
  });
}

function mayReach(address: string): boolean {
  const bytes = parseAddress(address);
  return bytes !== undefined && isPublicAddress(bytes);
}

/** As `dns.lookup`, but that it finds no host of which any address is out of bounds. */
export function guardedLookup(
  resolve: ImageNet["resolve"],
  isAllowed: ImageNet["mayReach"],
): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (found) => {
        const refused = found.find((it) => !isAllowed(it.address));
        const [first] = found;
        if (refused || !first) callback(new Error(`${host} is not public`), "", 0);
        else if (options.all) callback(null, [...found]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, "", 0),
    );
  };
}

const lookupAll = promisify(lookup);
const resolveAll: ImageNet["resolve"] = (host) => lookupAll(host, { all: true });

let shared: ImageNet | undefined;

/** One for the process: its connections are kept for a few seconds. */
function publicNet(): ImageNet {
  shared ??= {
    resolve: resolveAll,
    mayReach,
    dispatcher: new Agent({
      connect: { lookup: guardedLookup(resolveAll, mayReach), timeout: IMAGE_FETCH_MS_MAX },
      headersTimeout: IMAGE_FETCH_MS_MAX,
      bodyTimeout: IMAGE_FETCH_MS_MAX,
      // A host that answers many is no reason to hold many sockets.
      connections: 16,
    }),
  };
  return shared;
}
