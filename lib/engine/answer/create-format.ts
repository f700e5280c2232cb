import type { Structure } from "../grammar/grammar";
import type {
  AnswerFormat,
  AnswerParser,
  AnswerParserOptions,
  AnswerPart,
  Holding,
  Tool,
  ToolRequest,
} from "./answer-format";
import { AnswerReader, type Reading, randomId } from "./answer-reader";
import { type ReasoningMarks, readReasoning } from "./reasoning";

/** What is particular to how one family writes calls. */
export type CallSyntax = {
  name: string;
  /** Marks that are control tokens in some vocabularies. */
  spelledTokens: readonly string[];
  /** Reads an answer (what follows the reasoning) to its end. The reader may hold white space already. */
  readAnswer(reader: AnswerReader): Reading<void>;
  /** Reads all of an answer, where reasoning is more than what stands between two marks at its beginning. */
  readWhole?(reader: AnswerReader, options: WholeOptions): Reading<void>;
  /** As `AnswerFormat.toStructure`; asked only where something is to be held to. */
  toStructure(need: CallNeed): Structure;
  /** How a call is written, for a model that has to be told. */
  writeCall(name: string, argumentsJson: string): string;
  /** How several are, in words. */
  severalCalls: string;
  /** Characters of a call's id; unless given, those of OpenAI's. */
  idLength?: number;
};

export type WholeOptions = Pick<AnswerParserOptions, "splitsReasoning" | "beginsInReasoning"> & {
  /** Whether there are tools to call. */
  isOffering: boolean;
};

/** A tool as a structure has it. */
export type HeldTool = Tool & {
  /** Whether arguments match `parameters` where that can be had, and are any object where not. */
  isHeldIfPossible?: boolean;
};

/** The calls that an answer may hold. */
export type CallNeed = {
  tools: readonly HeldTool[];
  /** The answer is calls and nothing else; otherwise they may stand in any text. */
  isForced: boolean;
  isParallel: boolean;
  /** What stands around the model's reasoning: a free answer that begins so is none without reasoning. */
  reasoning: ReasoningMarks | undefined;
};

/** As OpenAI's are: `call_` and 24 letters and digits. */
const ID_PREFIX = "call_";
const ID_LENGTH = 24;

/** A format out of how calls are written and what stands around reasoning. */
export function createFormat(
  syntax: CallSyntax,
  reasoning: ReasoningMarks | undefined,
): AnswerFormat {
  const { name, idLength } = syntax;
  const createId = () => (idLength ? randomId(idLength) : ID_PREFIX + randomId(ID_LENGTH));
  return {
    name,
    spelledTokens: [
      ...syntax.spelledTokens,
      ...(reasoning ? [reasoning.open, reasoning.close] : []),
    ],
    createParser: (options) =>
      new ReadingParser(
        new AnswerReader({ tools: options.tools ?? [], createId: options.createId ?? createId }),
        (reader) => readAll(reader, syntax, { ...options, reasoning }),
      ),
    toStructure: (request, holding = "demanded") => {
      const need = toNeed(request, holding);
      return need && syntax.toStructure({ ...need, reasoning });
    },
  };
}

type ReadAllOptions = AnswerParserOptions & { reasoning: ReasoningMarks | undefined };

function* readAll(
  reader: AnswerReader,
  syntax: CallSyntax,
  { reasoning, tools, splitsReasoning, beginsInReasoning }: ReadAllOptions,
): Reading<void> {
  const isOffering = tools !== undefined && tools.length > 0;
  if (syntax.readWhole) {
    yield* syntax.readWhole(reader, { isOffering, splitsReasoning, beginsInReasoning });
    return;
  }
  if (reasoning) {
    const state = { isSplit: splitsReasoning, hasBegun: beginsInReasoning };
    yield* readReasoning(reader, { marks: reasoning, ...state });
  }
  if (isOffering) yield* syntax.readAnswer(reader);
  yield* reader.restAsText();
}

/** Runs the rules of a format as far as the text goes. */
class ReadingParser implements AnswerParser {
  readonly #reader: AnswerReader;
  readonly #reading: Reading<void>;

  constructor(reader: AnswerReader, read: (reader: AnswerReader) => Reading<void>) {
    this.#reader = reader;
    this.#reading = read(reader);
  }

  push(text: string): AnswerPart[] {
    this.#reader.feed(text);
    this.#reading.next();
    return this.#reader.drain();
  }

  flush(): AnswerPart[] {
    this.#reader.end();
    this.#reading.next();
    return this.#reader.drain();
  }
}

/** What a request needs held to, or undefined when it leaves the model free. */
function toNeed(
  { tools, choice, isParallel }: ToolRequest,
  holding: Holding,
): Omit<CallNeed, "reasoning"> | undefined {
  if (choice === "none") return undefined;
  const demand = (tool: Tool): HeldTool =>
    holding === "strict" || tool.isStrict ? tool : { ...tool, isHeldIfPossible: true };
  if (choice === "required") return { tools: tools.map(demand), isForced: true, isParallel };
  if (choice === "auto") {
    const isAnyStrict = tools.some((tool) => tool.isStrict);
    return isAnyStrict ? { tools, isForced: false, isParallel } : undefined;
  }
  const named = tools.filter((tool) => tool.name === choice.name).map(demand);
  // As with OpenAI, a named tool is called once.
  return { tools: named, isForced: true, isParallel: false };
}

/** The tools whose calls are told apart in the answer to `request`; undefined: none. */
export function offeredTools(request: ToolRequest | undefined): ToolRequest["tools"] | undefined {
  if (!request || request.choice === "none") return undefined;
  const { choice, tools } = request;
  return typeof choice === "string" ? tools : tools.filter((tool) => tool.name === choice.name);
}
