import { AppError } from "@/lib/errors";

/** What a hub's status means for whoever asked for a model. */
export function toHubError(
  status: number,
  {
    repo,
    hubUrl,
    hasToken,
    cause,
  }: { repo: string; hubUrl: string; hasToken: boolean; cause?: unknown },
): AppError {
  if (status === 401 || status === 403) {
    return new AppError(hasToken ? "forbidden" : "unauthenticated", {
      message: hasToken
        ? `The hub at ${hubUrl} refuses ${repo} to this token. Where the model is gated, ask for access on its page.`
        : `There is no public model ${repo} at ${hubUrl}. A private or gated one needs a token: set HF_TOKEN (of ModelScope MODELSCOPE_API_TOKEN).`,
      cause,
    });
  }
  if (status === 404) {
    return new AppError("not-found", {
      message: `There is no model ${repo}, or no such revision of it, at ${hubUrl}.`,
      cause,
    });
  }
  if (status === 429) {
    return new AppError("rate-limited", {
      message: `The hub at ${hubUrl} wants fewer requests. Try again in a few minutes.`,
      cause,
    });
  }
  return new AppError("upstream-invalid", {
    message: `The hub at ${hubUrl} answered with status ${status}. Try again later.`,
    cause,
  });
}
