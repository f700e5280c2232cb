import { expect, test } from "vitest";
import type { ModelView } from "@/lib/protocol/arena-view";
import { chooseModel, whyBlocked } from "./choose-model";

function model(name: string, over: Partial<ModelView> = {}): ModelView {
  return {
    ...{ isDirect: true, isApi: true },
    ...{ name, awake: true, isRetired: false, contextLength: 512, workers: 1, features: ["chat"] },
    description: {} as ModelView["description"],
    ...over,
  };
}
const models = [
  model("asleep", { awake: false }),
  model("reader", { features: ["embeddings"] }),
  model("writer"),
];

test("the wanted model is chosen, also asleep, and without a wish the first awake", () => {
  expect(chooseModel(models, "asleep")).toEqual({ model: "asleep", remark: null });
  expect(chooseModel(models, null)).toEqual({ model: "writer", remark: null });
  expect(chooseModel(undefined, "writer").model).toBe("writer");
  expect(chooseModel(undefined, null).model).toBe("");
});

test("one that only reads, or that nobody knows, is not chosen, and why is said", () => {
  expect(chooseModel(models, "reader")).toEqual({
    model: "writer",
    remark: "reader reads texts and writes none. writer was chosen instead.",
  });
  expect(chooseModel(models, "nobody").remark).toBe(
    "There is no model called nobody here. writer was chosen instead.",
  );
  expect(chooseModel([], "nobody")).toEqual({
    model: "",
    remark: "There is no model called nobody here.",
  });
});

test("why nothing can be asked", () => {
  const by = { isOnline: true, models, model: "writer" };
  expect(whyBlocked(by)).toBeNull();
  expect(whyBlocked({ ...by, isOnline: false })).toBe("You are offline.");
  expect(whyBlocked({ ...by, model: "" })).toBe("No model is awake yet.");
  expect(whyBlocked({ ...by, model: "asleep" })).toMatch(/^asleep is asleep/);
  expect(whyBlocked({ ...by, models: undefined })).toBeNull();
});
