/**
 * The text of a response from a server that is not ours.
 *
 * @throws Error where it is longer than `charactersMax`
 */
export async function readLimited(response: Response, charactersMax: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > charactersMax) throw new Error("the reply is too long");
  }
  return text + decoder.decode();
}
