import { notFound } from "next/navigation";
import { ImageResponse } from "next/og";
import { arena } from "@/lib/arena/arena";
import { SHARE_PICTURES_KEPT_MAX } from "@/lib/arena-limits";
import { isAppError } from "@/lib/errors";
import { readShare } from "@/lib/history/shares";
import type { SharedConversation } from "@/lib/protocol/share";
import { describeShare } from "./describe-share";
import { toDrawable } from "./drawable";
import { readFaces } from "./faces";

export const alt =
  "The title of a shared conversation, its models and the first words of an answer";
export const size = { width: 1200, height: 630 };
export const contentType = "image/png";
export const dynamic = "force-dynamic";

/** In OKLCH on the pages (globals.css), which this renderer does not know. */
const COLOURS = {
  paper: "#fbfaf7",
  ink: "#191b22",
  soft: "#5a5d66",
  line: "#e2dfd9",
  a: "#2f68c0",
  b: "#a35a1e",
};

/** What is published never changes, and crawlers come in swarms: pictures by the share's id, the last used last. */
const kept = new Map<string, Promise<ArrayBuffer>>();
/** One is drawn at a time: each holds up a whole processor, which people's answers need too. */
let drawingLast: Promise<unknown> = Promise.resolve();

export type PictureProps = { params: Promise<{ id: string }> };

export default async function Picture({ params }: PictureProps): Promise<Response> {
  const { id } = await params;
  // Asked each time: what was revoked has no picture any more.
  const share = await readShare(arena(), id).catch((error: unknown) => {
    if (isAppError(error) && error.code === "not-found") notFound();
    throw error;
  });
  const drawing = kept.get(id) ?? drawInTurn(share.conversation);
  kept.delete(id);
  kept.set(id, drawing);
  const [oldest] = kept.keys();
  if (kept.size > SHARE_PICTURES_KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  drawing.catch(() => kept.delete(id));
  return new Response(await drawing, {
    headers: { "content-type": contentType, "cache-control": "public, max-age=300" },
  });
}

function drawInTurn(conversation: SharedConversation): Promise<ArrayBuffer> {
  const drawing = drawingLast.then(() => draw(conversation));
  drawingLast = drawing.catch(() => undefined);
  return drawing;
}

async function draw(conversation: SharedConversation): Promise<ArrayBuffer> {
  const { words, facts } = describeShare(conversation);
  const title = toDrawable(conversation.title, 110) ?? "A shared conversation";
  const picture = new ImageResponse(
    <Card
      title={title}
      words={toDrawable(words, 170)}
      facts={toDrawable(facts, 90) ?? ""}
      isPair={conversation.kind !== "chat"}
    />,
    { ...size, fonts: await readFaces() },
  );
  return picture.arrayBuffer();
}

type CardProps = { title: string; words: string | null; facts: string; isPair: boolean };

function Card({ title, words, facts, isPair }: CardProps) {
  return (
    <div
      style={{
        ...{ width: "100%", height: "100%", display: "flex", flexDirection: "column" },
        ...{ padding: "64px 72px", background: COLOURS.paper, color: COLOURS.ink },
        fontFamily: "Instrument Sans, Instrument Sans Extended",
      }}
    >
      <div style={{ display: "flex", alignItems: "center", justifyContent: "space-between" }}>
        <div style={{ display: "flex", alignItems: "center", gap: 16 }}>
          <Brackets />
          <span style={{ fontFamily: "Newsreader, Newsreader Extended", fontSize: 40 }}>
            parley
          </span>
        </div>
        {isPair && (
          <div style={{ display: "flex", gap: 12 }}>
            <Letter letter="A" colour={COLOURS.a} />
            <Letter letter="B" colour={COLOURS.b} />
          </div>
        )}
      </div>
      <div
        style={{
          ...{ display: "flex", flexGrow: 1, flexDirection: "column", justifyContent: "center" },
          gap: 28,
        }}
      >
        <div
          style={{
            ...{ fontFamily: "Newsreader, Newsreader Extended", lineHeight: 1.12 },
            ...{ fontSize: title.length > 60 ? 56 : 72, letterSpacing: "-0.01em" },
          }}
        >
          {title}
        </div>
        {words !== null && (
          <div style={{ fontSize: 30, lineHeight: 1.4, color: COLOURS.soft }}>{words}</div>
        )}
      </div>
      <div
        style={{
          ...{ display: "flex", borderTop: `2px solid ${COLOURS.line}`, paddingTop: 28 },
          ...{ fontSize: 26, color: COLOURS.soft },
        }}
      >
        {facts}
      </div>
    </div>
  );
}

/** components/mark.tsx. */
function Brackets() {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: part of a picture that has its own words.
    <svg width="44" height="44" viewBox="0 0 24 24" fill="none">
      <path
        d="M9.25 2.75C1.5 7.25 1.75 16 12 21.25C22.25 16 22.5 7.25 14.75 2.75"
        stroke={COLOURS.ink}
        strokeWidth="2.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

function Letter({ letter, colour }: { letter: string; colour: string }) {
  return (
    <div
      style={{
        ...{ display: "flex", alignItems: "center", justifyContent: "center" },
        ...{ width: 52, height: 52, borderRadius: 10, background: colour, color: COLOURS.paper },
        ...{ fontFamily: "Newsreader, Newsreader Extended", fontSize: 32 },
      }}
    >
      {letter}
    </div>
  );
}
