/** Gives the reader a file that was made on this page. */
export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads it after this turn; a minute is plenty for any file that fits in memory.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
