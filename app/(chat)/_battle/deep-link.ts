import { paths } from "@/lib/paths";

export type Query = Record<string, string | string[] | undefined>;

/**
 * FastChat's tabs by their query parameters (fastchat/serve/gradio_web_server_multi.py, `load_demo`): where
 * the same thing stands here. Undefined: none of them was asked for. `?vision` was its battle with pictures,
 * which leads to the battle.
 */
export function readDeepLink(query: Query): string | undefined {
  const model = Array.isArray(query.model) ? query.model[0] : query.model;
  const has = (name: string) => query[name] !== undefined;
  if (has("compare")) return paths.compare;
  if (model || has("direct")) {
    return model ? `${paths.chat}?model=${encodeURIComponent(model)}` : paths.chat;
  }
  if (has("leaderboard")) return paths.leaderboard;
  if (has("about")) return paths.about;
  return has("arena") || has("vision") ? paths.battle : undefined;
}
