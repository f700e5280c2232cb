import { BODY_BYTES_MAX, TEXTS_BODY_BYTES_MAX } from "@/lib/limits";
import { paths } from "@/lib/paths";
import { autoExample, errorExample, feedbackExample } from "../_examples/route-examples";
import { embeddingsExample, rerankExample, tokenizeExample } from "../_examples/text-examples";
import { ExampleBlock, type Setting } from "./example-block";
import { EndpointTable, ErrorTable, HeaderTable } from "./reference-tables";
import { Prose, Section, Term } from "./section";

const MIB = 1_048_576;

export function TextSections({ setting }: { setting: Setting }) {
  return (
    <>
      <Section id="embeddings" title="Embeddings">
        <Prose>
          Vectors of unit length, so that the likeness of two texts is the sum of the products of
          their numbers. A text longer than the model reads is refused unless <Term>overflow</Term>{" "}
          says to cut it or to average its pieces.
        </Prose>
        <ExampleBlock example={embeddingsExample} label="Two vectors" setting={setting} />
      </Section>
      <Section id="rerank" title="Rerank">
        <Prose>
          Documents by how well they answer a query, read by the model together with it: slower than
          vectors, and better. The shape is the one that Cohere&apos;s and Jina&apos;s endpoints
          have in common.
        </Prose>
        <ExampleBlock example={rerankExample} label="A ranking" setting={setting} />
      </Section>
      <Section id="tokens" title="Tokens">
        <Prose>
          <Term>{paths.tokenize}</Term> and <Term>{paths.detokenize}</Term> turn texts or
          conversations into a model&apos;s own tokens and back; the count is the one that a request
          is charged for.
        </Prose>
        <ExampleBlock example={tokenizeExample} label="The tokens of a text" setting={setting} />
      </Section>
    </>
  );
}

export function RouteSections({ setting }: { setting: Setting }) {
  return (
    <>
      <Section id="auto" title="Aliases, fallbacks, auto">
        <Prose>
          <Term>model</Term> may be an alias: whoever runs the server can let a name such as{" "}
          <Term>gpt-4o-mini</Term> stand for a model here, or for several by weight.{" "}
          <Term>models</Term> lists those to go on with where the first cannot answer.{" "}
          <Term>model: &quot;auto&quot;</Term> takes the best-rated one within the price and time
          that <Term>routing</Term> allows. Who answered, and why, stands in the headers{" "}
          <Term>x-parley-model</Term> and <Term>x-parley-route</Term>.
        </Prose>
        <ExampleBlock example={autoExample} label="The best model in time" setting={setting} />
      </Section>
      <Section id="feedback" title="Feedback">
        <Prose>
          Say what you thought of an answer by its id: <Term>up</Term>, <Term>down</Term> or a
          number from −1 to 1. It is kept apart from the votes of the arena and changes no rating.
        </Prose>
        <ExampleBlock example={feedbackExample} label="Feedback on an answer" setting={setting} />
      </Section>
    </>
  );
}

export function ReferenceSections({ setting }: { setting: Setting }) {
  return (
    <>
      <Section id="errors" title="Errors">
        <Prose>
          Every error says what happened and what to do, and <Term>param</Term> names the field at
          fault. Under <Term>/v1/messages</Term> the object is Anthropic&apos;s, everywhere else
          OpenAI&apos;s. The official clients try again by themselves where that helps.
        </Prose>
        <ExampleBlock example={errorExample} label="An error" setting={setting} />
        <ErrorTable />
      </Section>
      <Section id="limits" title="Limits and headers">
        <Prose>
          A key may have limits: requests and tokens a minute, requests at once, tokens or money a
          day or month, over all models or for one. They hold inside a running stream, too. Where
          all workers of a model are busy a request waits its turn, fairly among keys, and is told
          when to come back if the queue is full. <Term>x-parley-timeout-ms</Term> says how long an
          answer is worth waiting for.
        </Prose>
        <Prose>
          A minute is the last sixty seconds: what the clock&apos;s minute has used so far, and of
          the one before it the share that the sixty seconds still cover. After a burst, requests
          therefore come free one by one through the next minute of the clock:{" "}
          <Term>retry-after</Term> says when the first may begin,{" "}
          <Term>x-ratelimit-reset-requests</Term> when all are free again, which can be more than a
          minute away.
        </Prose>
        <Prose>
          The body of a request has at most {BODY_BYTES_MAX / MIB} MiB, of one about lists of texts
          (embeddings, rerank, classify, moderations) {TEXTS_BODY_BYTES_MAX / MIB} MiB; a longer one
          is refused with 413.
        </Prose>
        <HeaderTable />
      </Section>
      <Section id="endpoints" title="All endpoints">
        <Prose>
          For generated clients and for every field:{" "}
          <a className="text-accent underline underline-offset-4" href={paths.v1.openapi}>
            openapi.json
          </a>
          , made from the schemas that requests are read by.
        </Prose>
        <EndpointTable />
      </Section>
    </>
  );
}
