import { basename, resolve } from "node:path";
import { findGaps } from "./check-files";
import { type DownloadModelOptions, downloadModel } from "./download-model";
import { type ModelRecord, readRecord } from "./model-record";

/**
 * The folder of a model, brought where it is not there or not whole. One that is there as it was asked for is taken as
 * it is, without a word to the hub: a worker starts again while the line is down.
 *
 * @throws AppError as downloadModel does
 */
export async function ensureModel(options: DownloadModelOptions): Promise<string> {
  const folder = resolve(options.parent, options.name ?? basename(options.repo));
  const known = await readRecord(folder);
  const isThere =
    known && isWanted(known, options) && (await findGaps(folder, known.files)).length === 0;
  return isThere ? folder : (await downloadModel(options)).folder;
}

function isWanted(known: ModelRecord, { repo, revision, weights }: DownloadModelOptions): boolean {
  if (known.repo !== repo) return false;
  if (revision !== undefined && ![known.revision, known.commit].includes(revision)) return false;
  return (
    weights === undefined ||
    known.files.some(({ path }) => path.endsWith(`/${weights}`) || path === weights)
  );
}
