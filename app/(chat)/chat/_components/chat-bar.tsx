import { SlidersHorizontal } from "lucide-react";
import { Button } from "@/components/ui/button";
import type { ModelView } from "@/lib/protocol/arena-view";
import type { ConversationSettings } from "@/lib/protocol/conversation-view";
import { ModelPicker } from "./model-picker";

export type ChatBarProps = {
  models: readonly ModelView[];
  model: string;
  onPick: (model: string) => void;
  hasChat: boolean;
  onBegin: () => void;
  settings: ConversationSettings;
  hasSettings: boolean;
  onSettings: () => void;
};

/** Above a chat: with whom, with which parameters, and the way to a new one. */
export function ChatBar(props: ChatBarProps) {
  const { models, model, onPick, hasChat, onBegin, settings, hasSettings, onSettings } = props;
  const count = Object.keys(settings).length;
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-2 gap-y-1 pt-6">
      <h1 className="sr-only">Chat</h1>
      <ModelPicker models={models} value={model} onChange={onPick} />
      <div className="-mr-2.5 flex items-center">
        <Button variant="quiet" size="small" aria-expanded={hasSettings} onClick={onSettings}>
          <SlidersHorizontal size={16} strokeWidth={1.5} aria-hidden="true" />
          Parameters
          {count > 0 && (
            <span className="numeric text-accent">
              {count}
              <span className="sr-only"> set</span>
            </span>
          )}
        </Button>
        {hasChat && (
          <Button variant="quiet" size="small" onClick={onBegin}>
            New chat
          </Button>
        )}
      </div>
    </div>
  );
}
