"use client";

import { type ReactElement, type ReactNode, useId, useState } from "react";
import { formatDate } from "@/components/format";
import { Button } from "@/components/ui/button";
import { type FigureTable, toCsv } from "./figure-table";
import { FigureTableView } from "./figure-table-view";
import { saveFile } from "./save-file";

export type FigureFrameProps = {
  title: string;
  /** How to read it, in one sentence. */
  reading: string;
  /** What is not in it and why, and what its signs mean. */
  note?: ReactNode;
  controls?: ReactNode;
  table: FigureTable;
  /** The drawing alone, at the width of a picture. */
  picture: (width: number) => ReactElement;
  /** What it was made of: "Overall, all time". */
  source: string;
  /** Of its files, without an ending. */
  fileName: string;
  children: ReactNode;
};

/** A table as small as this is always there for a screen reader; a larger one when it is asked for. */
const READ_CELLS_MAX = 1_500;

/** One figure: what it shows, how to read it, the drawing or its table, and its files. */
export function FigureFrame(props: FigureFrameProps) {
  const { title, reading, note, controls, table, children } = props;
  const [isTable, setIsTable] = useState(false);
  const titleId = useId();
  const isRead = table.rows.length * table.columns.length <= READ_CELLS_MAX;
  return (
    <figure aria-labelledby={titleId} className="min-w-0">
      <figcaption className="mb-4 max-w-[68ch]">
        <h3 id={titleId} className="text-lg font-medium">
          {title}
        </h3>
        <p className="mt-1 text-sm text-ink-soft">{reading}</p>
      </figcaption>
      {controls && (
        <div className="mb-4 flex flex-wrap items-center gap-x-6 gap-y-3">{controls}</div>
      )}
      {isTable ? <FigureTableView table={table} caption={title} /> : children}
      {!isTable && isRead && (
        <div className="sr-only">
          <FigureTableView table={table} caption={title} isHidden />
        </div>
      )}
      {note && <div className="numeric mt-3 max-w-[68ch] text-sm text-ink-soft">{note}</div>}
      <div className="-ml-2.5 mt-3 flex flex-wrap gap-x-1 pointer-coarse:ml-0">
        <Button
          variant="quiet"
          size="small"
          aria-pressed={isTable}
          onClick={() => setIsTable((it) => !it)}
        >
          {isTable ? "Show as picture" : "Show as table"}
        </Button>
        <Downloads {...props} />
      </div>
    </figure>
  );
}

function Downloads({ title, table, picture, source, fileName }: FigureFrameProps) {
  const [failure, setFailure] = useState("");
  const save = (ending: "svg" | "png") => {
    // The code that draws files is loaded with the first one.
    import("./picture")
      .then(async ({ toSvgFile, toPngFile, PICTURE_WIDTH }) => {
        const svg = toSvgFile({
          drawing: picture(PICTURE_WIDTH),
          title,
          source: `${source}. ${location.host}, ${formatDate(new Date())}`,
        });
        const content =
          ending === "png" ? await toPngFile(svg) : new Blob([svg], { type: "image/svg+xml" });
        saveFile(`${fileName}.${ending}`, content);
        setFailure("");
      })
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        setFailure(
          `The ${ending.toUpperCase()} file could not be made: ${reason} The figure is kept.`,
        );
      });
  };
  const saveTable = () =>
    saveFile(`${fileName}.csv`, new Blob([toCsv(table)], { type: "text/csv;charset=utf-8" }));
  const buttons = [
    { ending: "CSV", onClick: saveTable },
    { ending: "SVG", onClick: () => save("svg") },
    { ending: "PNG", onClick: () => save("png") },
  ];
  return (
    <>
      <span className="flex items-center pl-2.5 text-sm text-ink-soft" aria-hidden="true">
        Download
      </span>
      {buttons.map(({ ending, onClick }) => (
        <Button
          key={ending}
          variant="quiet"
          size="small"
          aria-label={`Download ${title.toLowerCase()} as ${ending}`}
          onClick={onClick}
        >
          {ending}
        </Button>
      ))}
      <p role="status" className="basis-full text-sm text-ink-soft">
        {failure}
      </p>
    </>
  );
}
