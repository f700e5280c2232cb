import { processSingleton } from "@/lib/util/process-singleton";
import { isSameSecret } from "./bearer";

/** Where the Parley comes in at which this one is a worker. Shut, as it is unless it was opened, it is not there at all. */
export class ParentDoor {
  #secret: string | undefined;

  get isOpen(): boolean {
    return this.#secret !== undefined;
  }

  /** From now on whoever has `secret` is let in, and nobody else. */
  open(secret: string): void {
    this.#secret = secret;
  }

  lets(given: string | undefined): boolean {
    return this.#secret !== undefined && given !== undefined && isSameSecret(given, this.#secret);
  }
}

/** The door of this process. */
export function parentDoor(): ParentDoor {
  return processSingleton("parent-door", () => new ParentDoor());
}
