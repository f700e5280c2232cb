import { connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";

/** `open` forwards; `deaf` accepts and holds everything back, as a lost network does; `closed` refuses and resets. */
export type LinkState = "open" | "deaf" | "closed";

/** Where a link leads, in the order in which it tries them. */
export type LinkTargets = () => NetConnectOpts[];

/**
 * A piece of wire between two processes that a test can cut. What was accepted while it was deaf goes on
 * when it is opened again.
 */
export class Link {
  readonly #targets: LinkTargets;
  readonly #server: Server;
  readonly #pairs = new Map<Socket, Socket | undefined>();
  #state: LinkState = "open";
  #closedBytes = 0;
  /** 0 until it is opened. */
  port = 0;

  constructor(targets: LinkTargets) {
    this.#targets = targets;
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Bytes that came back from where it leads, over all connections. */
  get receivedBytes(): number {
    const open = [...this.#pairs.values()].map((far) => far?.bytesRead ?? 0);
    return open.reduce((sum, bytes) => sum + bytes, this.#closedBytes);
  }

  async open(port = 0): Promise<void> {
    await new Promise<void>((settle, fail) => {
      this.#server.once("error", fail);
      this.#server.listen(port, "127.0.0.1", settle);
    });
    const address = this.#server.address();
    if (typeof address === "object" && address) this.port = address.port;
  }

  /** From now on, for what is connected already too. */
  set(state: LinkState): void {
    this.#state = state;
    for (const [near, far] of this.#pairs) {
      if (state === "closed") near.destroy();
      else if (state === "deaf") this.#hold(near, far);
      else this.#forward(near, far);
    }
  }

  close(): void {
    this.set("closed");
    this.#server.close();
  }

  #accept(near: Socket): void {
    if (this.#state === "closed") {
      near.resetAndDestroy();
      return;
    }
    this.#pairs.set(near, undefined);
    near.on("error", () => undefined);
    near.on("close", () => {
      const far = this.#pairs.get(near);
      this.#closedBytes += far?.bytesRead ?? 0;
      far?.destroy();
      this.#pairs.delete(near);
    });
    if (this.#state === "open") this.#forward(near, undefined);
  }

  #hold(near: Socket, far: Socket | undefined): void {
    near.unpipe().pause();
    far?.unpipe().pause();
  }

  #forward(near: Socket, far: Socket | undefined): void {
    if (!far) this.#connect(near, this.#targets());
    else if (!far.connecting) {
      near.pipe(far);
      far.pipe(near);
    }
  }

  #connect(near: Socket, [target, ...others]: NetConnectOpts[]): void {
    if (!target) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(target);
    this.#pairs.set(near, far);
    let isConnected = false;
    far.on("error", () => {
      if (isConnected) near.destroy();
      else if (!near.destroyed) this.#connect(near, others);
    });
    far.once("connect", () => {
      isConnected = true;
      // What it has sent and we have not passed on yet goes first.
      far.on("close", () => near.end());
      if (this.#state === "open") this.#forward(near, far);
    });
  }
}
