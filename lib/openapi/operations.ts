import * as z from "zod";
import { paths } from "@/lib/paths";
import { GENERATION_OPERATIONS } from "./generation-operations";
import { ERRORS_OF, type Operation } from "./operation";
import { RESPONSE_OPERATIONS } from "./response-operations";
import { TEXT_OPERATIONS } from "./text-operations";
import { TOKEN_OPERATIONS } from "./token-operations";

const ABOUT: readonly Operation[] = [
  {
    ...{ id: "describeApi", method: "get", path: paths.v1.openapi },
    ...{ tag: "About", scope: "none", shape: "openai", errors: ERRORS_OF.open },
    summary: "This document",
    reply: {
      ...{ name: "OpenApiDocument", schema: z.looseObject({ openapi: z.string() }) },
      description: "OpenAPI 3.1.",
    },
  },
];

/** Everything that programs may call, in the order in which people read of it. */
export const OPERATIONS: readonly Operation[] = [
  ...GENERATION_OPERATIONS,
  ...RESPONSE_OPERATIONS,
  ...TEXT_OPERATIONS,
  ...TOKEN_OPERATIONS,
  ...ABOUT,
];
