import clsx from "clsx";
import type { ReactNode } from "react";

export type NoticeProps = {
  tone?: "plain" | "danger";
  children: ReactNode;
  /** The next step, as buttons or links. */
  action?: ReactNode;
  className?: string;
};

/** What happened, what was kept, and the next step. */
export function Notice({ tone = "plain", children, action, className }: NoticeProps) {
  return (
    <div
      role={tone === "danger" ? "alert" : undefined}
      className={clsx(
        "flex flex-wrap items-center justify-between gap-x-6 gap-y-3 rounded-md px-4 py-3 text-sm",
        tone === "danger" ? "bg-danger-soft text-ink" : "bg-sunken text-ink-soft",
        className,
      )}
    >
      <p className="min-w-0 flex-1 basis-64">{children}</p>
      {action}
    </div>
  );
}
