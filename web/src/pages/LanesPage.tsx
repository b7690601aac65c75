import { Link } from "@tanstack/react-router";
import { formatBytes, formatTime } from "../api/format";
import { useLanes } from "../api/queries";
import { Empty, ErrorNotice, Loading } from "../shell/States";

/** Lanes with their machines and load. */
export function LanesPage() {
  const lanes = useLanes();
  return (
    <div className="stack" style={{ maxWidth: 1000, marginInline: "auto" }}>
      <h1 style={{ fontSize: 21 }}>Lanes</h1>
      {lanes.isPending && <Loading what="lanes" />}
      {lanes.error && <ErrorNotice error={lanes.error} retry={() => void lanes.refetch()} />}
      {lanes.data?.length === 0 && <Empty title="No lanes" />}
      {lanes.data && lanes.data.length > 0 && (
        <section className="panel pad" style={{ overflowX: "auto" }}>
          <table className="data-table">
            <thead><tr>{["Lane", "Machine", "Cores", "Memory", "State", "Running", "Waiting"].map((h) => <th key={h} scope="col">{h}</th>)}</tr></thead>
            <tbody>
              {lanes.data.map((lane) => (
                <tr key={lane.name}>
                  <td style={{ fontWeight: 500 }}>{lane.name}</td>
                  <td>{lane.host}<span className="muted">, {lane.kind === "local" ? "this server" : "worker"}</span></td>
                  <td>{lane.cores}</td>
                  <td>{formatBytes(lane.memory_bytes)}</td>
                  <td style={{ color: lane.connected ? "var(--s-completed)" : "var(--s-failed)" }}>{lane.connected ? "connected" : `gone since ${formatTime(lane.last_seen_ms)}`}</td>
                  <td>
                    {lane.running.length === 0 && "–"}
                    {lane.running.map((r) => <Link key={`${r.project}/${r.job}`} className="mono" style={{ marginRight: 10 }} to="/projects/$project/jobs/$job" params={{ project: r.project, job: r.job }}>{r.project}/{r.job}</Link>)}
                  </td>
                  <td>{lane.queued}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}
