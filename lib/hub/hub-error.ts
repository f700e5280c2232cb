import { AppError } from "@/lib/errors";
import { readRetryAfterMs } from "./retry-after";

export type HubAnswer = {
  status: number;
  headers: Headers;
};

export type AboutHub = { repo: string; hubUrl: string; hasToken: boolean };

/** What a hub's status means for whoever asked for a model, or for a file of it. */
export function toHubError(
  { status, headers }: HubAnswer,
  { repo, hubUrl, hasToken, cause, path }: AboutHub & { cause?: unknown; path?: string },
): AppError {
  const place = `${repo} at ${hubUrl}`;
  // Hugging Face names what is wrong: a model that is not there and one that is private have one status.
  const code = headers.get("x-error-code");
  if (code === "GatedRepo" && (status === 401 || status === 403)) {
    return new AppError(hasToken ? "forbidden" : "unauthenticated", {
      message: hasToken
        ? `${place} is gated, and the account of this token has no access. Accept its terms on ${hubUrl}/${repo}, wait where its makers decide on it, and run the same again.`
        : `${place} is gated. Accept its terms on ${hubUrl}/${repo} and set HF_TOKEN to a token of that account.`,
      cause,
    });
  }
  if (status === 401 || status === 403) {
    return new AppError(hasToken ? "forbidden" : "unauthenticated", {
      message: hasToken
        ? `The hub at ${hubUrl} refuses ${path ? `${path} of ` : ""}${repo} to this token, or has no such model. Where it is gated, ask for access on its page.`
        : `There is no public model ${place}. A private or gated one needs a token: set HF_TOKEN (of ModelScope MODELSCOPE_API_TOKEN).`,
      cause,
    });
  }
  if (status === 404) {
    return new AppError("not-found", { message: toMissing(code, { place, path }), cause });
  }
  if (status === 429) {
    const seconds = Math.ceil((readRetryAfterMs(headers) ?? 0) / 1_000);
    return new AppError("rate-limited", {
      message: `The hub at ${hubUrl} wants fewer requests. Try again in ${seconds > 0 ? `${seconds} s` : "a few minutes"}${hasToken ? "" : "; with a token more are allowed"}.`,
      ...(seconds > 0 && { retryAfterSeconds: seconds }),
      cause,
    });
  }
  return new AppError("upstream-invalid", {
    message: `The hub at ${hubUrl} answered with status ${status}${path ? ` for ${path}` : ""}. Try again later.`,
    cause,
  });
}

function toMissing(
  code: string | null,
  { place, path }: { place: string; path?: string | undefined },
): string {
  if (path !== undefined)
    return `The hub has no ${path} of ${place} any more. Run the same again for what it has now.`;
  if (code === "RevisionNotFound") return `There is no such revision of ${place}.`;
  if (code === "RepoNotFound") return `There is no model ${place}.`;
  return `There is no model ${place}, or no such revision of it.`;
}
