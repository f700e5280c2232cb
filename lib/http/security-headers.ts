/**
 * What every answer of the platform tells browsers, whoever writes it: Next has it from next.config.ts, the
 * front from write-answer.ts.
 */
export const SECURITY_HEADERS = {
  // Nobody may lay our vote buttons under a page of theirs.
  "content-security-policy": "frame-ancestors 'none'",
  // JSON that holds a user's words is no page, whatever it looks like.
  "x-content-type-options": "nosniff",
  // The address of a battle is nobody else's business.
  "referrer-policy": "same-origin",
} as const;
