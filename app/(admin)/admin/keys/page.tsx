import type { Metadata } from "next";
import { AdminFrame } from "../admin-frame";
import { KeysView } from "./keys-view";

export const metadata: Metadata = { title: "Keys" };

export default function KeysPage() {
  return (
    <AdminFrame title="Keys">
      <KeysView />
    </AdminFrame>
  );
}
