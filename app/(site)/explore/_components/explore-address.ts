/** What is open and searched for, as the address says it. */
export type ExploreAddress = {
  /** A topic's id; null: none is open. */
  topic: string | null;
  search: string;
};

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** As long as a name can be. */
export const SEARCH_CHARACTERS_MAX = 100;

/** What the address says; whatever else stands there is as good as nothing. */
export function readExploreAddress(
  query: Record<string, string | string[] | undefined>,
): ExploreAddress {
  const { topic, q } = query;
  return {
    topic: typeof topic === "string" && UUID.test(topic) ? topic.toLowerCase() : null,
    search: typeof q === "string" ? q.slice(0, SEARCH_CHARACTERS_MAX) : "",
  };
}

export function explorePath(path: string, { topic, search }: ExploreAddress): string {
  const query = new URLSearchParams();
  if (search.trim() !== "") query.set("q", search.trim());
  if (topic !== null) query.set("topic", topic);
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}
