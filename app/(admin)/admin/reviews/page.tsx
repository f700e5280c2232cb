import type { Metadata } from "next";
import { AdminFrame } from "../admin-frame";
import { ReviewsView } from "./reviews-view";

export const metadata: Metadata = { title: "Reviews" };

export default function ReviewsPage() {
  return (
    <AdminFrame title="Reviews">
      <ReviewsView />
    </AdminFrame>
  );
}
