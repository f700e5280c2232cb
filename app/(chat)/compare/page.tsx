import type { Metadata } from "next";
import { CompareView } from "./_components/compare-view";

export const metadata: Metadata = { title: "Compare" };

export type ComparePageProps = {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
};

const one = (value: string | string[] | undefined) =>
  (Array.isArray(value) ? value[0] : value) ?? null;

export default async function ComparePage({ searchParams }: ComparePageProps) {
  const { a, b, prompt } = await searchParams;
  const wanted = { a: one(a), b: one(b) };
  // Another link is another start, not a change of this one.
  const key = `${wanted.a}\n${wanted.b}\n${one(prompt)}`;
  return <CompareView key={key} initialId={null} wanted={wanted} initialPrompt={one(prompt)} />;
}
