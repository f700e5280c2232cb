/** What computes boards: `0.1.0+sha256.<hash of the sources>`. */
export function codeVersion(at?: string): string;
