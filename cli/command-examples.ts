import type { Command } from "commander";

/** Of commands whose help has none of its own: by the words that name them. */
const EXAMPLES: Record<string, readonly string[]> = {
  worker: ["worker --model ./models/my-model", "worker --help"],
  "workers list": ["workers list", "workers list --json"],
  "workers add": ["workers add http://10.0.0.7:3001"],
  "workers drain": ["workers drain my-worker"],
  "workers resume": ["workers resume my-worker"],
  "workers remove": ["workers remove http://10.0.0.7:3001"],
  "workers tokens": ["workers tokens --all --json"],
  "workers token create": ['workers token create "the machine under the desk"'],
  "workers token revoke": ["workers token revoke wt-parley-Ab3"],
  config: ["config", "config --json", "config check"],
  "config check": ["config check", "config check --json"],
  "db url": ['psql "$(npx parley db url)"', 'pg_dump "$(npx parley db url)" > parley.sql'],
  "db migrate": ["db migrate"],
  "models list": ["models list", "models list --json"],
  "models show": ["models show pico-m", "models show pico-m --json"],
  "models set": [
    "models set pico-m --price-prompt 0.1 --price-completion 0.4",
    "models set pico-m --default temperature=0.3 --fallback pico-l",
    'models set pico-m --organization "Acme Labs" --licence Apache-2.0 --visibility arena,api',
    "models set pico-m --unset licence --unset price",
  ],
  "models unset": ["models unset pico-m"],
  "models retire": ["models retire old-model"],
  "models return": ["models return old-model"],
  "providers keys add": [
    "providers keys add house --provider anthropic",
    "pass show anthropic | npx parley providers keys add house --provider anthropic",
    "providers keys add aws --provider bedrock --from-env accessKeyId=AWS_ACCESS_KEY_ID --from-env secretAccessKey=AWS_SECRET_ACCESS_KEY",
  ],
  "providers keys replace": ["providers keys replace house --from-env ANTHROPIC_API_KEY"],
  "providers keys list": ["providers keys list --json"],
  "providers keys remove": ["providers keys remove house"],
  "providers keys reseal": ["providers keys reseal --from-env OLD_PARLEY_SECRET"],
  "providers models add": [
    "providers models add claude --provider anthropic --model claude-sonnet-4-5 --key house --context-length 200000",
    "providers models add gpt --provider openai --model gpt-4.1 --variable OPENAI_API_KEY",
  ],
  "providers models list": ["providers models list --json"],
  "providers models enable": ["providers models enable claude"],
  "providers models disable": ["providers models disable claude"],
  "providers models remove": ["providers models remove claude"],
  "providers import": [
    "providers import models.yaml",
    "providers import api_endpoint.json --replace",
  ],
  "aliases list": ["aliases list --json"],
  "aliases set": [
    "aliases set best pico-l",
    "aliases set best pico-l=0.9 pico-m=0.1 --rollback",
    "aliases set best pico-l --mirror pico-m=0.05",
  ],
  "aliases remove": ["aliases remove best"],
  "keys create": ["keys create --name my-app", "keys create --name my-app --json | jq -r .key"],
  "keys list": ["keys list --all"],
  "keys show": ["keys show pk-parley-Ab3"],
  "keys update": ["keys update pk-parley-Ab3 --name my-other-app"],
  "keys revoke": ["keys revoke pk-parley-Ab3"],
  usage: ["usage", "usage --since 30d --json"],
  "usage requests": ["usage requests --limit 20"],
  "arena show": ["arena show", "arena show --json > rules.json"],
  "arena set": ["arena set pace.isFair=false", "arena set pace.isFair=default"],
  "arena history": ["arena history --json"],
  "arena import": [
    "arena import rules.json",
    "jq .pace.isFair=true rules.json | npx parley arena import -",
  ],
  "arena models list": ["arena models list"],
  "arena models set": [
    "arena models set pico-m --weight 2",
    "arena models set pico-m --target pico-l --target-share 0.5",
  ],
  "arena models unset": ["arena models unset pico-m"],
  "reviews list": ["reviews list --state open --json"],
  "reviews log": ["reviews log --json"],
  "reviews dismiss": ["reviews dismiss 0190b2f4-0000-7000-8000-000000000000"],
  "reviews uphold": ["reviews uphold 0190b2f4-0000-7000-8000-000000000000"],
  "reviews exclude": ["reviews exclude voter-3f9a"],
  "reviews restore": ["reviews restore voter-3f9a"],
  "reviews withdraw": ["reviews withdraw pico-s"],
  "reviews reinstate": ["reviews reinstate pico-s"],
};

const EXIT_CODES =
  "Exit codes: 0 done, 1 not done (why stands on the standard error), 2 used wrongly.";

/** Gives every command that ends a sentence of its help: what it looks like, and how it ends. */
export function addExamples(program: Command): void {
  const visit = (command: Command, words: readonly string[]) => {
    const examples = EXAMPLES[words.join(" ")];
    if (examples) command.addHelpText("after", toText(examples));
    for (const it of command.commands) visit(it, [...words, it.name()]);
  };
  visit(program, []);
}

function toText(examples: readonly string[]): string {
  // Some begin with another program.
  const lines = examples.map((it) => (it.includes("npx parley") ? it : `npx parley ${it}`));
  return `\n${lines.length > 1 ? "Examples" : "Example"}:\n  ${lines.join("\n  ")}\n\n${EXIT_CODES}\n`;
}
