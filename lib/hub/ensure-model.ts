import { basename, resolve } from "node:path";
import { type DownloadModelOptions, downloadModel } from "./download-model";
import { readRecord } from "./model-record";

/**
 * The folder of a model, brought where it is not there. One that is there as it was asked for is taken as it is,
 * without a word to the hub: a worker starts again while the line is down.
 *
 * @throws AppError as downloadModel does
 */
export async function ensureModel(options: DownloadModelOptions): Promise<string> {
  const folder = resolve(options.parent, options.name ?? basename(options.repo));
  const known = await readRecord(folder);
  const isWanted =
    known?.repo === options.repo &&
    (options.revision === undefined || [known.revision, known.commit].includes(options.revision)) &&
    (options.weights === undefined ||
      known.files.some(
        ({ path }) => path.endsWith(`/${options.weights}`) || path === options.weights,
      ));
  return isWanted ? folder : (await downloadModel(options)).folder;
}
