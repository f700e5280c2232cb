import { readBoardAddress } from "@/components/board/board-address";
import { VotesHead } from "@/components/board/votes-head";
import { arena } from "@/lib/arena/arena";
import { readNamedModels } from "@/lib/arena/awake-models";
import { readBoardView } from "@/lib/leaderboard/read-board-view";
import { readChoices } from "@/lib/leaderboard/read-choices";
import { paths } from "@/lib/paths";
import { type Category, isStanding } from "@/lib/protocol/board-key";
import { log } from "@/lib/telemetry/log";
import { BoardPage } from "./board-page";
import { Go } from "./board-states";
import { type PageParameters, toQuery } from "./page-parameters";

export type BoardScreenProps = { category: Category; parameters: PageParameters };

/** The first paint shows what the address says; from then on the page asks by itself. */
export async function BoardScreen({ category, parameters }: BoardScreenProps) {
  const { address } = readBoardAddress(category, toQuery(parameters));
  const [initial, choices, preliminaryVotesMax] = await Promise.all([
    orNull("board", async () => {
      const awake = await readNamedModels(arena().controller);
      const view = await readBoardView(address.key, { awake: awake.map((model) => model.name) });
      // Of a board that waits for somebody to ask nobody can say that it has no votes: the page asks.
      return view.computedAt === null && !isStanding(address.key) ? null : view;
    }),
    orNull("choices", readChoices),
    orNull("rules", async () => (await arena().rules.get()).ratings.preliminaryVotesMax),
  ]);
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <VotesHead current="board" title="Leaderboard">
        Scores follow from every counted blind vote by a{" "}
        <Go to={paths.about}>Bradley–Terry model</Go>; the line is the 95 % interval, and where two
        lines overlap the votes do not yet tell the models apart. What was taken out or put back is
        in the <Go to={paths.publicLog}>public log</Go>.
      </VotesHead>
      <BoardPage initial={initial} choices={choices} preliminaryVotesMax={preliminaryVotesMax} />
    </main>
  );
}

/** Where it cannot be read the page asks again by itself and says what is wrong. */
async function orNull<T>(what: string, read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    log.warn({ err: error, what }, "the board's first paint lacks data");
    return null;
  }
}
