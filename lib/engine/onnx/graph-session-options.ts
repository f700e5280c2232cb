/** How a graph is opened, whichever implementation runs it. */
export type GraphSessionOptions = {
  /** Cores that one run may use, the calling one included. */
  threadCount: number;
  /** What errors call a model that is given as bytes: the path it was made from. */
  source?: string;
  /** Where the weights outside a model that is given as bytes lie. One given by its path finds its own. */
  externalDataFolder?: string;
  /** onnxruntime's session configuration entries; they go over `SESSION_DEFAULTS`. */
  configEntries?: Readonly<Record<string, string>>;
};

/** Entries that every session of ours starts from. */
export const SESSION_DEFAULTS: Readonly<Record<string, string>> = {
  "session.intra_op.allow_spinning": "1",
  "session.force_spinning_stop": "1",
};

const EXTERNAL_DATA_FOLDER = "session.model_external_initializers_file_folder_path";

/** All entries of a session: the defaults, what the options imply, what they state. */
export function toConfigEntries(options: GraphSessionOptions): Record<string, string> {
  const { externalDataFolder, configEntries } = options;
  return {
    ...SESSION_DEFAULTS,
    ...(externalDataFolder === undefined ? {} : { [EXTERNAL_DATA_FOLDER]: externalDataFolder }),
    ...configEntries,
  };
}
