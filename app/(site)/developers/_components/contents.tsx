const CHAPTERS = [
  ["start", "Begin"],
  ["streams", "Streams"],
  ["tools", "Tools"],
  ["json", "JSON"],
  ["responses", "Responses"],
  ["messages", "Messages"],
  ["completions", "Completions"],
  ["embeddings", "Embeddings"],
  ["rerank", "Rerank"],
  ["tokens", "Tokens"],
  ["auto", "Aliases, fallbacks, auto"],
  ["feedback", "Feedback"],
  ["errors", "Errors"],
  ["limits", "Limits and headers"],
  ["endpoints", "All endpoints"],
] as const;

/** Beside the text on a desk, above it on a phone. */
export function Contents() {
  return (
    <nav aria-label="On this page" className="lg:sticky lg:top-24 lg:self-start">
      <ul className="flex flex-wrap gap-x-5 gap-y-1 pb-8 text-sm lg:block lg:space-y-2 lg:pb-0">
        {CHAPTERS.map(([id, title]) => (
          <li key={id}>
            <a
              href={`#${id}`}
              className="inline-flex items-center text-ink-soft underline-offset-4 hover:text-ink hover:underline pointer-coarse:min-h-11"
            >
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
