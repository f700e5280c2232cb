import { TITLE_CHARACTERS_MAX } from "@/lib/protocol/conversation-view";

/** What a conversation is called: as its visitor named it, else by its first prompt, in one line. */
export function toTitle(title: string | null, prompt: string): string {
  if (title !== null) return title;
  const line = prompt.replace(/\s+/g, " ").trim();
  // By code points, so that none is cut in two.
  const points = [...line.slice(0, 2 * TITLE_CHARACTERS_MAX + 2)];
  if (points.length <= TITLE_CHARACTERS_MAX) return line === "" ? "Untitled" : points.join("");
  return `${points
    .slice(0, TITLE_CHARACTERS_MAX - 1)
    .join("")
    .trimEnd()}…`;
}

/** For the name of a file: letters and digits that every system takes. */
export function toFileName(title: string, extension: string): string {
  const slug = title
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 60)
    .replace(/^-+|-+$/g, "");
  return `parley-${slug === "" ? "conversation" : slug}.${extension}`;
}
