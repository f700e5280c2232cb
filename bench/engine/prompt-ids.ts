/** Ids that every vocabulary here has; two salts give prompts that differ from their first token on. */
export function promptIds(count: number, salt: number): number[] {
  return Array.from(
    { length: count },
    (_, index) => FIRST + ((index * 7_919 + salt * 104_729) % SPAN),
  );
}

/** Above the bytes and below the control tokens, in all vocabularies that the benchmark writes. */
const FIRST = 256;
const SPAN = 40_000;
