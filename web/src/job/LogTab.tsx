import { SegmentedControl } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { formatTime } from "../api/format";
import type { Event, JobInfo } from "../api/model";
import { useLog } from "../api/queries";
import { Empty, ErrorNotice, Loading } from "../shell/States";
import { isActive, ProgressBar } from "../shell/Status";
import { meaning, statisticText } from "./statistics";

const SHOWN = 1500;

/** The event log, newest at the bottom, kept in view while the reader is at the end. */
export function LogTab({ job, events, onFigure }: { job: JobInfo; events: readonly Event[]; onFigure: (id: string) => void }) {
  const [filter, setFilter] = useState("all");
  const [all, setAll] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const lines = events.filter((e) => e.kind !== "progress" && (filter === "all" || (e.kind === "text" && e.level !== "info")));
  const cut = all ? 0 : Math.max(0, lines.length - SHOWN);
  useEffect(() => {
    if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length]);
  const last = events.findLast((e) => e.kind === "progress");
  return (
    <section className="panel" aria-label="Event log">
      <div className="row between pad" style={{ borderBottom: "1px solid var(--n-line)", paddingBlock: 8 }}>
        <SegmentedControl size="xs" aria-label="Filter" value={filter} onChange={setFilter} data={[{ value: "all", label: "All" }, { value: "warnings", label: "Warnings and errors" }]} />
        <span className="small muted num">{lines.length} lines</span>
      </div>
      <div
        ref={box}
        className="log"
        style={{ maxHeight: "64vh" }}
        tabIndex={0}
        role="log"
        onScroll={(e) => {
          const el = e.currentTarget;
          atEnd.current = el.scrollHeight - el.scrollTop - el.clientHeight < 40;
        }}
      >
        {cut > 0 && <div className="log-line"><span /><a href="#all" onClick={(e) => { e.preventDefault(); setAll(true); }}>Show {cut} earlier lines</a></div>}
        {lines.length === 0 && <p className="muted pad">{filter === "all" ? "The log is empty." : "No warnings and no errors."}</p>}
        {lines.slice(cut).map((event) => <Line key={event.seq} event={event} onFigure={onFigure} />)}
        {isActive(job.status) && last?.kind === "progress" && <div className="log-line"><span /><ProgressBar progress={job.progress ?? last} /></div>}
      </div>
    </section>
  );
}

function Line({ event, onFigure }: { event: Event; onFigure: (id: string) => void }) {
  return (
    <div className="log-line" data-level={event.kind === "text" ? event.level : undefined}>
      <time dateTime={new Date(event.time_ms).toISOString()}>{formatTime(event.time_ms)}</time>
      <span style={{ overflowWrap: "anywhere" }}><Words event={event} onFigure={onFigure} /></span>
    </div>
  );
}

function Words({ event, onFigure }: { event: Event; onFigure: (id: string) => void }) {
  switch (event.kind) {
    case "text":
      return <>{event.level !== "info" && <span className="tag" style={{ color: event.level === "error" ? "var(--s-failed)" : "var(--s-waiting)" }}>{event.level === "error" ? "Error: " : "Warning: "}</span>}{event.message}</>;
    case "figure":
      return <>Figure: <a href={`#figure-${event.id}`} onClick={(e) => { e.preventDefault(); onFigure(event.id); }}>{event.title}</a>{event.step !== null && event.step !== undefined && <span className="muted">, iteration {event.step}</span>}</>;
    case "statistic":
      return <span className="num">{meaning(event.name).title}: <strong style={{ fontWeight: 500 }}>{statisticText(event.name, event.value)}</strong>{event.step !== null && event.step !== undefined && <span className="muted">, iteration {event.step}</span>}</span>;
    case "checkpoint":
      return <span className="muted">Checkpoint. {event.message}</span>;
    case "started":
      return <>{event.resumed ? "Went on from a checkpoint" : "Started"} on {event.host} <span className="muted">(process {event.pid}, attempt {event.attempt})</span></>;
    default:
      return null;
  }
}

/** What the job's process printed. */
export function ProcessOutput({ job }: { job: JobInfo }) {
  const log = useLog(job.project, job.id, isActive(job.status));
  if (log.isPending) return <Loading what="output" />;
  if (log.error) return <ErrorNotice error={log.error} retry={() => void log.refetch()} />;
  if (!log.data.text) return <Empty title="The process printed nothing" />;
  return (
    <section className="panel" aria-label="Output of the process">
      {log.data.offset > 0 && <p className="small muted pad">The first {log.data.offset} bytes are left out; job.log under Files has all.</p>}
      <pre className="output" tabIndex={0}>{log.data.text}</pre>
    </section>
  );
}
