import type { Metadata } from "next";
import { AdminFrame } from "../admin-frame";
import { RulesView } from "./rules-view";

export const metadata: Metadata = { title: "Arena" };

export default function ArenaRulesPage() {
  return (
    <AdminFrame title="Arena">
      <RulesView />
    </AdminFrame>
  );
}
