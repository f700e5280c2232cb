/** PostgreSQL's classes 22 (data exception) and 23 (a constraint), appendix A; the driver's error is the cause. */
export function isDataError(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return /^2[23]/.test(code);
}
