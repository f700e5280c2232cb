import { isAnsweredHere } from "./light-request";

/**
 * Whether an answer may go out as gzip: it is among the encodings, and not ruled out by a weight of 0 (RFC 9110
 * §12.5.3). Behind Next it may not: there `content-encoding` is taken off an answer, and Next packs by itself.
 */
export function takesGzip(request: Request): boolean {
  if (!isAnsweredHere(request)) return false;
  const header = request.headers.get("accept-encoding") ?? "";
  return header.split(",").some((part) => {
    const [coding = "", ...parameters] = part.split(";").map((it) => it.trim().toLowerCase());
    const weight = parameters.find((it) => it.startsWith("q="))?.slice(2) ?? "1";
    return (coding === "gzip" || coding === "x-gzip" || coding === "*") && Number(weight) > 0;
  });
}
