"use client";

import { useOnline } from "./use-online";

export function OfflineNotice() {
  const isOnline = useOnline();
  return (
    <div role="status">
      {!isOnline && (
        <p className="border-b border-line bg-sunken px-4 py-2.5 text-center text-sm text-ink">
          You are offline. What is on this page stays readable; asking and voting wait until you are
          back.
        </p>
      )}
    </div>
  );
}
