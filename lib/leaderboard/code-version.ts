/**
 * Put there by whoever bundles this file (scripts/code-version.mjs): the package's version with a hash of the
 * sources that compute a board, so that a published board names what computed it.
 */
declare const PARLEY_CODE_VERSION: string | undefined;

/** Of sources that nobody bundled, as in a test. */
const UNBUNDLED = "unbundled";

export function codeVersion(): string {
  return typeof PARLEY_CODE_VERSION === "string" ? PARLEY_CODE_VERSION : UNBUNDLED;
}
