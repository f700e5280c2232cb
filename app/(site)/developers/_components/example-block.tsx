import type { ModelView } from "@/lib/protocol/arena-view";
import type { Example } from "../_examples/example";
import { findModel } from "../_examples/place";
import { ExampleTabs } from "./example-tabs";

/** Where this server is, and what is known of its models. */
export type Setting = {
  origin: string;
  models: readonly Pick<ModelView, "name" | "awake" | "features" | "isApi">[];
};

export type ExampleBlockProps = { example: Example; label: string; setting: Setting };

/** An example with a model that can do it now, or the name to put one in place of. */
export function ExampleBlock({ example, label, setting }: ExampleBlockProps) {
  const { origin, models } = setting;
  const model = findModel(models, example.feature);
  const code = example.code({ origin, model: model ?? "your-model" });
  return (
    <div data-example={example.id} data-runs={model !== undefined}>
      <ExampleTabs label={label} code={code} />
      {model === undefined && (
        <p className="mt-2 text-sm text-ink-soft">
          No model that can do this is awake at the moment: put the name of one in place of{" "}
          <code className="font-mono">your-model</code>.
        </p>
      )}
    </div>
  );
}
