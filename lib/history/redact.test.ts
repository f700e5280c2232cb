/** Goal: personal data is out of what is published, and everything else stays. Method: examples of both, and long texts made to be slow. */
import { expect, test } from "vitest";
import { redact } from "./redact";

const REMOVED: [kind: string, text: string, secret: string][] = [
  [
    "email",
    "write to jane.doe+news@mail.example.co.uk, please",
    "jane.doe+news@mail.example.co.uk",
  ],
  ["email", "mailto:Jörg@müller.de.", "Jörg@müller.de"],
  ["email", "<o'neill@example.org>", "o'neill@example.org"],
  ["email", "jane (at) example (dot) com", "jane (at) example (dot) com"],
  ["phone", "call +49 151 2345 6789 now", "+49 151 2345 6789"],
  ["phone", "+1 (415) 555-2671", "+1 (415) 555-2671"],
  ["phone", "+4915123456789", "+4915123456789"],
  ["phone", "0049 30 1234567", "0049 30 1234567"],
  ["phone", "ring 415-555-2671.", "415-555-2671"],
  ["phone", "(415) 555-2671", "(415) 555-2671"],
  ["phone", "it is 0151 23456789", "0151 23456789"],
  ["phone", "030/1234567", "030/1234567"],
  ["phone", "London 020 7946 0958", "020 7946 0958"],
  ["phone", "06 12 34 56 78", "06 12 34 56 78"],
  ["phone", "My phone number is 5551234 today", "5551234"],
  ["phone", "Tel.: 89 12 34 56", "89 12 34 56"],
  ["iban", "to DE89 3704 0044 0532 0130 00 until Monday", "DE89 3704 0044 0532 0130 00"],
  ["iban", "GB82WEST12345698765432", "GB82WEST12345698765432"],
  ["iban", "fr14 2004 1010 0505 0001 3m02 606", "fr14 2004 1010 0505 0001 3m02 606"],
  ["card", "pay with 4111 1111 1111 1111, thanks", "4111 1111 1111 1111"],
  ["card", "5555555555554444", "5555555555554444"],
  ["card", "order 12 4111-1111-1111-1111", "4111-1111-1111-1111"],
  ["card", "4111 1111 1111 1111 123", "4111 1111 1111 1111"],
  ["card", "378282246310005", "378282246310005"],
  ["ssn", "SSN 219-09-9999", "219-09-9999"],
  ["ip-address", "from 84.143.12.201 at night", "84.143.12.201"],
  ["ip-address", "84.143.12.201:443", "84.143.12.201"],
  ["ip-address", "2a02:8109:9a40:1c::5 logged in", "2a02:8109:9a40:1c::5"],
  ["key", "OPENAI_API_KEY=sk-proj-Ab3dEfGh1jKlMn0pQrStUv", "sk-proj-Ab3dEfGh1jKlMn0pQrStUv"],
  ["key", "sk-ant-api03-AbCdEf1234567890_x-y", "sk-ant-api03-AbCdEf1234567890_x-y"],
  ["key", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"],
  ["key", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"],
  ["key", "hf_AbCdEfGhIjKlMnOpQrStUvWx12", "hf_AbCdEfGhIjKlMnOpQrStUvWx12"],
  ["key", "xoxb-123456789012-abcdefABCDEF", "xoxb-123456789012-abcdefABCDEF"],
  ["key", "AIzaSyA1234567890abcdefghijklmnopqrstuv", "AIzaSyA1234567890abcdefghijklmnopqrstuv"],
  [
    "key",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "eyJzdWIiOiIxMjM0NTY3ODkwIn0",
  ],
  [
    "key",
    "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----\nb",
    "MIIEow",
  ],
  ["secret", "postgres://ada:hunter2x@db.internal/app", "hunter2x"],
  ["secret", "Authorization: Bearer abc123def456ghi789", "abc123def456ghi789"],
  ["secret", "my password is Tr0ub4dor&3 ok", "Tr0ub4dor&3"],
  ["secret", '"client_secret": "k9Xw27Qq18"', "k9Xw27Qq18"],
  [
    "secret",
    "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
    "4c0883a69102937d6231471b5dbb6204fe512961",
  ],
  [
    "secret",
    "the value wJalrXUtnFEMI/K7MDENG/bPxRfiCYzq93kD01Lx was mine",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzq93kD01Lx",
  ],
];

test.each(REMOVED)("%s: %s", (kind, text, secret) => {
  expect(text).toContain(secret);
  const { text: left, counts } = redact(text);
  expect(left).not.toContain(secret);
  expect(counts).toEqual({ [kind]: 1 });
});

const KEPT = [
  "On 2026-11-21T14:05:00+01:00, 21.11.2026, 11/21/2026 and 01/02/2026 12:30",
  "v1.2.3.4, version 10.2.33.4, lodash@4.17.21, node 20.19.43 and Chrome 120.0.6099.109",
  "π is 3.14159265358979323846264338327950288419716939937510",
  "2 + 2 = 4, 12 + 4915123456789 = 4915123456801 and 7 - 555 - 1234",
  "1000000007 * 998244353 mod 4294967296, 1e+10, -273.15, x^2 +12.3456789",
  "1234567890123456 and 18446744073709551615",
  "127.0.0.1:8080, 0.0.0.0, 192.168.1.1, 10.0.0.7/8, 255.255.255.0 and 8.8.8.8",
  "std::vector<int> a::b dead::beef fe80::1 ::1 2001:db8::1 12:34:56",
  "@media (min-width: 40rem) { } @app.route('/x') foo@bar git@github.com:org/repo.git",
  "const token = getToken(); password: string; secret = process.env.API_KEY_2",
  "550e8400-e29b-41d4-a716-446655440000",
  "app/(chat)/_components/useConversationBranches2/index.test.tsx",
  "thisIsAVeryLongCamelCaseIdentifierWithNumbers123AndMoreWords",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  "commit 92125f2c0ffee1234567890abcdef1234567890a",
  '"integrity": "sha512-Kx3Lw9Zq81Bv7Nf0Tg5Hy2Jm4Pd6Rs8Uw1Xz3Cb5Ve7Ma9Ol0Ik2Jh4Gf6Ds8Aq=="',
  "01 02 03 04 05, 10 20 30 40 50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13",
  "ISBN 978-3-16-148410-0, RFC 5322, ISO 27001, § 2.1.3.14",
  "0123456789abcdef0123456789abcdef and 00000000000000000000000000000001",
  "scikit: sk-learn-compatible-estimator-interface",
  "DE89 3704 0044 0532 0130 02 fails its check",
  "The year 1999-2000 saw 1 000 000 visitors; 50 % of 30 000 000 is 15 000 000.",
  "Ask again tomorrow. 日本語 العربية 😀",
];

test.each(KEPT)("stays: %s", (text) => {
  expect(redact(text)).toEqual({ text, counts: {} });
});

test("each is taken out, and what stood between them stays", () => {
  const { text, counts } = redact("a@b.de, c@d.org and +49 151 23456789.");
  expect(text).toBe(
    "[e-mail address removed], [e-mail address removed] and [phone number removed].",
  );
  expect(counts).toEqual({ email: 2, phone: 1 });
  expect(redact(text)).toEqual({ text, counts: {} });
});

test("a key that is cut off, and keys of which none ends", () => {
  const begin = "-----BEGIN PRIVATE KEY-----\n";
  expect(redact(`${begin}MIIE`).text).not.toContain(begin);
  expect(redact(begin.repeat(3)).counts.key).toBe(3);
  const open = "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----";
  expect(redact(open).text).toBe(open);
});

test.each([
  ["iban", "to DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000 until Monday"],
  ["card", "4111\u202f1111\u202f1111\u202f1111"],
  ["card", "4111\u20131111\u20131111\u20131111"],
  ["card", "4111.1111.1111.1111"],
  ["phone", "+44\u00a020\u00a07946\u00a00958"],
  ["email", "john.doe＠example.com"],
  ["email", "john.doe@\u200bexample.com"],
])("%s with other signs than keys write: %s", (kind, text) => {
  const redacted = redact(text);
  expect(redacted.counts).toEqual({ [kind]: 1 });
  expect(redacted.text).not.toMatch(/\d|john/);
});

test("what is left keeps its own blanks and dashes", () => {
  const text = "12\u00a0000 – or more — at 5\u202f%, ＡＢＣ";
  expect(redact(`${text} a@example.com`).text).toBe(`${text} [e-mail address removed]`);
});

test("of a private key that is cut off nothing stays, and what follows does", () => {
  const body = "b3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQAAACD";
  const { text } = redact(`-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\nThen it stopped.`);
  expect(text).toBe("[key removed]\nThen it stopped.");
});

test("texts made to be slow take no longer than others of their length", () => {
  // Squared, the shortest of these would take a minute: 100,000 characters, each looked at 100,000 times.
  const length = 100_000;
  const pieces = [
    ...[
      "a",
      "1",
      "1 ",
      "@",
      "a@",
      "a.",
      "a@a.",
      "0",
      "+1",
      "+1 ",
      "01 ",
      "-",
      ":",
      "1.",
      "f",
      "aB1",
    ],
    ...["a'", "DE89 ", "sk-", "eyJa.", "token=", "://a:", "-----BEGIN PRIVATE KEY-----", "( at ) "],
    ...["phone ", "bearer ", "[", "0x", "20a0:", "password is ", "=", "(", "1-"],
  ];
  for (const piece of pieces) {
    const text = piece.repeat(Math.ceil(length / piece.length));
    expect(typeof redact(text).text).toBe("string");
    expect(typeof redact(`${text}\n!`).text).toBe("string");
  }
});
