import { processSingleton } from "@/lib/util/process-singleton";

/** More different troubles than anyone reads. */
const TROUBLES_MAX = 1_000;

/** Logs what is found again at every reading, of rows that are read twice a second, once a process. */
export function logOnce(trouble: string, write: () => void): void {
  const logged = processSingleton("log-once", () => new Set<string>());
  if (logged.has(trouble) || logged.size >= TROUBLES_MAX) return;
  logged.add(trouble);
  write();
}
