"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { send, toRequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { PAGE_REQUEST_MS_MAX } from "@/lib/limits";
import { paths } from "@/lib/paths";

export function LoginForm() {
  const router = useRouter();
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isSending, setIsSending] = useState(false);

  async function open(event: FormEvent) {
    event.preventDefault();
    setIsSending(true);
    setProblem(null);
    try {
      const signal = AbortSignal.timeout(PAGE_REQUEST_MS_MAX);
      await send(paths.api.session, { body: { token: token.trim() }, signal });
      router.push(paths.adminWorkers);
    } catch (error) {
      setProblem(toRequestError(error).message);
      setIsSending(false);
    }
  }

  return (
    <form onSubmit={open} className="mt-8">
      <label className="block text-sm font-medium">
        Token
        <input
          type="password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          autoComplete="current-password"
          required
          maxLength={512}
          aria-invalid={problem !== null}
          aria-describedby="login-problem"
          className="mt-2 block h-11 w-full rounded-md border border-line-strong bg-surface px-3 font-mono text-sm"
        />
      </label>
      <p id="login-problem" role="status" className="mt-2 min-h-5.5 text-sm text-danger">
        {problem}
      </p>
      <Button
        variant="primary"
        type="submit"
        disabled={isSending || token.trim() === ""}
        className="mt-2"
      >
        Sign in
      </Button>
    </form>
  );
}
