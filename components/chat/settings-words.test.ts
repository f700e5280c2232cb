import { expect, test } from "vitest";
import { conversationSettingsSchema } from "@/lib/protocol/conversation-view";
import { isSameSettings, NUMBER_SETTINGS, parseSetting, withSetting } from "./settings-words";

test("every number that the sheet lets one set is one that the server takes", () => {
  for (const setting of NUMBER_SETTINGS) {
    for (const value of [setting.min, setting.max, setting.from]) {
      expect(parseSetting(setting, String(value))).toBe(value);
      expect(conversationSettingsSchema.parse({ [setting.name]: value })).toBeDefined();
    }
    for (const typed of ["", " ", "x", String(setting.max + 1), String(setting.min - 1)]) {
      expect(parseSetting(setting, typed), `${setting.name} ${typed}`).toBeUndefined();
    }
  }
  const [, , tokens] = NUMBER_SETTINGS;
  expect(parseSetting(tokens!, "1.5")).toBeUndefined();
});

test("a setting is put, and taken back to the model's own", () => {
  const set = withSetting({ topP: 0.5 }, "temperature", 0);
  expect(set).toEqual({ topP: 0.5, temperature: 0 });
  expect(withSetting(set, "topP", undefined)).toEqual({ temperature: 0 });
  expect(withSetting({ system: "a" }, "system", "")).toEqual({});
  expect(isSameSettings({ system: "" }, {})).toBe(true);
  expect(isSameSettings({ temperature: 0 }, {})).toBe(false);
});
