import type { Device } from "./device";

/** How a graph is opened, whichever implementation runs it. */
export type GraphSessionOptions = {
  /** Cores that one run may use, the calling one included. */
  threadCount: number;
  /** What runs the operators; unless given, the CPU. */
  device?: Device;
  /** What errors call a model that is given as bytes: the path it was made from. */
  source?: string;
  /** Where the weights outside a model that is given as bytes lie. One given by its path finds its own. */
  externalDataFolder?: string;
  /** onnxruntime's session configuration entries; they go over `SESSION_DEFAULTS`. */
  configEntries?: Readonly<Record<string, string>>;
};

/**
 * Entries that every session of ours starts from.
 *
 * A decode step has some two hundred short parallel sections, so its threads do better to wait for the
 * next one awake. onnxruntime lets them do so for tens of milliseconds, also when no step follows, and on
 * cores that others want as well. Milliseconds a step, 2 threads, configurations taken in turn, lower
 * quartiles; in brackets the processor time that is burnt after the last step:
 *
 * | waiting awake   | 135M int4, batch 1 | batch 8 | 2M int8, batch 1 | 135M, at a load of 8 on 2 cores |
 * | --------------- | ------------------ | ------- | ---------------- | ------------------------------- |
 * | not at all      | 8.9                | 22.7    | 0.29             | 9.5                             |
 * | 200 µs (ours)   | 5.8 (2 ms)         | 17.7    | 0.19             | 12.3                            |
 * | 1,000 µs        | 5.7 (4 ms)         | 17.5    | 0.19             | 18.4                            |
 * | as by default   | 6.4 (12 ms and on) | 18.4    | 0.17             | 21.6                            |
 * | so, but stopped | 6.4 (none)         | 17.7    | 0.27             | 23.2                            |
 *
 * ("Stopped" is session.force_spinning_stop, which wakes the threads anew at each step.) Tried in the same
 * way without a difference beyond the noise of 5 %: session.intra_op.spin_backoff_max,
 * session.dynamic_block_base, session.set_denormal_as_zero, session.use_device_allocator_for_initializers,
 * memory patterns off, the CPU arena off (which takes 56 MiB more after prompts of 256 tokens), threads
 * bound to cores. session.disable_prepacking: 40 times slower.
 */
export const SESSION_DEFAULTS: Readonly<Record<string, string>> = {
  "session.intra_op.allow_spinning": "1",
  "session.intra_op.spin_duration_us": "200",
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
