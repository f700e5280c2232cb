import { Skeleton } from "@/components/ui/skeleton";

export function PairSkeleton({ label }: { label: string }) {
  return (
    <div role="status" aria-label={label}>
      <Skeleton className="ml-auto h-5 w-48" />
      <div className="mt-6 grid gap-4 md:grid-cols-2">
        {["a", "b"].map((side) => (
          <div key={side} className="space-y-3 rounded-lg border border-line bg-surface p-5">
            <Skeleton className="size-6.5" />
            <Skeleton className="mt-8 h-3.5 w-11/12" />
            <Skeleton className="h-3.5 w-4/5" />
            <Skeleton className="h-3.5 w-3/5" />
          </div>
        ))}
      </div>
    </div>
  );
}
