import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { isCategory } from "@/lib/protocol/board-key";
import { BoardScreen } from "../_components/board-screen";
import { toBoardTitle } from "../_components/board-title";
import type { PageParameters } from "../_components/page-parameters";

export const dynamic = "force-dynamic";

type CategoryPageProps = {
  params: Promise<{ category: string }>;
  searchParams: Promise<PageParameters>;
};

export async function generateMetadata({
  params,
  searchParams,
}: CategoryPageProps): Promise<Metadata> {
  const { category } = await params;
  return isCategory(category) ? { title: toBoardTitle(category, await searchParams) } : {};
}

export default async function CategoryPage({ params, searchParams }: CategoryPageProps) {
  const { category } = await params;
  if (!isCategory(category)) notFound();
  return <BoardScreen category={category} parameters={await searchParams} />;
}
