import type { ArenaSettings } from "@/lib/protocol/arena-settings";

/** The rules of the arena as fields of a form, a list for each of its sections. */

type Common = {
  /** Within its section, as `endpoint.url`. */
  path: string;
  label: string;
  help?: string;
};

export type Column = { name: string; label: string; kind: "line" | "number" | "lines" };

export type RuleField = Common &
  /** Without a unit: a share, a weight. */
  (
    | { kind: "number"; unit: string; isCount?: boolean }
    | { kind: "switch" | "line" | "text" | "lines" }
    | { kind: "choice"; options: readonly { value: string; label: string }[] }
    /** A table that rows are added to; `noun` is what one is: "model". */
    | { kind: "rows"; noun: string; columns: readonly Column[] }
  );

export type SectionName = keyof ArenaSettings;

export type RuleSection = {
  name: SectionName;
  title: string;
  note: string;
  fields: readonly RuleField[];
};

const count = (path: string, label: string, unit: string, help?: string): RuleField => ({
  ...{ kind: "number", path, label, unit, isCount: true },
  ...(help !== undefined && { help }),
});
const amount = (path: string, label: string, unit: string, help?: string): RuleField => ({
  ...{ kind: "number", path, label, unit },
  ...(help !== undefined && { help }),
});

export const SAMPLING: RuleSection = {
  name: "sampling",
  title: "How pairs are drawn",
  note: "Which two models meet in a blind battle. The probability of each draw is kept with the battle, for the ratings.",
  fields: [
    {
      ...{ kind: "choice", path: "method", label: "Method" },
      options: [
        { value: "auto", label: "By itself: by weight, and actively once there are votes enough" },
        { value: "uniform", label: "All pairs alike" },
        { value: "weighted", label: "By weight" },
        { value: "active", label: "Actively: pairs of which a vote teaches most" },
      ],
    },
    count(
      ...(["activeVotesMin", "Votes on each two models before drawing actively", "votes"] as const),
      "In the mean over all pairs; where pairs are drawn by itself.",
    ),
    amount(
      ...(["uniformShare", "Share of active draws that is uniform", ""] as const),
      "So that no pair becomes rare. At least 0.05.",
    ),
  ],
};

const CALLS = "calls";

