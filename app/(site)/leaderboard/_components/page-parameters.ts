/** What Next gives a page of the query in its address. */
export type PageParameters = Record<string, string | string[] | undefined>;

/** Of a name that stands there twice the first counts, as in `URLSearchParams.get`. */
export function toQuery(parameters: PageParameters): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const text of [value ?? []].flat()) query.append(name, text);
  }
  return query;
}
