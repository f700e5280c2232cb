/**
 * Formats of JSON schema as expressions. Each takes less than its standard does and nothing besides, so
 * that what is written under it is taken by any strict reader.
 */
const YEAR_OF_LEAP = "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
const DATE = `(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))|${YEAR_OF_LEAP}-02-29)`;
const CLOCK = "(?:[01]\\d|2[0-3]):[0-5]\\d";
/** RFC 3339, section 5.6, without leap seconds, of which nobody knows the next. */
const TIME = `${CLOCK}:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${CLOCK})`;
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const GROUP = "[0-9A-Fa-f]{1,4}";
/** Letters, digits and marks that need no escape in a path (RFC 3986, section 2.3). */
const UNRESERVED = "[A-Za-z0-9._~-]";

const DATE_TIME = `${DATE}T${TIME}`;
const HOSTNAME = `${LABEL}(?:\\.${LABEL}){0,2}`;
const EMAIL = `[A-Za-z0-9_+-]{1,20}(?:\\.[A-Za-z0-9_+-]{1,20}){0,2}@${LABEL}(?:\\.${LABEL}){1,2}`;
const PATH = `(?:/${UNRESERVED}{0,64}){0,16}`;
const QUERY = `(?:\\?${UNRESERVED}{1,64}=${UNRESERVED}{0,64}(?:&${UNRESERVED}{1,64}=${UNRESERVED}{0,64}){0,8})?`;
const FRAGMENT = `(?:#${UNRESERVED}{1,64})?`;
const WORD = "[A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2}";
/** A host that ends in a number is an IPv4 address, or nothing (URL Standard, "host parsing"). */
const NAME = "[A-Za-z][A-Za-z0-9]{0,19}(?:-[A-Za-z0-9]{1,20}){0,2}";
const URI = `https?://(?:${WORD}\\.){0,2}${NAME}(?::[1-9]\\d{0,3})?${PATH}${QUERY}${FRAGMENT}`;
/** Words of letters and digits, and a last one of letters, as those ask for who take a URL and not a URI. */
const URL_ = `https?://(?:${WORD}\\.){1,3}[A-Za-z]{2,16}(?::[1-9]\\d{1,3})?(?:/${UNRESERVED}{0,64}${PATH}${QUERY}${FRAGMENT})?`;
const POINTER = "(?:/(?:[A-Za-z0-9_.-]|~0|~1){0,64}){0,16}";
/** RFC 4648, section 4. */
const BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?";

/** Those that are no key here are enforced by no checker: hints for people, as `password`, or a library's own. */
export const STRING_FORMATS: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  "date-time": DATE_TIME,
  /** ISO 8601 as in RFC 3339, appendix A; four digits a part. */
  duration:
    "P(?:\\d{1,4}W|(?:\\d{1,4}Y(?:\\d{1,4}M(?:\\d{1,4}D)?)?|\\d{1,4}M(?:\\d{1,4}D)?|\\d{1,4}D)(?:T(?:\\d{1,4}H(?:\\d{1,4}M(?:\\d{1,4}S)?)?|\\d{1,4}M(?:\\d{1,4}S)?|\\d{1,4}S))?|T(?:\\d{1,4}H(?:\\d{1,4}M(?:\\d{1,4}S)?)?|\\d{1,4}M(?:\\d{1,4}S)?|\\d{1,4}S))",
  uuid: "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
  /** Three labels of a host at most, so that 253 characters are never reached. */
  hostname: HOSTNAME,
  email: EMAIL,
  ipv4: `${BYTE}(?:\\.${BYTE}){3}`,
  ipv6: `(?:(?:${GROUP}:){7}${GROUP}|(?:${GROUP}:){1,3}(?::${GROUP}){1,4}|::(?:${GROUP}(?::${GROUP}){0,5})?)`,
  uri: URI,
  url: URL_,
  "uri-reference": `(?:${URI}|${UNRESERVED}{1,64}${PATH}${QUERY}${FRAGMENT})`,
  "uri-template": URI,
  iri: URI,
  "iri-reference": URI,
  "idn-email": EMAIL,
  "idn-hostname": HOSTNAME,
  "iso-time": TIME,
  "iso-date-time": DATE_TIME,
  "json-pointer": POINTER,
  "json-pointer-uri-fragment": `#${POINTER}`,
  "relative-json-pointer": `(?:0|[1-9]\\d{0,3})(?:#|${POINTER})`,
  byte: BASE64,
  base64: BASE64,
};

/** Checkers enforce them, and no expression says what they take. */
export const UNSUPPORTED_FORMATS: ReadonlySet<string> = new Set(["regex"]);

/**
 * Patterns that libraries write, with look-ahead, and what says the same, or less, without. The first
 * two stand beside the format whose name they have.
 */
export const REGULAR_FORMS: ReadonlyMap<string, string> = new Map([
  // zod 4: duration, hostname, emoji.
  [
    "^P(?:(\\d+W)|(?!.*W)(?=\\d|T\\d)(\\d+Y)?(\\d+M)?(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+M)?(\\d+([.,]\\d+)?S)?)?)$",
    `^${STRING_FORMATS.duration}$`,
  ],
  [
    "^(?=.{1,253}\\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\\.?$",
    `^${HOSTNAME}$`,
  ],
  [
    "^(?=[\\s\\S]*[\\p{Extended_Pictographic}\\p{Regional_Indicator}\\u20E3])[\\p{Extended_Pictographic}\\p{Emoji_Component}]+$",
    "^[\\p{Extended_Pictographic}\\p{Emoji_Component}]*[\\p{Extended_Pictographic}\\p{Regional_Indicator}\\u20E3][\\p{Extended_Pictographic}\\p{Emoji_Component}]*$",
  ],
  // pydantic 2: Decimal.
  ["^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$", "^[+-]?(?:\\d+\\.?\\d*|\\.\\d+)$"],
]);
