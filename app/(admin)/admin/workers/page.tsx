import type { Metadata } from "next";
import { AdminFrame } from "../admin-frame";
import { WorkersView } from "./workers-view";

export const metadata: Metadata = { title: "Workers" };

export default function WorkersPage() {
  return (
    <AdminFrame title="Workers">
      <WorkersView />
    </AdminFrame>
  );
}
