/** What a chat template makes of the parts of a conversation that not every template knows. */
export type TemplateAbilities = {
  takesSystem: boolean;
  /** Lists the tools that it is given. */
  takesTools: boolean;
  /** Writes the assistant's calls, and the results. */
  takesCalls: boolean;
  /** Whether calls' arguments are handed over as an object (the hub's convention) or as JSON text. */
  argumentsForm: "object" | "text";
  /** Refuses ids of calls unless they are 9 letters and digits, as Mistral's do. */
  needsShortIds: boolean;
};

export type RenderTemplate = (variables: Record<string, unknown>) => string;

/** Words that no template has of its own. */
const NEEDLE = { name: "probe-name", key: "probe-key", value: "probe-value", text: "probe-text" };
const SHORT_ID = "aB3dE6gH9";
const LONG_ID = "call_aB3dE6gH9jK2mN5pQ8sT1vW4";
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
  const withCall = (form: "object" | "text", id: string) =>
    attempt({ messages: conversation(form, id), tools: TOOLS });
  const knowsCall = (text: string) => text.includes(NEEDLE.value) && text.includes(NEEDLE.text);
  const argumentsForm = knowsCall(withCall("object", SHORT_ID)) ? "object" : "text";
  const takesCalls = knowsCall(withCall(argumentsForm, SHORT_ID));
  return {
    takesSystem: system.includes(NEEDLE.text),
    takesTools: tools.includes(NEEDLE.name),
    takesCalls,
    argumentsForm,
    needsShortIds: takesCalls && !knowsCall(withCall(argumentsForm, LONG_ID)),
  };
}

/** A question, a call, its result. */
function conversation(form: "object" | "text", id: string) {
  const args = { [NEEDLE.key]: NEEDLE.value };
  const call = {
    id,
    type: "function",
    function: { name: NEEDLE.name, arguments: form === "object" ? args : JSON.stringify(args) },
  };
  return [
    USER,
    { role: "assistant", content: "", tool_calls: [call] },
    { role: "tool", content: NEEDLE.text, name: NEEDLE.name, tool_call_id: id },
  ];
}
