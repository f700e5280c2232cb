import type { BackoffOptions } from "@/lib/util/backoff";

/** A place that models are downloaded from. */

export const HUB_NAMES = ["huggingface", "modelscope"] as const;
export type HubName = (typeof HUB_NAMES)[number];

/** Of a file's bytes; git's is SHA-1 over a header and the bytes. */
export type Checksum = { algorithm: "sha256" | "git-sha1"; value: string };

export type HubFile = {
  /** Inside the repository, with slashes. */
  path: string;
  bytes: number;
  checksum?: Checksum | undefined;
};

/** A model as it stands at one moment: its files never change. */
export type HubModel = {
  hub: HubName;
  /** `organization/name` */
  repo: string;
  /** What was asked for: a branch, a tag or a commit. */
  revision: string;
  /** What that was when it was asked; the revision itself where the hub tells none. */
  commit: string;
  files: HubFile[];
};

export type HubRequest = {
  url: string;
  headers: Record<string, string>;
  /** Base URL of the hub, for people. */
  hubUrl: string;
  repo: string;
  hasToken: boolean;
};

export interface Hub {
  readonly name: HubName;
  /** @throws AppError `not-found`, `forbidden` (gated), `unauthenticated`, `upstream-invalid`, `timeout` */
  find(repo: string, revision: string | undefined, signal: AbortSignal): Promise<HubModel>;
  /** How a file of it is asked for. */
  toRequest(model: HubModel, path: string): HubRequest;
}

export type HubOptions = {
  /** Base URL; absent: the public one. */
  url?: string | undefined;
  token?: string | undefined;
  /** Between two questions to a hub that is not well. */
  retry?: BackoffOptions | undefined;
};
