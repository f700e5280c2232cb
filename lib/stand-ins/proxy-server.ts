import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/**
 * A proxy as networks have them: CONNECT for https and the whole address for http (RFC 9110, 9.3.6 and 7.1). It knows
 * the names that a test gives, which the system does not know, and refuses all others.
 */

export type ProxyServer = {
  url: string;
  /** What was asked of it: `CONNECT host:port` or `GET http://host/path`, and with which credentials. */
  readonly asked: { line: string; credentials: string | undefined }[];
  close(): Promise<void>;
};

export type ProxyServerOptions = {
  /** Ports of this machine by name. */
  hosts: Record<string, number>;
  /** `user:password` that everyone must show. */
  credentials?: string;
};

export async function startProxy({ hosts, credentials }: ProxyServerOptions): Promise<ProxyServer> {
  const asked: ProxyServer["asked"] = [];
  /** The port to go on to, or the status to answer with. */
  const admit = (line: string, host: string, incoming: IncomingMessage) => {
    const [, word] = /^Basic (.+)$/.exec(incoming.headers["proxy-authorization"] ?? "") ?? [];
    const shown = word && Buffer.from(word, "base64").toString();
    asked.push({ line, credentials: shown });
    if (credentials !== undefined && shown !== credentials) return { status: 407 };
    const port = hosts[host];
    return port === undefined ? { status: 403 } : { port };
  };
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? "");
    const { port, status } = admit(`${incoming.method} ${url.href}`, url.hostname, incoming);
    if (port === undefined) response.writeHead(status).end();
    else forward(incoming, response, { port, path: url.pathname + url.search });
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("connect", (incoming, socket: Socket, head: Buffer) => {
    const [host = ""] = (incoming.url ?? "").split(":");
    const { port, status } = admit(`CONNECT ${incoming.url}`, host, incoming);
    if (port === undefined) socket.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
    else tunnel(socket, head, port);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    ...{ url: `http://127.0.0.1:${port}`, asked },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  { port, path }: { port: number; path: string },
): void {
  const { method, headers } = incoming;
  const { "proxy-authorization": _, ...passed } = headers;
  const outgoing = request({ host: "127.0.0.1", port, path, method, headers: passed }, (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  incoming.pipe(outgoing);
}

function tunnel(socket: Socket, head: Buffer, port: number): void {
  const upstream = connect(port, "127.0.0.1", () => {
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  upstream.on("error", () => socket.destroy());
  socket.on("error", () => upstream.destroy());
}
