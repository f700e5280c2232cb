import { processSingleton } from "./process-singleton";

/** Shut until this process has what it serves with: its database, with the schema of this build. */
export class StartGate {
  #isOpen = false;
  #settle: () => void = () => {};
  readonly #opened = new Promise<void>((settle) => {
    this.#settle = settle;
  });

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    this.#settle();
  }

  /** Resolves when it opens, or after `limitMs`, with whether it is open. */
  async wait(limitMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((settle) => {
      timer = setTimeout(settle, limitMs);
    });
    await Promise.race([this.#opened, late]);
    clearTimeout(timer);
    return this.#isOpen;
  }
}

/** The one of this process: opened where Next boots, waited for where requests come in. */
export function startGate(): StartGate {
  return processSingleton("start-gate", () => new StartGate());
}
