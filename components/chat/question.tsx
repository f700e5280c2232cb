/** The reader's own turn: right-aligned and plain, on the paper itself. */
export function Question({ text }: { text: string }) {
  return (
    <div className="flex justify-end">
      <h2 className="max-w-[60ch] text-base font-medium wrap-anywhere whitespace-pre-wrap">
        <span className="sr-only">You asked: </span>
        {text}
      </h2>
    </div>
  );
}
