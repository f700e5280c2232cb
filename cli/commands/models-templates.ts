import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { chooseFamily } from "@/lib/adapters/choose-family";
import { type Conversation, hasPlaceForSystem } from "@/lib/adapters/conversation";
import { parseTemplateRecord } from "@/lib/adapters/conversation-record";
import { isTemplatePath } from "@/lib/adapters/known-template";
import { toModelName } from "@/lib/adapters/match-adapter";
import { renderPrompt } from "@/lib/adapters/render-prompt";
import { fillTemplate, parseSample, type Sample } from "@/lib/adapters/sample-conversation";
import { findTemplate, TEMPLATES, toConversation } from "@/lib/adapters/templates";
import { TEMPLATE_FILE_BYTES_MAX } from "@/lib/limits";
import { StartError } from "@/lib/util/start-error";
import { CLI_EXIT_CODES, CliError, endBadUse } from "../cli-error";
import {
  choiceJson,
  choiceText,
  templateJson,
  templatesTable,
  templateText,
} from "../templates-text";
import type { Terminal } from "../terminal";
import { plainLine } from "../text-table";

const AFTER_HELP = `
Examples:
  $ npx parley models templates
  $ npx parley models templates lmsys/vicuna-7b-v1.5
  $ npx parley models templates llama-2 --json
  $ echo '[{"role": "user", "content": "Hi"}]' | npx parley models templates vicuna_v1.1 --render -
  $ python3 -c 'from fastchat.conversation import *; import json; c = get_conv_template("vicuna_v1.1")
    c.append_message(c.roles[0], "Hi"); c.append_message(c.roles[1], None)
    print(json.dumps(c.dict()))' | npx parley models templates --render -

The prompt is written byte for byte, without an end of line, as FastChat's get_prompt gives it. A worker looks at
a model's vocabulary and config.json too, before it takes a family by its name.
Exit codes: 0 done; 1 there is no template to render with; 2 the command was used wrongly.
`;

type Flags = { json?: true; render?: string };

/** What families want a conversation written as. Needs no database. */
export function addTemplatesCommand(models: Command, terminal: Terminal): void {
  endBadUse(models.command("templates"))
    .description("Chat templates by family, and which one a model's name gets.")
    .argument(
      "[name]",
      "a template's name, a model's, or a file with FastChat's record of one (.json)",
    )
    .option("--render <file>", "write the prompt that it makes of a conversation; - is the input")
    .option("--json", "one JSON object")
    .addHelpText("after", AFTER_HELP)
    .action(async (name: string | undefined, { json, render }: Flags) => {
      const write = (value: object) => terminal.write(`${JSON.stringify(value)}\n`);
      if (render !== undefined) return await writePrompt(name, render, { json, terminal });
      if (name === undefined) {
        if (json) return write({ templates: TEMPLATES.map(templateJson) });
        return terminal.write(templatesTable(TEMPLATES));
      }
      const facts = findTemplate(name);
      const model = toModelName(name);
      const choice = chooseFamily({ name: model });
      if (json)
        return write({
          ...(facts && { facts: templateJson(facts) }),
          ...choiceJson(model, choice),
        });
      if (facts) terminal.write(templateText(facts));
      else if (choice.template) terminal.write(templateText(choice.template));
      terminal.write(choiceText(model, choice));
    });
}

type Writing = { json: true | undefined; terminal: Terminal };

async function writePrompt(
  name: string | undefined,
  file: string,
  { json, terminal }: Writing,
): Promise<void> {
  const sample = await asBadUse(async () => parseSample(await readSmall(file)));
  const template = await findConversation(name, sample);
  const filled = fillTemplate(template, sample);
  if (sample.system && !hasPlaceForSystem(template)) {
    terminal.writeError(
      `Careful: ${template.name} has no place for a system message. FastChat drops it, as here; a worker refuses it.\n`,
    );
  }
  const prompt = renderPrompt(filled);
  const stops = { stop_str: template.stop, stop_token_ids: template.stopTokenIds };
  terminal.write(
    json ? `${JSON.stringify({ template: template.name, prompt, ...stops })}\n` : prompt,
  );
}

async function findConversation(name: string | undefined, sample: Sample): Promise<Conversation> {
  const asked = name ?? sample.template;
  if (asked === undefined) {
    throw new CliError({
      message: "There is no template to render with.",
      remedy: "Name one, or a model.",
      exitCode: CLI_EXIT_CODES.badUse,
    });
  }
  if (isTemplatePath(asked) && asked.endsWith(".json")) {
    return await asBadUse(async () => parseTemplateRecord(await readSmall(asked), asked));
  }
  const choice = chooseFamily({ name: toModelName(asked) });
  const facts = findTemplate(asked) ?? choice.template;
  if (facts) return toConversation(facts);
  throw new CliError({
    message: `${plainLine(asked)} is no template's name, and a model of that name gets none: ${choice.doubt}.`,
    remedy: "See `parley models templates`.",
    exitCode: CLI_EXIT_CODES.nothing,
  });
}

/** @throws StartError when it cannot be read or is no conversation by its size. */
async function readSmall(file: string): Promise<string> {
  const path = file === "-" ? "/dev/stdin" : file;
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new StartError({
      message: `${plainLine(file)} cannot be read.`,
      remedy: "Name a file of JSON, or - for the standard input.",
      cause,
    });
  });
  if (text.length <= TEMPLATE_FILE_BYTES_MAX) return text;
  throw new StartError({
    message: `${plainLine(file)} has more than ${TEMPLATE_FILE_BYTES_MAX} characters.`,
    remedy: "Render a shorter conversation.",
  });
}

async function asBadUse<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const { message, remedy } = error;
    throw new CliError({ message, remedy, exitCode: CLI_EXIT_CODES.badUse, cause: error });
  }
}
