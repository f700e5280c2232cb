"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { OfflineNotice } from "./offline-notice";
import { useKeyboardInset } from "./use-keyboard-inset";

export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(
    () => new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 1_000 } } }),
  );
  useKeyboardInset();
  return (
    <QueryClientProvider client={client}>
      <OfflineNotice />
      {children}
    </QueryClientProvider>
  );
}
