import type { Metadata } from "next";
import { AdminFrame } from "../admin-frame";
import { UsageView } from "./usage-view";

export const metadata: Metadata = { title: "Usage" };

export default function UsagePage() {
  return (
    <AdminFrame title="Usage">
      <UsageView />
    </AdminFrame>
  );
}
