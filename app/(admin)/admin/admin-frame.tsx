import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { isAdminSession } from "@/lib/auth/admin-session";
import { paths } from "@/lib/paths";
import { FocusKeeper } from "./focus-keeper";

export type AdminFrameProps = { title: string; children: ReactNode };

/** A page for keepers under its title; whoever has no session is sent to open one. */
export async function AdminFrame({ title, children }: AdminFrameProps) {
  if (!isAdminSession((await headers()).get("cookie"))) redirect(paths.adminLogin);
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="mb-8 font-display text-2xl tracking-tight">{title}</h1>
      <FocusKeeper>{children}</FocusKeeper>
    </main>
  );
}
