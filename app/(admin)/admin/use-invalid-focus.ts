import { useEffect, useRef, useState } from "react";
import type { RequestError } from "@/components/request-json";

/**
 * After the server refused a form, the focus goes to the first field with which something is wrong, out of whatever
 * folds it away.
 *
 * @returns the form's ref, and whether no field shows what is wrong, so that it has to be told elsewhere.
 */
export function useInvalidFocus(problem: RequestError | null) {
  const form = useRef<HTMLFormElement>(null);
  const [isElsewhere, setIsElsewhere] = useState(false);
  useEffect(() => {
    const field =
      problem === null
        ? undefined
        : form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    // A group of fields tells what is wrong with it without one of them being so.
    const isTold = form.current?.querySelector("[data-problem]:not(:empty)") != null;
    setIsElsewhere(field === null && !isTold);
    if (!field) return;
    for (let at = field.closest("details"); at; at = at.parentElement?.closest("details") ?? null) {
      at.open = true;
    }
    field.focus();
  }, [problem]);
  return { form, isElsewhere };
}
