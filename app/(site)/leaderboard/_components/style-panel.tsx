import type { Coefficient } from "@/lib/protocol/board-view";

/** A tenfold in odds is 400 points (lib/protocol/board-view.ts), so one in natural log-odds is so many. */
const POINTS_A_LOG_ODD = 400 / Math.LN10;

const NAMES: Record<Coefficient["name"], { name: string; clause: string }> = {
  tokens: { name: "Length", clause: "longer" },
  headers: { name: "Headings", clause: "richer in headings" },
  lists: { name: "Lists", clause: "richer in lists" },
  bold: { name: "Bold words", clause: "richer in bold words" },
  position: { name: "Standing first", clause: "" },
};

export type StylePanelProps = { coefficients: readonly Coefficient[] };

/** What style control took out, in points and in words. */
export function StylePanel({ coefficients }: StylePanelProps) {
  if (coefficients.length === 0) return null;
  const strongest = coefficients
    .filter((it) => it.name !== "position")
    .toSorted((left, right) => Math.abs(right.value) - Math.abs(left.value))[0];
  return (
    <section
      aria-labelledby="style-control"
      className="grid gap-x-12 gap-y-4 mt-12 md:grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)]"
    >
      <div>
        <h2 id="style-control" className="font-display text-xl">
          What style control takes out
        </h2>
        <p className="mt-3 max-w-[60ch] text-ink-soft">
          Voters like some answers for how they look. The fit knows of each vote how much longer and
          how much more marked up one answer was, and scores models as if both had looked alike.{" "}
          {strongest && inWords(strongest)}
        </p>
      </div>
      <table className="numeric self-start text-sm">
        <caption className="sr-only">
          Points that an answer gains by one standard deviation more of each
        </caption>
        <thead className="text-xs text-ink-soft">
          <tr>
            <th scope="col" className="border-b border-line py-2 text-left font-medium">
              One standard deviation more of
            </th>
            <th scope="col" className="border-b border-line py-2 pl-4 text-right font-medium">
              Points
            </th>
            <th scope="col" className="border-b border-line py-2 pl-4 text-right font-medium">
              95 % interval
            </th>
          </tr>
        </thead>
        <tbody>
          {coefficients.map(({ name, value, lower, upper }) => (
            <tr key={name}>
              <th scope="row" className="border-b border-line py-2 text-left font-normal">
                {NAMES[name].name}
                {name === "position" && <span className="text-ink-soft"> (as answer A)</span>}
              </th>
              <td className="border-b border-line py-2 pl-4 text-right font-semibold">
                {points(value)}
              </td>
              <td className="border-b border-line py-2 pl-4 text-right text-ink-soft">
                {points(lower)} to {points(upper)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function inWords({ name, value, lower, upper }: Coefficient): string {
  const { clause } = NAMES[name];
  const verb = value < 0 ? "loses" : "gains";
  const sentence = `An answer that is clearly ${clause} than the other (by one standard deviation) ${verb} ${points(Math.abs(value))} points by that alone.`;
  const isUnsure = lower < 0 && upper > 0;
  return isUnsure
    ? `${sentence} Its interval holds zero, so these votes do not show that it matters.`
    : sentence;
}

function points(logOdds: number): string {
  return (logOdds * POINTS_A_LOG_ODD).toFixed(1).replace("-", "\u2212");
}
