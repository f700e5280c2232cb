import type { Metadata } from "next";
import { LoginForm } from "./login-form";

export const metadata: Metadata = { title: "Sign in" };

export default function LoginPage() {
  return (
    <main
      id="main"
      className="mx-auto flex w-full max-w-md flex-1 flex-col justify-center px-4 py-18 sm:px-8"
    >
      <h1 className="font-display text-2xl tracking-tight">Keepers only</h1>
      <p className="mt-4 text-ink-soft">
        The admin token is printed where Parley was started, and stays valid until it is changed
        there.
      </p>
      <LoginForm />
    </main>
  );
}
