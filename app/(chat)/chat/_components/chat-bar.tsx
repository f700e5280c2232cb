import { Keyboard, Share2, SlidersHorizontal, SquarePen } from "lucide-react";
import type { ReactNode } from "react";
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
  /** Null: there is nothing to share yet. */
  onShare: (() => void) | null;
  onHelp: () => void;
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
        <Button
          variant="quiet"
          size="small"
          aria-expanded={hasSettings}
          aria-keyshortcuts="p"
          onClick={onSettings}
        >
          <SlidersHorizontal size={16} strokeWidth={1.5} aria-hidden="true" />
          Parameters
          {count > 0 && (
            <span className="numeric text-accent">
              {count}
              <span className="sr-only"> set</span>
            </span>
          )}
        </Button>
        {props.onShare && (
          <BarButton label="Share" shortcut="l" onClick={props.onShare}>
            <Share2 size={16} strokeWidth={1.5} aria-hidden="true" />
          </BarButton>
        )}
        {hasChat && (
          <BarButton label="New chat" shortcut="n" onClick={onBegin}>
            <SquarePen size={16} strokeWidth={1.5} aria-hidden="true" />
          </BarButton>
        )}
        <BarButton label="All keys" shortcut="?" onClick={props.onHelp}>
          <Keyboard size={16} strokeWidth={1.5} aria-hidden="true" />
        </BarButton>
      </div>
    </div>
  );
}

type BarButtonProps = {
  label: string;
  shortcut: string;
  onClick: () => void;
  children: ReactNode;
};

function BarButton({ label, shortcut, onClick, children }: BarButtonProps) {
  return (
    <Button
      variant="quiet"
      size="icon"
      aria-label={label}
      aria-keyshortcuts={shortcut}
      title={label}
      onClick={onClick}
    >
      {children}
    </Button>
  );
}
