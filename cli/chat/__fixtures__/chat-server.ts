import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a model is asked with. */
export type Asked = {
  model: string;
  messages: { role: string; content: string }[];
  [field: string]: unknown;
};

/** An answer that the test writes, piece by piece. */
export class OpenAnswer {
  readonly asked: Asked;
  readonly #response: ServerResponse;
  readonly left: Promise<unknown>;

  constructor(asked: Asked, response: ServerResponse) {
    this.asked = asked;
    this.#response = response;
    this.left = once(response, "close");
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
  }

  write(content: string, more: object = {}): this {
    return this.send({ choices: [{ index: 0, delta: { content, ...more }, finish_reason: null }] });
  }

  send(data: unknown): this {
    this.#response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
    return this;
  }

  end(finish = "stop"): void {
    this.send({ choices: [{ index: 0, delta: {}, finish_reason: finish }] });
    this.send({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 5 } });
    this.send("[DONE]");
    this.#response.end();
  }

  break(): void {
    this.#response.destroy();
  }
}

/** A server in the form of OpenAI's API whose answers a test writes. */
export class ChatServer {
  readonly #waiting: ((answer: OpenAnswer) => void)[] = [];
  readonly #open: OpenAnswer[] = [];
  readonly #server = createServer((request, response) => {
    if (this.refusal) {
      const { status, headers = {}, body } = this.refusal;
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
      return;
    }
    this.keys.push(request.headers.authorization);
    if (request.url === "/v1/models") {
      const data = this.models.map((id) => ({ id, object: "model", ...this.facts[id] }));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ object: "list", data }));
      return;
    }
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const answer = new OpenAnswer(JSON.parse(body), response);
      const take = this.#waiting.shift();
      if (take) take(answer);
      else this.#open.push(answer);
    });
  });
  models = ["alpha", "beta"];
  /** What the list says of some of them besides. */
  facts: Record<string, object> = {};
  keys: (string | undefined)[] = [];
  refusal: { status: number; headers?: Record<string, string>; body: unknown } | undefined;
  url = "";

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  /** The next question that nobody has answered. */
  async asked(): Promise<OpenAnswer> {
    const open = this.#open.shift();
    if (open) return open;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
