import { paths } from "@/lib/paths";
import { chatExample, jsonExample, streamExample, toolsExample } from "../_examples/chat-examples";
import { completionsExample, messagesExample, responsesExample } from "../_examples/other-examples";
import { ExampleBlock, type Setting } from "./example-block";
import { Prose, Section, Term } from "./section";

export type ApiDoor = "nobody" | "this-machine" | "everyone" | "unknown";

const DOORS: Record<ApiDoor, string> = {
  everyone: "This server answers everyone, with or without a key.",
  "this-machine":
    "This server has no keys yet and answers programs on its own machine without one. As soon as the first key is made, all need one.",
  nobody: "This server asks for a key. Whoever runs it makes one for you.",
  unknown: "This server may ask for a key. Whoever runs it makes one for you.",
};

export function StartSection({ setting, door }: { setting: Setting; door: ApiDoor }) {
  return (
    <Section id="start" title="Begin">
      <Prose>
        Take OpenAI&apos;s own client and set its base URL to <Term>{setting.origin}/v1</Term>.
        Every field of its requests works here, or is refused by a sentence that names it; none is
        ignored.
      </Prose>
      <Prose>
        {DOORS[door]} The examples read it from the variable <Term>PARLEY_API_KEY</Term>: send it as{" "}
        <Term>Authorization: Bearer</Term> or <Term>x-api-key</Term>.
      </Prose>
      <ExampleBlock example={chatExample} label="A first request" setting={setting} />
      <Prose>
        The clients come with <Term>pip install openai anthropic</Term> and{" "}
        <Term>npm install openai @anthropic-ai/sdk</Term>. What may be sent where stands, for
        programs, in{" "}
        <a className="text-accent underline underline-offset-4" href={paths.v1.openapi}>
          openapi.json
        </a>
        .
      </Prose>
    </Section>
  );
}

/** What can be asked of a chat. */
export function ChatSections({ setting }: { setting: Setting }) {
  return (
    <>
      <Section id="streams" title="Streams">
        <Prose>
          With <Term>stream: true</Term> the answer comes as server-sent events while it is written,
          and ends with <Term>[DONE]</Term>. An answer that fails on its way ends with an event that
          holds the error; what was said until then stands. When you leave, the model stops.
        </Prose>
        <ExampleBlock example={streamExample} label="A stream" setting={setting} />
      </Section>
      <Section id="tools" title="Tools">
        <Prose>
          Offer functions, run those that the model asks for, and send their results back.{" "}
          <Term>tool_choice</Term> may be <Term>auto</Term>, <Term>none</Term>,{" "}
          <Term>required</Term> or one function; in streams arguments come piece by piece. A call
          that the model has to make (<Term>required</Term> or one function) has arguments that keep
          to the schema of their function, and so has every call of a function with{" "}
          <Term>strict: true</Term>. The difference is what becomes of a schema that cannot be kept
          to: a strict one is refused, any other gives an object of any form, as under{" "}
          <Term>auto</Term>.
        </Prose>
        <ExampleBlock example={toolsExample} label="A tool" setting={setting} />
      </Section>
      <Section id="json" title="JSON">
        <Prose>
          An answer under <Term>response_format</Term> of the type <Term>json_schema</Term> keeps to
          the schema, whatever the model would rather say: at each token only what can still lead to
          a fitting text is drawn from. <Term>structured_outputs</Term> takes an expression or a
          list of choices instead.
        </Prose>
        <ExampleBlock example={jsonExample} label="JSON by a schema" setting={setting} />
      </Section>
    </>
  );
}

/** The same models in other shapes. */
export function ShapeSections({ setting }: { setting: Setting }) {
  return (
    <>
      <Section id="responses" title="Responses">
        <Prose>
          OpenAI&apos;s newer shape. A response is kept for whoever made it, so that the next one
          can go on from it; <Term>store: false</Term> keeps nothing. With{" "}
          <Term>background: true</Term> it is answered at once with an id and written without you:
          read, follow, cancel or delete it by that id.
        </Prose>
        <ExampleBlock example={responsesExample} label="Two responses" setting={setting} />
      </Section>
      <Section id="messages" title="Messages">
        <Prose>
          Programs that speak Anthropic&apos;s API work, too: set the base URL of its client to{" "}
          <Term>{setting.origin}</Term>, without <Term>/v1</Term>. Streams, tools, thinking,
          counting of tokens and the list of models come in its own shape.
        </Prose>
        <ExampleBlock example={messagesExample} label="A message" setting={setting} />
      </Section>
      <Section id="completions" title="Completions">
        <Prose>
          A text that the model goes on with, without a chat template. With <Term>echo</Term> and{" "}
          <Term>logprobs</Term> it tells how likely each token of your own text was, which is what
          evaluation harnesses ask for.
        </Prose>
        <ExampleBlock example={completionsExample} label="A completion" setting={setting} />
      </Section>
    </>
  );
}
