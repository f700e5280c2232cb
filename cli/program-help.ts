import type { Command } from "commander";
import { mixStyles, STYLE } from "./screen/spans";

/** What `npx parley` alone shows of each command: a heading, and a line. */
const GROUPS: readonly { heading: string; commands: Record<string, string> }[] = [
  {
    heading: "Talk:",
    commands: { chat: "chat with a model, compare two, or ask once from a pipe" },
  },
  {
    heading: "Run:",
    commands: {
      status: "what runs where, and who waits",
      doctor: "what is wrong, and what to do about it",
      worker: "serve models to the platform",
      workers: "list workers, drain and remove them, make their tokens",
      config: "settings, and where each comes from",
      db: "the database's address, and its schema",
    },
  },
  {
    heading: "Keep:",
    commands: {
      models: "prices, defaults, limits, stand-ins, retirement",
      providers: "models of external providers, and their keys",
      aliases: "names that stand for models",
      keys: "keys of the API",
      usage: "who used what, and what it cost",
    },
  },
  {
    heading: "Votes and boards:",
    commands: {
      arena: "the rules of the arena",
      reviews: "votes that look wrong",
      ratings: "boards from files of votes",
      leaderboard: "publish boards, compute them again, move votes",
    },
  },
];

const AFTER = `
Begin with:
  npm start                              the platform, with its database and models
  npx parley chat                        talk to one of them
  npx parley chat --local models/pico-m  without a platform
  npx parley doctor                      if something does not work

\`npx parley <command> --help\` shows a command's flags, examples and exit codes: 0 done, 1 not done, 2 used wrongly.
`;

/** The look of all help, and of the first page of it. */
export function layOutHelp(program: Command, isColoured: () => boolean): void {
  const styled = (style: string) => (text: string) => `\x1b[${style}m${text}\x1b[0m`;
  program.configureHelp({
    styleTitle: styled(STYLE.bold),
    styleCommandText: styled(STYLE.cyan),
    styleSubcommandText: styled(STYLE.cyan),
    styleOptionText: styled(STYLE.cyan),
    styleArgumentText: styled(mixStyles(STYLE.cyan)),
  });
  // Commander takes out what a terminal is not to be sent.
  program.configureOutput({ getOutHasColors: isColoured, getErrHasColors: isColoured });
}

/** After all commands are known: where each stands on the first page. */
export function groupCommands(program: Command): void {
  const known = new Map(program.commands.map((it) => [it.name(), it]));
  for (const { heading, commands } of GROUPS) {
    for (const [name, summary] of Object.entries(commands)) {
      known.get(name)?.helpGroup(heading).summary(summary);
    }
  }
  program.usage("<command>").addHelpText("after", AFTER);
  // Their flags are shown by their own help; here a name is enough.
  program.configureHelp({ ...program.configureHelp(), subcommandTerm: (it) => it.name() });
}
