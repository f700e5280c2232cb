import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export type Wire = {
  /** Of the same database, by way of the wire. */
  url: string;
  /** The words at which it was cut, in order. */
  cut: string[];
};

/**
 * A wire to the database at `url` that is cut as soon as a client says one of these words, each once: as a server
 * that ends closes it, or as one that is gone resets it. It lives as long as the test.
 */
export async function openWire(
  url: string,
  words: readonly string[],
  how: "close" | "reset" = "close",
): Promise<Wire> {
  const { hostname, port, searchParams } = new URL(url);
  const folder = searchParams.get("host");
  const at = Number(port || 5432);
  const left = [...words];
  const cut: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = folder
      ? connectSocket(join(folder, `.s.PGSQL.${at}`))
      : connectSocket(at, hostname);
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        database.destroy();
      });
    }
    database.on("data", (bytes) => void client.write(bytes));
    client.on("data", (bytes) => {
      const found = left.findIndex((word) => bytes.includes(word));
      if (found === -1) return void database.write(bytes);
      cut.push(...left.splice(found, 1));
      if (how === "close") client.end();
      else client.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const way = new URL(url);
  way.searchParams.delete("host");
  way.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: way.href, cut };
}
