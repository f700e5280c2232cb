import { answerOf, type Turn } from "@/components/chat/thread";
import type { KeyBinding } from "@/components/keys/key-binding";
import type { Outcome, Side } from "@/lib/protocol/arena-view";
import type { TurnActions } from "./pair-turn";

/** The turn in which the focus is; elsewhere the newest. */
export function turnInFocus(turns: readonly Turn[]): Turn | undefined {
  const place = document.activeElement?.closest<HTMLElement>("[data-turn]");
  return turns.find((it) => it.prompt.id === place?.dataset.turn) ?? turns.at(-1);
}

/** Puts the focus on the turn before or after, and brings it into view. */
function goToTurn(turns: readonly Turn[], step: -1 | 1): void {
  const turn = turnInFocus(turns);
  const isOutside = !document.activeElement?.closest("[data-turn]");
  const index = (turn ? turns.indexOf(turn) : 0) + (isOutside && step === -1 ? 0 : step);
  const wanted = turns[Math.max(0, Math.min(turns.length - 1, index))];
  if (!wanted) return;
  const place = document.querySelector<HTMLElement>(`[data-turn="${wanted.prompt.id}"]`);
  place?.focus({ preventScroll: true });
  place?.scrollIntoView({ block: "start" });
}

function goTo(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function copySide(turns: readonly Turn[], side: Side, announce: (sentence: string) => void): void {
  const answer = answerOf(turnInFocus(turns)?.attempt ?? null, side);
  if (!answer || answer.content === "" || answer.status === "streaming") return;
  const said = (isDone: boolean) =>
    announce(isDone ? `Answer ${side.toUpperCase()} is copied.` : "Copying is not allowed here.");
  // Absent on plain http beyond this machine.
  if (!navigator.clipboard) {
    said(false);
    return;
  }
  navigator.clipboard.writeText(answer.content).then(
    () => said(true),
    () => said(false),
  );
}

export type PairKeyOptions = {
  turns: readonly Turn[];
  isBusy: boolean;
  actions: TurnActions;
  vote: (turn: Turn, outcome: Outcome) => void;
  announce: (sentence: string) => void;
  stop: () => void;
  help: () => void;
  /** Null where there is nothing to leave or to share yet. */
  begin: (() => void) | null;
  share: (() => void) | null;
  askAnew: (() => void) | null;
  /** Keys of one page alone. */
  more?: readonly KeyBinding[];
  /** "New round", "New comparison". */
  beginLabel: string;
};

/** Every key of a page with pairs, in the order of its help sheet. */
export function pairKeys(options: PairKeyOptions): KeyBinding[] {
  const { turns, isBusy, actions, vote, announce } = options;
  const onTurn = (act: (turn: Turn) => void) => () => {
    const turn = turnInFocus(turns);
    if (turn) act(turn);
  };
  const cast = (outcome: Outcome) => onTurn((turn) => vote(turn, outcome));
  const stopSide = (side: Side) =>
    onTurn((turn) => {
      const answer = answerOf(turn.attempt, side);
      if (answer?.status === "streaming") actions.stop(answer.id);
    });
  const retry = onTurn((turn) => {
    const failed = turn.attempt?.answers.find((it) => it.status === "failed");
    if (failed) actions.retry(turn, failed.id);
  });
  const regenerate = () => {
    const last = turns.at(-1);
    if (last) actions.regenerate(last);
  };
  const votes = "Vote on the turn in focus, or the newest";
  return [
    { group: votes, label: "A is better", keys: ["1", "ArrowLeft"], run: cast("a") },
    { group: votes, label: "B is better", keys: ["2", "ArrowRight"], run: cast("b") },
    { group: votes, label: "Tie", keys: ["3"], run: cast("tie") },
    { group: votes, label: "Both bad", keys: ["4"], run: cast("both-bad") },
    { group: votes, label: "Say why", keys: ["w"], run: () => goTo("[data-reason]") },
    { group: "Answers", label: "Stop both", keys: ["Escape"], run: options.stop, isAlways: true },
    { group: "Answers", label: "Stop A", keys: ["d"], run: stopSide("a") },
    { group: "Answers", label: "Stop B", keys: ["f"], run: stopSide("b") },
    { group: "Answers", label: "Try a failed side again", keys: ["t"], run: isBusy ? null : retry },
    {
      group: "Answers",
      label: "New answers to the newest question",
      keys: ["r"],
      run: isBusy ? null : regenerate,
    },
    { group: "Answers", label: "Copy A", keys: ["c"], run: () => copySide(turns, "a", announce) },
    { group: "Answers", label: "Copy B", keys: ["v"], run: () => copySide(turns, "b", announce) },
    {
      group: "Page",
      label: "To the question field",
      keys: ["/"],
      run: () => goTo("textarea[aria-describedby=composer-note]"),
    },
    { group: "Page", label: "Ask", keys: ["Enter"] },
    { group: "Page", label: "New line in a question", keys: ["Enter"], shown: ["⇧", "↵"] },
    { group: "Page", label: "Earlier turn", keys: ["k"], run: () => goToTurn(turns, -1) },
    { group: "Page", label: "Later turn", keys: ["j"], run: () => goToTurn(turns, 1) },
    ...(options.more ?? []),
    { group: "Page", label: options.beginLabel, keys: ["n"], run: options.begin },
    {
      group: "Page",
      label: "Other examples",
      keys: ["o"],
      run: () => document.querySelector<HTMLElement>("[data-other-examples]")?.click(),
    },
    {
      group: "Page",
      label: "Same question, new answers from a new pair",
      keys: ["s"],
      run: options.askAnew,
    },
    { group: "Page", label: "Share", keys: ["l"], run: options.share },
    { group: "Page", label: "This sheet", keys: ["?"], run: options.help },
  ];
}
