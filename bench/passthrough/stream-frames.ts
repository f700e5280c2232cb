/** The events of a stream, each as the bytes that it came in; undefined for what is no stream. */
export function toFrames(bytes: Buffer, contentType: string): Buffer[] | undefined {
  if (/^text\/event-stream/.test(contentType)) return cutAfter(bytes, "\n\n");
  if (/^application\/(x-ndjson|stream\+json)/.test(contentType)) return cutAfter(bytes, "\n");
  if (/^application\/vnd\.amazon\.eventstream/.test(contentType)) return cutByLength(bytes);
  return undefined;
}

function cutAfter(bytes: Buffer, mark: string): Buffer[] {
  const frames: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, from)) {
    frames.push(bytes.subarray(from, at + mark.length));
    from = at + mark.length;
  }
  if (from < bytes.length) frames.push(bytes.subarray(from));
  return frames;
}

/** Amazon's messages begin with their own length, four bytes, the highest first. */
function cutByLength(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const length = bytes.readUInt32BE(from);
    if (length < 16 || from + length > bytes.length) throw new Error("A message is cut short.");
    frames.push(bytes.subarray(from, from + length));
    from += length;
  }
  return frames;
}
