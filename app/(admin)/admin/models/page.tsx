import type { Metadata } from "next";
import { AdminFrame } from "../admin-frame";
import { ModelsView } from "./models-view";

export const metadata: Metadata = { title: "Models" };

export default function ModelsPage() {
  return (
    <AdminFrame title="Models">
      <ModelsView />
    </AdminFrame>
  );
}
