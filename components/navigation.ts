import { paths } from "@/lib/paths";

export type Destination = { href: string; label: string; isCurrent: (pathname: string) => boolean };

const under = (path: string) => (pathname: string) =>
  pathname === path || pathname.startsWith(`${path}/`);

export const DESTINATIONS: readonly Destination[] = [
  {
    href: paths.battle,
    label: "Battle",
    isCurrent: (pathname) => pathname === paths.battle || pathname.startsWith("/battle/"),
  },
  { href: paths.compare, label: "Compare", isCurrent: under(paths.compare) },
  { href: paths.chat, label: "Chat", isCurrent: under(paths.chat) },
  {
    href: paths.leaderboard,
    label: "Leaderboard",
    // All pages about votes are views of the board's (components/board/votes-head.tsx).
    isCurrent: (pathname) =>
      [paths.leaderboard, paths.explore, paths.stats].some((path) => under(path)(pathname)),
  },
  { href: paths.models, label: "Models", isCurrent: under(paths.models) },
];
