import type { ConversationItem } from "@/lib/protocol/conversation-view";

export type DayGroup = { day: string; items: ConversationItem[] };

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Conversations by the day of their last turn in the reader's own time, in the order they come. */
export function groupByDay(items: readonly ConversationItem[], now: Date): DayGroup[] {
  const groups: DayGroup[] = [];
  for (const item of items) {
    const day = toDay(new Date(item.updatedAt), now);
    const last = groups.at(-1);
    if (last?.day === day) last.items.push(item);
    else groups.push({ day, items: [item] });
  }
  return groups;
}

function toDay(date: Date, now: Date): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date.toDateString() === now.toDateString()) return "Today";
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return `${date.getDate()} ${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
}

/** 14:05 */
export function toTime(moment: string): string {
  const date = new Date(moment);
  const two = (value: number) => value.toString().padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}
