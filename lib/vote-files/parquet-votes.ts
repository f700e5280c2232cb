import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { PARQUET_GROUP_VOTES } from "@/lib/board-limits";
import { CATEGORIES } from "@/lib/vote-categories";
import { languageName } from "./language-names";
import { type PublicVote, type SideStyle, WINNERS } from "./vote-line";

/**
 * Votes as Apache Parquet, for tables of millions: the columns are the fields of vote-line.ts, those within
 * `conv_metadata` each a column of its own. A group of rows is written when it is full and then forgotten; only
 * what tells where each one lies is kept for the end of the file.
 */

type Column = { element: readonly SchemaElement[]; read: (vote: PublicVote) => unknown };

const column = (name: string, type: Partial<SchemaElement>, read: Column["read"]): Column => ({
  element: [{ name, repetition_type: "REQUIRED", ...type }],
  read,
});
const TEXT = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
const COUNT = { type: "INT32", repetition_type: "OPTIONAL" } as const;

const DAY_SECONDS = 86_400;
const secondsOf = ({ createdAt }: PublicVote) =>
  typeof createdAt === "number" ? createdAt : createdAt.getTime() / 1_000;

const COLUMNS: readonly Column[] = [
  column("model_a", TEXT, (vote) => vote.modelA),
  column("model_b", TEXT, (vote) => vote.modelB),
  column("winner", TEXT, (vote) => WINNERS[vote.outcome]),
  column("tstamp", { type: "INT64" }, (vote) =>
    BigInt(Math.floor(secondsOf(vote) / DAY_SECONDS) * DAY_SECONDS),
  ),
  column("language", TEXT, (vote) => languageName(vote.language)),
  column("turn", { type: "INT32" }, (vote) => vote.turn),
  column(
    "pair_probability",
    { type: "DOUBLE", repetition_type: "OPTIONAL" },
    (vote) => vote.pairProbability ?? undefined,
  ),
  {
    element: [
      { name: "categories", repetition_type: "REQUIRED", converted_type: "LIST", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "REQUIRED", ...TEXT },
    ],
    read: ({ categories }) => CATEGORIES.slice(1).filter((it) => categories.includes(it)),
  },
  ...(["a", "b"] as const).flatMap((side) => [
    count(`sum_assistant_${side}_tokens`, side, ({ tokens }) => tokens),
    count(`header_count_${side}`, side, ({ headers }) => headers),
    count(`list_count_${side}`, side, ({ lists }) => lists),
    count(`bold_count_${side}`, side, ({ bold }) => bold),
  ]),
];

/** Missing where nobody counted. */
function count(name: string, side: "a" | "b", read: (style: SideStyle) => number | null): Column {
  return column(name, COUNT, ({ style }) => (style && read(style[side])) ?? undefined);
}

const SCHEMA: SchemaElement[] = [
  { name: "votes", num_children: COLUMNS.length },
  ...COLUMNS.flatMap(({ element }) => element),
];

/** What was written since it was last emptied; the offsets are those in the whole file. */
class PieceWriter extends ByteWriter {
  take(): Uint8Array {
    const piece = this.getBytes().slice();
    this.index = 0;
    return piece;
  }
}

/** One Parquet file of the votes, piece by piece; the next is made when it is asked for. */
export async function* toParquet(
  batches: AsyncIterable<readonly PublicVote[]>,
): AsyncGenerator<Uint8Array> {
  const writer = new PieceWriter();
  const file = new ParquetWriter({ writer, schema: SCHEMA, createdBy: "parley" });
  let group: PublicVote[] = [];
  for await (const batch of batches) {
    for (const vote of batch) {
      group.push(vote);
      if (group.length < PARQUET_GROUP_VOTES) continue;
      writeGroup(file, group);
      group = [];
      yield writer.take();
    }
  }
  if (group.length > 0) writeGroup(file, group);
  // Nothing of it waits: the writer has no `flush` of its own.
  void file.finish();
  yield writer.take();
}

function writeGroup(file: ParquetWriter, votes: readonly PublicVote[]): void {
  const columnData = COLUMNS.map(
    ({ element, read }): ColumnSource => ({
      name: element[0]?.name ?? "",
      data: votes.map(read),
    }),
  );
  void file.write({ columnData, rowGroupSize: votes.length });
}
