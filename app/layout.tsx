import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { BottomBar } from "@/components/bottom-bar";
import { Providers } from "@/components/providers";
import { SiteHeader } from "@/components/site-header";
import { SkipLink } from "@/components/skip-link";
import { THEME_SCRIPT } from "@/components/theme";
import { geistMono, instrumentSans, instrumentSansItalic, newsreader } from "./fonts";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Parley", template: "%s · Parley" },
  description: "Ask once, two models answer, and you judge them before you know them.",
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  viewportFit: "cover",
  interactiveWidget: "resizes-content",
};

const FONTS = [instrumentSans, instrumentSansItalic, newsreader, geistMono]
  .map((font) => font.variable)
  .join(" ");

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // The script below may set data-theme before React arrives.
    <html lang="en" className={FONTS} suppressHydrationWarning>
      <head>
        <script
          // biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of ours; it has to run before the first paint.
          dangerouslySetInnerHTML={{ __html: THEME_SCRIPT }}
        />
      </head>
      <body className="flex flex-col pb-(--bottom-bar-height)">
        <SkipLink />
        <Providers>
          <SiteHeader />
          {children}
          <BottomBar />
        </Providers>
      </body>
    </html>
  );
}
