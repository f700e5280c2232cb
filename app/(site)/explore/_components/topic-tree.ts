import type { TopicList } from "@/lib/protocol/board-view";

export type TopicItem = TopicList["topics"][number];
export type TopicNode = TopicItem & { children: readonly TopicItem[] };

/** Two levels, the largest first, as they came. */
export function toTree(topics: readonly TopicItem[]): TopicNode[] {
  return topics
    .filter(({ parentId }) => parentId === null)
    .map((topic) => ({
      ...topic,
      children: topics.filter(({ parentId }) => parentId === topic.id),
    }));
}

/** Those in whose name or words, or in whose parts', every word of the search is found. */
export function searchTree(tree: readonly TopicNode[], search: string): readonly TopicNode[] {
  const words = search
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  if (words.length === 0) return tree;
  const isFound = ({ name, terms }: TopicItem) => {
    const text = [name, ...terms].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return tree.filter((topic) => isFound(topic) || topic.children.some(isFound));
}

/** The topic at the top that an id is of, or that it is a part of. */
export const topOf = (tree: readonly TopicNode[], id: string | null): TopicNode | undefined =>
  tree.find((topic) => topic.id === id || topic.children.some((child) => child.id === id));
