import { changeFeed } from "@/lib/db/change-feed";
import { database } from "@/lib/db/client";
import { LiveCopy } from "@/lib/db/live-copy";
import { processSingleton } from "@/lib/util/process-singleton";
import { type Providers, readProviders } from "./store";

/** External models and their sealed keys as this process knows them; without the database it goes on with what it read last. */
export function providers(): LiveCopy<Providers> {
  return processSingleton(
    "providers",
    () =>
      new LiveCopy({
        feed: changeFeed(),
        topic: "providers",
        read: () => readProviders(database()),
        whenAway: "keep",
      }),
  );
}
