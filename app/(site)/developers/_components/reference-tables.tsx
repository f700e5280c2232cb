import type { ReactNode } from "react";
import { type ErrorRow, errorRows } from "@/lib/openapi/errors";
import { ANSWER_HEADERS, type Header, LIMIT_HEADERS, REQUEST_HEADERS } from "@/lib/openapi/headers";
import { OPERATIONS } from "@/lib/openapi/operations";
import { Sentence, Term } from "./section";

/** Tables of what lib/openapi knows, which is what /v1/openapi.json is made of. */

const CELL = "border-b border-line py-2 pr-6 text-left align-top";

type TableProps = { label: string; heads: readonly string[]; children: ReactNode };

/** Scrolls within itself on a narrow page. */
function Table({ label, heads, children }: TableProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields.
    <div
      role="group"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reachable by keyboard.
      tabIndex={0}
      className="mt-5 overflow-x-auto -outline-offset-2"
    >
      <table className="w-full min-w-160 text-sm">
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col" className={`${CELL} font-medium text-ink-soft`}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export function EndpointTable() {
  return (
    <Table label="All endpoints" heads={["Endpoint", "What it does", "Scope of the key"]}>
      {OPERATIONS.map(({ id, method, path, summary, scope }) => (
        <tr key={id}>
          <td className={`${CELL} whitespace-nowrap`}>
            <Term>
              {method.toUpperCase()} {path}
            </Term>
          </td>
          <td className={CELL}>
            <Sentence>{summary}</Sentence>
          </td>
          <td className={CELL}>{scope === "none" ? "no key" : scope}</td>
        </tr>
      ))}
    </Table>
  );
}

/** What is only ever seen in a log is left out. */
const UNSEEN: readonly ErrorRow["code"][] = ["client-closed"];

export function ErrorTable() {
  const rows = errorRows().filter(({ code }) => !UNSEEN.includes(code));
  return (
    <Table label="Errors" heads={["Status", "type, code", "When", "What to do"]}>
      {rows.map(({ status, code, openai, when, remedy }) => (
        <tr key={code}>
          <td className={`${CELL} numeric`}>{status}</td>
          <td className={`${CELL} whitespace-nowrap`}>
            <Term>{openai.type}</Term>
            <br />
            <Term>{openai.code ?? "null"}</Term>
          </td>
          <td className={CELL}>
            <Sentence>{when}</Sentence>
          </td>
          <td className={CELL}>
            <Sentence>{remedy}</Sentence>
          </td>
        </tr>
      ))}
    </Table>
  );
}

export function HeaderTable() {
  return (
    <Table label="Headers" heads={["Header", "In", "What it says"]}>
      <HeaderRows headers={REQUEST_HEADERS} place="request" />
      <HeaderRows headers={ANSWER_HEADERS} place="answer" />
      <HeaderRows headers={LIMIT_HEADERS.openai} place="answer" />
    </Table>
  );
}

function HeaderRows({ headers, place }: { headers: readonly Header[]; place: string }) {
  return headers.map(({ name, description }) => (
    <tr key={`${place} ${name}`}>
      <td className={`${CELL} whitespace-nowrap`}>
        <Term>{name}</Term>
      </td>
      <td className={CELL}>{place}</td>
      <td className={CELL}>
        <Sentence>{description}</Sentence>
      </td>
    </tr>
  ));
}
