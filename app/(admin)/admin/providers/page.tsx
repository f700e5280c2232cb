import type { Metadata } from "next";
import { AdminFrame } from "../admin-frame";
import { ProvidersView } from "./providers-view";

export const metadata: Metadata = { title: "Providers" };

export default function ProvidersPage() {
  return (
    <AdminFrame title="Providers">
      <ProvidersView />
    </AdminFrame>
  );
}
