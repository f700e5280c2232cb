import postgres from "postgres";
import { DATABASE_CONNECTIONS_MAX, STATEMENT_TIMEOUT_MS } from "@/lib/limits";
import { backoffMs } from "@/lib/util/backoff";

export type ConnectOptions = {
  connectionsMax?: number;
  /** 0 switches it off, for what may take long, such as waiting for a lock. */
  statementTimeoutMs?: number;
  /** How long one attempt to connect may take. */
  connectTimeoutSeconds?: number;
};

/** The folder of a Unix socket as a URL that `connect`, libpq and every tool over libpq read alike. */
export function toSocketUrl(folder: string, database = "postgres"): string {
  return `postgres://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`;
}

/** The same server, another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/**
 * A pool of connections to `url`. postgres.js reads a Unix socket from none of the spellings that libpq
 * knows (it sends `?host=/folder` to the server as a parameter), so that one is taken out of the URL here.
 */
export function connect(url: string, options: ConnectOptions = {}): postgres.Sql {
  const target = new URL(url);
  const folder = target.searchParams.get("host");
  target.searchParams.delete("host");
  return postgres(target.href, {
    ...(folder ? { host: folder, port: Number(target.port || 5432) } : {}),
    max: options.connectionsMax ?? DATABASE_CONNECTIONS_MAX,
    connect_timeout: options.connectTimeoutSeconds ?? 10,
    connection: {
      application_name: "parley",
      statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    },
    // The driver's own pause grows to 20 s; a database that was restarted is back within one.
    backoff: (attempt: number) => backoffMs(attempt, { firstMs: 20, longestMs: 1_000 }) / 1_000,
    onnotice: () => {},
  });
}
