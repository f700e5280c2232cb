import type { RequestError } from "@/components/request-json";

export type FieldProblemProps = {
  id: string;
  problem: RequestError | null;
  /** The field's place in the request, as `targets.0.model`; also what lies within it. */
  at: string;
};

/** Whether the server found fault with this field. */
export function isProblemAt(problem: RequestError | null, at: string): boolean {
  const { param } = problem ?? {};
  return param !== undefined && (param === at || param.startsWith(`${at}.`));
}

/** What the server found wrong, at the field it was found in. */
export function FieldProblem({ id, problem, at }: FieldProblemProps) {
  return (
    <span
      id={id}
      role="alert"
      data-problem
      className="block text-sm font-normal text-danger empty:hidden"
    >
      {problem !== null && isProblemAt(problem, at) ? toWords(problem, at) : null}
    </span>
  );
}

/** Of a group of fields the one that is meant keeps its name. */
function toWords({ message, param }: RequestError, at: string): string {
  return param === at ? toWordsAtField(message) : message;
}

/** The server names the field as programs know it; beside the field itself that is "it". */
export function toWordsAtField(message: string): string {
  return message.replace(/^`[^`]+` /, "It ");
}
