/** What a command sees of the world around it; tests hand in their own. */
export type Terminal = {
  /** The clone's folder. */
  root: string;
  write(text: string): void;
  writeError(text: string): void;
  /** Resolves when what was written has gone on to a reader; absent: it is kept. */
  drain?(): Promise<void>;
};
