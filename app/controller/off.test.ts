/** Goal: nobody joins where no token was set. Method: the handlers, in an environment without one. */
import { expect, test, vi } from "vitest";
import { GET, POST } from "./[...call]/route";

vi.hoisted(() => {
  delete process.env.PARLEY_FASTCHAT_TOKEN;
});

test.each([["register_worker"], ["any-token-whatsoever/register_worker"], ["test_connection"]])(
  "without a token nothing is at /controller/%s",
  async (path) => {
    const params = Promise.resolve({ call: path.split("/") });
    const url = `http://127.0.0.1/controller/${path}`;
    const posted = await POST(new Request(url, { method: "POST", body: "{}" }), { params });
    const got = await GET(new Request(url), { params });
    expect([posted.status, got.status]).toEqual([404, 404]);
    expect(await posted.json()).toMatchObject({
      object: "error",
      message: "There is nothing here.",
    });
  },
);
