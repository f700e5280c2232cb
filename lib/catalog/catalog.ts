import { changeFeed } from "@/lib/db/change-feed";
import { type Database, database } from "@/lib/db/client";
import { LiveCopy } from "@/lib/db/live-copy";
import type { Limits } from "@/lib/protocol/api-key";
import type { ModelAlias, ModelDefaults, Price, Rollback } from "@/lib/protocol/catalog";
import type { DispatchPolicy } from "@/lib/protocol/dispatch";
import type { OperatorCard } from "@/lib/protocol/operator-card";
import { processSingleton } from "@/lib/util/process-singleton";
import { readAliases, readModelSettings, readToldPrices } from "./store";

export type ModelSettings = {
  model: string;
  defaults: ModelDefaults;
  /** Undefined: as its worker says; of zeros: free, whatever that says. `priceOf` tells what holds. */
  price: Price | undefined;
  limits: Limits;
  fallbacks: readonly string[];
  /** How its worker is chosen; undefined: by the default of this installation. */
  dispatch?: DispatchPolicy | undefined;
  /** What is told of it in place of what its worker tells. */
  card?: OperatorCard | undefined;
  /** Whether pages and programs may ask for it by name; absent: they may. `visibilityOf` tells what holds. */
  isDirect?: boolean | undefined;
  isApi?: boolean | undefined;
};

export type AliasEntry = ModelAlias & {
  /** A target that was taken out by itself; the next change of the alias brings it back. */
  rollback: Rollback | undefined;
  /** When it was last changed, in milliseconds: what was counted of an earlier version says nothing. */
  version: number;
};

/** All that operators said of models, and what workers said of their prices. */
export type Catalog = {
  /** What the worker that offered a model last said that it costs. */
  told?: ReadonlyMap<string, Price>;
  settings: ReadonlyMap<string, ModelSettings>;
  aliases: ReadonlyMap<string, AliasEntry>;
};

export type CatalogCopy = LiveCopy<Catalog>;

export async function readCatalog(db: Database): Promise<Catalog> {
  const [settings, aliases, told] = await Promise.all([
    readModelSettings(db),
    readAliases(db),
    readToldPrices(db),
  ]);
  return {
    told,
    settings: new Map(settings.map((it) => [it.model, it])),
    aliases: new Map(aliases.map((it) => [it.name, it])),
  };
}

/** The catalog as this process knows it; without the database it goes on with what it read last. */
export function catalog(): CatalogCopy {
  return processSingleton(
    "catalog",
    () =>
      new LiveCopy({
        feed: changeFeed(),
        topic: "catalog",
        read: () => readCatalog(database()),
        whenAway: "keep",
      }),
  );
}
