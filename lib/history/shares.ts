import { createHash, randomBytes } from "node:crypto";
import type { Arena } from "@/lib/arena/arena";
import { readConversation } from "@/lib/arena/read-conversation";
import { withVisitor } from "@/lib/arena/visitor-turn";
import { SHARES_A_CONVERSATION_MAX } from "@/lib/arena-limits";
import { AppError } from "@/lib/errors";
import type {
  SharedConversation,
  SharePreview,
  ShareView,
  StandingShare,
} from "@/lib/protocol/share";
import { countShares, createShareRow, findShare, readShares, revokeShareRow } from "./share-store";
import { redactShared, toShared } from "./shared-conversation";

type By = { conversationId: string; visitorId: string };
type Leaf = { leafId?: string | undefined };

/**
 * What would be published of a conversation now, and what is published of it.
 *
 * @throws AppError `not-found`, or `conflict` where it cannot be published as it is.
 */
export async function previewShare(
  arena: Arena,
  { leafId, ...by }: By & Leaf,
): Promise<SharePreview> {
  const view = await readConversation(arena, by);
  const { conversation, removed } = await redactShared(toShared(view, { leafId }));
  const shares = await readShares(arena.db, by);
  return { conversation, removed, digest: digestOf(conversation), shares: shares.map(toStanding) };
}

/**
 * Publishes a conversation as it was previewed: a copy without personal data, which what is said later
 * does not change.
 *
 * @throws AppError `conflict` also when it has changed since the preview.
 */
export async function createShare(
  arena: Arena,
  { leafId, digest, mayBeFound, ...by }: By & Leaf & { digest: string; mayBeFound: boolean },
): Promise<StandingShare> {
  const view = await readConversation(arena, by);
  const { conversation } = await redactShared(toShared(view, { leafId }));
  if (digestOf(conversation) !== digest) {
    throw new AppError("conflict", {
      message: "The conversation has changed since you looked at it. Look at the preview again.",
      param: "digest",
    });
  }
  // 144 bits: nobody finds one by trying.
  const id = randomBytes(18).toString("base64url");
  return withVisitor(arena.db, by.visitorId, async (transaction) => {
    const standing = await countShares(transaction, by);
    if (standing >= SHARES_A_CONVERSATION_MAX) {
      throw new AppError("conflict", {
        message: `This conversation has ${standing} public links, which is as many as it may. Revoke one first.`,
      });
    }
    const row = { ...by, id, mayBeFound, conversation };
    return toStanding({ id, mayBeFound, createdAt: await createShareRow(transaction, row) });
  });
}

/**
 * What stands at a public link.
 *
 * @throws AppError `not-found` for one that never was, or was revoked.
 */
export async function readShare({ db }: Pick<Arena, "db">, id: string): Promise<ShareView> {
  const row = isShareId(id) ? await findShare(db, id) : undefined;
  if (row === undefined) throw noSuchShare();
  return { ...toStanding(row), conversation: row.conversation };
}

/**
 * Takes a public link back, with the words that stood there.
 *
 * @throws AppError `not-found`, also for another visitor's.
 */
export async function revokeShare(
  { db }: Pick<Arena, "db">,
  { id, visitorId }: { id: string; visitorId: string },
): Promise<void> {
  const isRevoked = isShareId(id) && (await revokeShareRow(db, { id, visitorId }));
  if (!isRevoked) throw noSuchShare();
}

const isShareId = (id: string) => /^[\w-]{24}$/.test(id);

function noSuchShare(): AppError {
  return new AppError("not-found", { message: "There is no such shared conversation." });
}

function toStanding(row: { id: string; createdAt: Date; mayBeFound: boolean }): StandingShare {
  const { id, createdAt, mayBeFound } = row;
  return { id, createdAt: createdAt.toISOString(), mayBeFound };
}

/** The same for the same words in the same order, whatever reads them. */
function digestOf(conversation: SharedConversation): string {
  return createHash("sha256").update(JSON.stringify(conversation)).digest("hex");
}
