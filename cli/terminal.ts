/** What a command sees of the world around it; tests hand in their own. */
export type Terminal = {
  /** The clone's folder. */
  root: string;
  write(text: string): void;
  writeError(text: string): void;
  /** Resolves when what was written has gone on to a reader; absent: it is kept. */
  drain?(): Promise<void>;
  /** Where keys come from and what is drawn on; absent: nobody types, and nobody looks. */
  streams?: TerminalStreams;
};

/** A process's own, of which either may be a terminal, a pipe or a file. */
export type TerminalStreams = { input: NodeJS.ReadStream; output: NodeJS.WriteStream };
