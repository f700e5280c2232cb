import { resolve } from "node:path";

/** The checkout: this file lies one folder below it, and so does the bundle that it becomes part of. */
export const ROOT = resolve(import.meta.dirname, "..");
