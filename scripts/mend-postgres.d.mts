/** @throws Error where another version is installed than the one that this was written for */
export function mendPostgres(folder?: string): void;
