/** What a chat template makes of the parts of a conversation that not every template knows. */
export type TemplateAbilities = {
  takesSystem: boolean;
  /** Lists the tools that it is given. */
  takesTools: boolean;
  /** Writes the assistant's calls, and the results. */
  takesCalls: boolean;
  /** Whether calls' arguments are handed over as an object (the hub's convention) or as JSON text. */
  argumentsForm: "object" | "text";
  /** Writes all calls of one message; else it refuses them or writes the first alone. */
  takesSeveralCalls: boolean;
  /** Refuses ids of calls unless they are 9 letters and digits, as Mistral's do. */
  needsShortIds: boolean;
};

export type RenderTemplate = (variables: Record<string, unknown>) => string;

/** Words that no template has of its own. */
const NEEDLE = { name: "probe-name", key: "probe-key", value: "probe-value", text: "probe-text" };
const SHORT_ID = "aB3dE6gH9";
const OTHER_SHORT_ID = "jK2mN5pQ8";
const LONG_ID = "call_aB3dE6gH9jK2mN5pQ8sT1vW4";
const OTHER_VALUE = "probe-other";
const USER = { role: "user", content: "Hi" };
const TOOLS = [
  {
    type: "function",
    function: {
      name: NEEDLE.name,
      description: "",
      parameters: { type: "object", properties: { [NEEDLE.key]: { type: "string" } } },
    },
  },
];

/**
 * Finds out by trying. Templates are programs: that one names `tools` says neither that it lists them nor
 * in which form it wants arguments, and none says so anywhere else.
 */
export function probeAbilities(render: RenderTemplate): TemplateAbilities {
  const attempt = (variables: Record<string, unknown>): string => {
    try {
      return render(variables);
    } catch {
      return ""; // It refuses: nothing of what it was given is in its text.
    }
  };
  const system = attempt({ messages: [{ role: "system", content: NEEDLE.text }, USER] });
  const tools = attempt({ messages: [USER], tools: TOOLS });
  const withCalls = (form: "object" | "text", calls: Record<string, string>) =>
    attempt({ messages: conversation(form, calls), tools: TOOLS });
  const short = { [SHORT_ID]: NEEDLE.value };
  const two = { ...short, [OTHER_SHORT_ID]: OTHER_VALUE };
  const knowsCall = (text: string) => text.includes(NEEDLE.value) && text.includes(NEEDLE.text);
  const argumentsForm = knowsCall(withCalls("object", short)) ? "object" : "text";
  const takesCalls = knowsCall(withCalls(argumentsForm, short));
  return {
    takesSystem: system.includes(NEEDLE.text),
    takesTools: tools.includes(NEEDLE.name),
    takesCalls,
    argumentsForm,
    takesSeveralCalls: withCalls(argumentsForm, two).includes(OTHER_VALUE),
    needsShortIds: takesCalls && !knowsCall(withCalls(argumentsForm, { [LONG_ID]: NEEDLE.value })),
  };
}

/** A question, one message with calls (their values by their ids), and the results. */
function conversation(form: "object" | "text", calls: Record<string, string>) {
  const toolCalls = Object.entries(calls).map(([id, value]) => {
    const args = { [NEEDLE.key]: value };
    const written = form === "object" ? args : JSON.stringify(args);
    return { id, type: "function", function: { name: NEEDLE.name, arguments: written } };
  });
  const results = Object.keys(calls).map((id) => {
    return { role: "tool", content: NEEDLE.text, name: NEEDLE.name, tool_call_id: id };
  });
  return [USER, { role: "assistant", content: "", tool_calls: toolCalls }, ...results];
}
