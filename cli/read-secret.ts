import { CLI_EXIT_CODES, CliError } from "./cli-error";
import { Keyboard } from "./screen/keyboard";
import type { TerminalStreams } from "./terminal";

/** Secrets are typed unseen or piped in: what stands on a command line is in the shell's history and the list of processes. */

/** Of what is piped in: no secret is longer. */
const PIPED_CHARACTERS_MAX = 64 * 1024;

/** All that is piped in. @throws CliError for a pipe that holds far more than a secret. */
export async function readPiped(input: NodeJS.ReadStream): Promise<string> {
  let text = "";
  input.setEncoding("utf8");
  for await (const piece of input) {
    text += piece;
    if (text.length > PIPED_CHARACTERS_MAX) {
      throw new CliError({
        message: "What is piped in is longer than any key.",
        remedy: "Pipe the key alone.",
        exitCode: CLI_EXIT_CODES.badUse,
      });
    }
  }
  return text.trim();
}

/** A line that is typed without being shown; empty where somebody only presses Enter. @throws CliError on Ctrl-C. */
export async function askHidden(
  question: string,
  { input, output }: TerminalStreams,
): Promise<string> {
  const keyboard = new Keyboard(input, (text) => output.write(text));
  output.write(question);
  try {
    return await new Promise<string>((settle, fail) => {
      let line = "";
      keyboard.listen(
        ({ name, ctrl, text }) => {
          if (name === "return" || name === "enter") settle(line.trim());
          else if (ctrl && (name === "c" || name === "d")) fail(interrupted());
          else if (ctrl && name === "u") line = "";
          else if (name === "backspace") line = line.slice(0, -1);
          // Arrows and the like have no letters; a pasted piece has them as if typed.
          else if (/^[\x20-\x7e]+$/.test(text)) line += text;
        },
        () => fail(interrupted()),
      );
    });
  } finally {
    keyboard.close();
    output.write("\n");
  }
}

function interrupted(): CliError {
  return new CliError({
    message: "Nothing was changed.",
    remedy: "",
    exitCode: CLI_EXIT_CODES.interrupted,
  });
}