export const SECTIONS: readonly RuleSection[] = [
  {
    name: "pace",
    title: "Pace",
    note: "Speed must neither give a model away nor decide a vote.",
    fields: [
      {
        ...{ kind: "switch", path: "isFair" },
        label: "Show both sides at the pace of the slower one until the vote",
      },
      amount("charactersPerSecondMin", "What is ready is shown at least at", "characters a second"),
      amount(
        ...([
          "firstTokenSecondsMax",
          "A side has failed that has not begun after",
          "seconds",
        ] as const),
        "Another model is then drawn in its place.",
      ),
    ],
  },
  {
    name: "integrity",
    title: "Votes",
    note: "A vote that does not count is kept with the reason, and its visitor sees the names all the same. 0 is no limit.",
    fields: [
      amount("readSecondsMin", "Earliest vote after both answers are there", "seconds"),
      amount("readSecondsPerThousandCharacters", "And for each 1,000 characters", "seconds more"),
      amount("readSecondsMax", "But never more than", "seconds"),
      count("votesPerVisitorAndHour", "Counted votes of a visitor in an hour", "votes"),
      count("votesPerVisitorAndDay", "Counted votes of a visitor in a day", "votes"),
      count("votesPerNetworkAndDay", "Counted votes of a network in a day", "votes"),
      count("battlesPerVisitorAndHour", "Turns of battles of a visitor in an hour", "turns"),
      count("battlesPerNetworkAndHour", "Turns of battles of a network in an hour", "turns"),
      count("battlesPerVisitorAndDay", "Turns of battles of a visitor in a day", "turns"),
      count("battlesPerNetworkAndDay", "Turns of battles of a network in a day", "turns"),
      count("blindTurnsPerBattleMax", "Turns of one battle before its vote", "turns"),
      count("votesPerPromptMax", "Votes on one question in 30 days", "votes"),
      amount(
        ...(["anomalyAlpha", "Honest visitors whom the test of votes may flag", ""] as const),
        "Flags wait for you under Reviews; at most 0.5.",
      ),
      {
        ...{ kind: "switch", path: "holdsFlagged" },
        label: "Votes of a flagged visitor do not count until you dismiss the flag",
      },
      {
        ...{
          kind: "rows",
          path: "tellTales",
          label: "Words that give a model away",
          noun: "model",
        },
        help: "Beside its own name and its organisation's. A battle in which one is said before the vote does not count.",
        columns: [
          { name: "model", label: "Model", kind: "line" },
          { name: "phrases", label: "Words, one a line", kind: "lines" },
        ],
      },
      {
        ...{ kind: "lines", path: "innocentWords", label: "Words in names that give nothing away" },
        help: "One a line, as large or instruct.",
      },
    ],
  },
  {
    name: "ratings",
    title: "Ratings",
    note: "How the live boards are computed from the votes that count. A change computes all of them anew; published boards stay as they are.",
    fields: [
      {
        ...{ kind: "choice", path: "preset", label: "Estimator" },
        options: [
          {
            value: "arena-rank",
            label: "arena-rank: pairs drawn often do not outweigh the others",
          },
          { value: "fastchat", label: "fastchat: every vote weighs the same" },
        ],
      },
      count("votesMin", "A model is rated from", "votes"),
      count(
        ...(["preliminaryVotesMax", "Its rating is preliminary up to", "votes"] as const),
        "Then so few that it may move far yet.",
      ),
      count("languageVotesMin", "A language has a board of its own from", "votes"),
    ],
  },
  {
    name: "labels",
    title: "Labels of prompts",
    note: "Which category a prompt is of is told by rules on its words. A model that is named here reads it instead, from the prompts of visitors who agreed to the terms; boards follow.",
    fields: [
      {
        ...{ kind: "line", path: "model", label: "Model that reads categories" },
        help: "Empty: none. What it uses is charged to labels on the page of usage.",
      },
      count("promptsPerHour", "Prompts in an hour", "prompts"),
    ],
  },
  {
    name: "topics",
    title: "Topics of prompts",
    note: "First questions of battles, sorted by their words each day for everybody to browse: only those of visitors who agreed to the terms, examples without personal data.",
    fields: [
      { ...{ kind: "switch", path: "isOn", label: "Sort prompts into topics" } },
      count("promptsMax", "The newest so many", "prompts"),
    ],
  },
  {
    name: CALLS,
    title: "Calls",
    note: "How often visitors may have a model answer, over all pages. Beyond it they are told when they may ask again; battles draw other models. 0 is no limit.",
    fields: [
      count("priced.perVisitorAndHour", "Models with a price: a visitor in an hour", "answers"),
      count("priced.perVisitorAndDay", "A visitor in a day", "answers"),
      count("priced.perNetworkAndHour", "A network in an hour", "answers"),
      count("priced.perNetworkAndDay", "A network in a day", "answers"),
      {
        ...{
          kind: "rows",
          path: "models",
          label: "Models with limits of their own",
          noun: "model",
        },
        columns: [
          { name: "model", label: "Model", kind: "line" },
          { name: "perVisitorAndHour", label: "Visitor, hour", kind: "number" },
          { name: "perVisitorAndDay", label: "Visitor, day", kind: "number" },
          { name: "perNetworkAndHour", label: "Network, hour", kind: "number" },
          { name: "perNetworkAndDay", label: "Network, day", kind: "number" },
        ],
      },
    ],
  },
  {
    name: "moderation",
    title: "Moderation",
    note: "A question that is held back reaches no model and waits for you under Reviews.",
    fields: [
      {
        ...{ kind: "rows", path: "patterns", label: "Patterns", noun: "pattern" },
        help: "Regular expressions of RE2, without case.",
        columns: [
          { name: "name", label: "Name", kind: "line" },
          { name: "pattern", label: "Pattern", kind: "line" },
        ],
      },
      {
        ...{ kind: "choice", path: "judge", label: "Who else judges" },
        options: [
          { value: "none", label: "Nobody" },
          { value: "classifier", label: "The classifier of this server (PARLEY_MODERATION_MODEL)" },
          { value: "endpoint", label: "Another server, in OpenAI's form" },
        ],
      },
      { kind: "line", path: "endpoint.url", label: "Address of the other server" },
      { kind: "line", path: "endpoint.model", label: "Its model, where it wants one" },
      amount(
        ...(["scoreMin", "Held back from this score on", ""] as const),
        "1: where the judge itself says so.",
      ),
      {
        ...{ kind: "choice", path: "whenAway", label: "While the judge does not answer" },
        options: [
          { value: "hold", label: "Hold every question back" },
          { value: "pass", label: "Let questions pass" },
        ],
      },
    ],
  },
  {
    name: "terms",
    title: "Terms",
    note: "What visitors agree to before their first question. A new version asks everybody again.",
    fields: [
      {
        ...{ kind: "line", path: "version", label: "Version" },
        help: "Empty: nobody is asked.",
      },
      { kind: "text", path: "text", label: "Text", help: "Markdown." },
    ],
  },
  {
    name: "humanity",
    title: "Check for persons",
    note: "A check such as Turnstile before a visitor's first battle. Its secret is the setting PARLEY_HUMANITY_SECRET.",
    fields: [
      { kind: "switch", path: "isOn", label: "Ask for the check" },
      { kind: "line", path: "siteKey", label: "Site key" },
      { kind: "line", path: "scriptUrl", label: "Address of its script" },
      { kind: "line", path: "verifyUrl", label: "Address that answers are checked at" },
      amount("hours", "Asked again after", "hours"),
    ],
  },
];
