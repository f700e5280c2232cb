import { Agent, Dispatcher, EnvHttpProxyAgent, setGlobalDispatcher } from "undici";
import { type AddressRange, isInRange, parseAddress, parseRange } from "./ip-address";
import { isLoopback } from "./loopback";
import { StartError } from "./start-error";

/**
 * The way out of networks whose machines reach others by a proxy alone, as the variables say that curl and most
 * programs read: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. Node's own fetch reads none of them before Node 24.
 *
 * What goes this way is what this platform asks of hosts that its operator named: hubs, providers, endpoints. Web and
 * workers speak to each other without it, as does whatever asks this machine. Images at addresses of strangers do not
 * take it either: a proxy finds the host by itself, so nobody here could see that it is none of the network's own.
 */

type Variable = (name: string) => string | undefined;
type Proxies = { http: string | undefined; https: string | undefined; direct: string };

/**
 * Lets every `fetch` of this process without a way of its own take the proxy that is set; without one nothing changes.
 *
 * @param variable what a variable holds
 * @returns whether there is a proxy
 * @throws StartError naming the variable that holds none, never what it holds: passwords stand there.
 */
export function takeOutboundProxy(variable: Variable): boolean {
  const proxies = readProxies(variable);
  if (proxies === undefined) return false;
  setGlobalDispatcher(new OutboundProxy(proxies, {}));
  return true;
}

/** The same as a client with settings of its own, or a plain one where no proxy is set. */
export function outboundDispatcher(variable: Variable, options: Agent.Options = {}): Dispatcher {
  const proxies = readProxies(variable);
  return proxies === undefined ? new Agent(options) : new OutboundProxy(proxies, options);
}

function readProxies(variable: Variable): Proxies | undefined {
  const http = readProxy("HTTP_PROXY", variable);
  const https = readProxy("HTTPS_PROXY", variable);
  const direct = readEither("NO_PROXY", variable) ?? "";
  const isNone = http === undefined && https === undefined;
  return isNone || direct === "*" ? undefined : { http, https, direct };
}

/** Small letters come first, as with curl. */
function readEither(name: string, variable: Variable): string | undefined {
  return (variable(name.toLowerCase()) ?? variable(name))?.trim() || undefined;
}

function readProxy(name: string, variable: Variable): string | undefined {
  const word = readEither(name, variable);
  if (word === undefined) return undefined;
  // Many write the host alone.
  const text = word.includes("://") ? word : `http://${word}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.hostname !== "") return url.href;
  throw new StartError({
    message: `${name} holds no address of a proxy.`,
    remedy: "Write http://host:port or http://user:password@host:port, or unset it.",
  });
}

class OutboundProxy extends Dispatcher {
  readonly #direct: Agent;
  readonly #proxied: EnvHttpProxyAgent;
  readonly #ranges: AddressRange[];

  constructor({ http, https, direct }: Proxies, options: Agent.Options) {
    super();
    const words = direct.split(/[,\s]+/).filter((word) => word !== "");
    // Blocks of addresses, which many programs read there and the library does not.
    this.#ranges = words.flatMap((word) => parseRange(word.replace(/^\[(.*)\]$/, "$1")) ?? []);
    this.#direct = new Agent(options);
    this.#proxied = new EnvHttpProxyAgent({
      ...options,
      // Absent, the library would look into the environment itself.
      ...{ httpProxy: http ?? "", httpsProxy: https ?? "", noProxy: words.join(",") },
      // Proxies commonly refuse tunnels to other ports than that of https.
      proxyTunnel: false,
    });
  }

  override dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    const way = this.#isNear(new URL(String(options.origin))) ? this.#direct : this.#proxied;
    return way.dispatch(options, handler);
  }

  #isNear({ hostname }: URL): boolean {
    const host = hostname.replace(/^\[(.*)\]$/, "$1");
    if (isLoopback(host) || host.endsWith(".localhost")) return true;
    const address = parseAddress(host);
    return address !== undefined && this.#ranges.some((range) => isInRange(address, range));
  }

  override async close(): Promise<void> {
    await Promise.all([this.#direct.close(), this.#proxied.close()]);
  }

  override async destroy(): Promise<void> {
    await Promise.all([this.#direct.destroy(), this.#proxied.destroy()]);
  }
}
