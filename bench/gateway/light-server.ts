import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { releaseWords } from "./words";

/** Ends what is held: see `words.ts`. */
export const RELEASE_PATH = "/release";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => Promise<void>;

/** The server of all that answers behind a gateway: as little as Node lets one have. Resolves with its port. */
export function serveLight(answer: Answer): Promise<number> {
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => {
      body += part;
    });
    request.on("end", () => {
      if (request.url === RELEASE_PATH) {
        releaseWords();
        response.end("{}");
        return;
      }
      answer(request, response, body).catch(() => response.writeHead(400).end());
    });
  });
  return new Promise((resolve) => {
    // Streams come by the hundred at once.
    server.listen(0, "127.0.0.1", 4_096, () => {
      // Listening on a TCP port, the address is never a string nor null.
      resolve((server.address() as AddressInfo).port);
    });
  });
}
