import type { Metadata } from "next";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { isAdminSession } from "@/lib/auth/admin-session";
import { paths } from "@/lib/paths";
import { WorkersView } from "./workers-view";

export const metadata: Metadata = { title: "Workers" };

export default async function WorkersPage() {
  if (!isAdminSession((await headers()).get("cookie"))) redirect(paths.adminLogin);
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="mb-8 font-display text-2xl tracking-tight">Workers</h1>
      <WorkersView />
    </main>
  );
}
