import { processSingleton } from "@/lib/util/process-singleton";

/** Whether this process was started for development, where Next stands before every route. The server says so. */
export function development(): { isOn: boolean } {
  return processSingleton("development", () => ({ isOn: false }));
}
