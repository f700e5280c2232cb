import type { Command } from "commander";
import type { ChatFlags } from "../chat/chat-flags";
import { runChat } from "../chat/run-chat";
import { toFlagNumber } from "../parse-flags";
import type { Terminal } from "../terminal";

const HELP = `
Without a prompt this is a conversation: /help lists its commands, Ctrl-C stops an answer, Ctrl-D leaves.
With one, from a pipe or as an argument, it prints the answer and nothing else.

Examples:
  npx parley chat
  npx parley chat --model pico-m --system "Answer in one sentence."
  echo "What is a parley?" | npx parley chat
  git diff | npx parley chat "Review this change." --json
  npx parley chat --local models/pico-m
  npx parley chat --base-url https://api.example.com/v1 --api-key-env EXAMPLE_KEY --model some-model

Exit codes: 0 answered or left, 1 no answer (why stands on the standard error), 2 used wrongly, 130 stopped
by Ctrl-C before the answer was whole.
`;

const collectNumber = (flags: string, what: string) => [flags, what, toFlagNumber] as const;

export function addChatCommand(program: Command, terminal: Terminal): void {
  program
    .command("chat")
    .description(
      "Talk to a model of this platform, of any OpenAI-compatible server, or of a folder.",
    )
    .argument("[prompt...]", "ask this, print the answer and end")
    .option(
      "-m, --model <name>",
      "who answers; unless told, the first of the list that writes answers",
    )
    .option("--base-url <url>", "the server; unless told, the platform of this clone")
    .option("--api-key-env <name>", "the variable that holds the key")
    .option(
      "--api-key <key>",
      "the key itself, which others on this machine may see in its list of processes",
    )
    .option("--local <folder>", "a model folder in this very process: no server is needed")
    .option("--system <text>", "what the model is told first")
    .option("--conv-system-msg <text>", "FastChat's word for --system")
    .option(...collectNumber("--temperature <number>", "0 to 2; unless told, the model's own"))
    .option(...collectNumber("--top-p <number>", "above 0, to 1"))
    .option(...collectNumber("--max-tokens <number>", "tokens of an answer at most"))
    .option(...collectNumber("--max-new-tokens <number>", "FastChat's word for --max-tokens"))
    .option(...collectNumber("--repetition-penalty <number>", "above 0; 1 is off"))
    .option(...collectNumber("--repetition_penalty <number>", "as FastChat spells it"))
    .option(...collectNumber("--seed <number>", "the same one, the same answer"))
    .option("--style <name>", "simple, rich or programmatic; unless told, rich on a terminal")
    .option("--multiline", "in the simple style a message ends with Ctrl-D on an empty line")
    .option("--no-history", "each prompt stands alone, without what was said before")
    .option("--history-file <path>", "where prompts are kept for the arrow keys; none: nowhere")
    .option("--roles <user,assistant>", "who speaks, in the simple and programmatic styles")
    .option("--json", "the events of one answer, one JSON object a line")
    .addHelpText("after", HELP)
    .action(async (words: string[], flags: ChatFlags) => {
      await runChat(words.join(" "), flags, terminal);
    });
}
