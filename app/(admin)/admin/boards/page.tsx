import type { Metadata } from "next";
import { AdminFrame } from "../admin-frame";
import { BoardsView } from "./boards-view";

export const metadata: Metadata = { title: "Boards" };

export default function BoardsPage() {
  return (
    <AdminFrame title="Boards">
      <BoardsView />
    </AdminFrame>
  );
}
