const CURRENT_DATE_TIME = /\{\{\s*currentDateTime\s*\}\}/g;

/** A system prompt as one turn sends it: `{{currentDateTime}}` is the moment of the turn, such as `2026-03-01 14:05:09 UTC`. */
export function fillSystemPrompt(template: string, now: Date): string {
  const moment = `${now.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return template.replaceAll(CURRENT_DATE_TIME, moment);
}
