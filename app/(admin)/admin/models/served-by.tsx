import { formatBytes, formatCount } from "@/components/format";
import type { ModelServer } from "@/lib/protocol/catalog-view";

/** Who serves a model, and what each of them said that it can do. */
export function ServedBy({ servers }: { servers: readonly ModelServer[] }) {
  if (servers.length === 0) {
    return <p className="text-sm text-ink-soft">No worker serves it now.</p>;
  }
  return (
    <ul className="space-y-3">
      {servers.map((server) => (
        <li
          key={`${server.name} ${server.host} ${server.build} ${server.contextLength}`}
          className="border-t border-line pt-3 text-sm"
        >
          <span className="font-medium">{server.name}</span>
          <span className="text-ink-soft">
            {" "}
            {[server.kind, server.host, server.state].filter(Boolean).join(" · ")}
          </span>
          <dl className="numeric mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-0.5 text-xs text-ink-soft">
            {toFacts(server).map(([term, fact]) => (
              <div key={term} className="contents">
                <dt>{term}</dt>
                <dd className="wrap-anywhere text-ink">{fact}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}

function toFacts({ build, contextLength, features, fields, diskBytes }: ModelServer) {
  const facts: [string, string | null][] = [
    ["Context", `${formatCount(contextLength)} tokens`],
    ["On disk", diskBytes === null ? null : formatBytes(diskBytes)],
    ["Can", features.join(", ")],
    ["Honours", fields === null ? null : fields.join(", ")],
    ["Build", build],
  ];
  return facts.flatMap(([term, fact]) => (fact ? [[term, fact] as const] : []));
}
