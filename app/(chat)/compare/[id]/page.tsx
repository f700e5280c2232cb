import type { Metadata } from "next";
import { CompareView } from "../_components/compare-view";

export const metadata: Metadata = { title: "Compare" };

export type StoredComparePageProps = { params: Promise<{ id: string }> };

export default async function StoredComparePage({ params }: StoredComparePageProps) {
  return (
    <CompareView initialId={(await params).id} wanted={{ a: null, b: null }} initialPrompt={null} />
  );
}
