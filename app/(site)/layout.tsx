import type { ReactNode } from "react";
import { FollowAddress } from "@/components/follow-address";
import { SiteFooter } from "@/components/site-footer";

export default function SiteLayout({ children }: { children: ReactNode }) {
  return (
    <>
      {children}
      <SiteFooter />
      <FollowAddress />
    </>
  );
}
