"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { paths } from "@/lib/paths";
import type { TermsView } from "@/lib/protocol/terms";
import { requestChecked, toRequestError } from "../request-json";

const KEY = ["terms"];

// Beside the first paint, as the other shapes (load-views.ts).
const loadTermsSchema = () => import("@/lib/protocol/terms").then((it) => it.termsViewSchema);

const readTerms = (signal?: AbortSignal) =>
  requestChecked(paths.api.terms, loadTermsSchema(), signal && { signal });

export type Terms = {
  /** Undefined while it is not known. */
  view: TermsView | undefined;
  /** The visitor has not agreed to the terms of now. */
  isNeeded: boolean;
  /** Why they could not be agreed to, as a sentence. */
  problem: string | null;
  isAgreeing: boolean;
  /** Agrees to what is shown. @returns whether the server wrote it down. */
  agree: () => Promise<boolean>;
  /** Waits until it is known. @returns whether to agree first; false where it cannot be learnt: the server says so then. */
  check: () => Promise<boolean>;
};

/** The terms, and whether this visitor agrees to them: asked for once a page, and again when the server says so. */
export function useTerms(): Terms {
  const client = useQueryClient();
  const { data: view } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => readTerms(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [problem, setProblem] = useState<string | null>(null);
  const [isAgreeing, setIsAgreeing] = useState(false);
  const version = view?.version;

  const agree = useCallback(async () => {
    if (version === undefined) return false;
    setProblem(null);
    setIsAgreeing(true);
    try {
      const agreed = await requestChecked(paths.api.terms, loadTermsSchema(), {
        body: { version },
      });
      client.setQueryData(KEY, agreed);
      return true;
    } catch (error) {
      const { code, message } = toRequestError(error);
      setProblem(message);
      // Others hold by now: they are shown, to be read first.
      if (code === "conflict") void client.invalidateQueries({ queryKey: KEY });
      return false;
    } finally {
      setIsAgreeing(false);
    }
  }, [client, version]);

  const check = useCallback(async () => {
    try {
      const known = await client.ensureQueryData<TermsView>({
        queryKey: KEY,
        queryFn: ({ signal }) => readTerms(signal),
      });
      return !known.isAgreed;
    } catch {
      // The question is sent, and the server's refusal is shown in its words.
      return false;
    }
  }, [client]);

  return { view, isNeeded: view?.isAgreed === false, problem, isAgreeing, agree, check };
}

/** Reads the terms again where a request was refused for them: they have changed since the page was opened. */
export function useTermsRefusal(): (param: string | undefined) => void {
  const client = useQueryClient();
  return useCallback(
    (param) => {
      if (param === "terms") void client.invalidateQueries({ queryKey: KEY });
    },
    [client],
  );
}
