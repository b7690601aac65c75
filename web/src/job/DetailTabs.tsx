import { Anchor, Switch } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { fileUrl } from "../api/client";
import { formatBytes, formatTime } from "../api/format";
import type { JobInfo, OutputRecord } from "../api/model";
import { useFiles, useJobs, useJobTypes } from "../api/queries";
import { paramText } from "../builder/params";
import { formatValue } from "../plot/scale";
import { Empty, ErrorNotice, Loading } from "../shell/States";

/** Connections and parameters as they were used. */
export function ParametersTab({ job }: { job: JobInfo }) {
  const types = useJobTypes();
  const jobs = useJobs(job.project);
  const [everything, setEverything] = useState(true);
  const spec = types.data?.find((t) => t.name === job.job_type);
  const resolved = job.result?.resolved_params ?? {};
  const names = spec ? spec.params.map((p) => p.name) : [...new Set([...Object.keys(job.params), ...Object.keys(resolved)])];
  const rows = names
    .map((name) => {
      const param = spec?.params.find((p) => p.name === name);
      const set = job.params[name] !== undefined;
      const value = resolved[name] ?? job.params[name] ?? param?.default;
      // what the job decided itself stands in the resolved parameters
      const decided = param !== undefined && resolved[name] !== undefined && paramText(resolved[name]) !== paramText(param.default);
      const origin = set ? "set" : decided ? "automatic" : "default";
      return { name, title: param?.title ?? name, unit: param?.unit ?? "", text: typeof value === "boolean" ? (value ? "yes" : "no") : paramText(value), origin };
    })
    .filter((row) => everything || row.origin === "set");
  return (
    <div className="stack">
      <section className="panel pad" aria-label="Inputs">
        <h2 style={{ marginBottom: 8 }}>Inputs</h2>
        {Object.values(job.inputs).flat().length === 0 && <p className="muted">This job takes no output of another job.</p>}
        <dl className="facts">
          {Object.entries(job.inputs).map(([name, refs]) => (
            <div key={name} style={{ display: "contents" }}>
              <dt>{spec?.inputs.find((i) => i.name === name)?.title ?? name}</dt>
              <dd>
                {refs.map((ref) => (
                  <div key={`${ref.job}.${ref.output}`}>
                    <Link to="/projects/$project/jobs/$job" params={{ project: job.project, job: ref.job }}><span className="mono">{ref.job}</span> {jobs.data?.find((j) => j.id === ref.job)?.display_title}</Link>: {ref.output}
                  </div>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <section className="panel pad" aria-label="Parameters" style={{ overflowX: "auto" }}>
        <div className="row between" style={{ marginBottom: 8 }}>
          <h2>Parameters</h2>
          <Switch size="xs" label="Only those that were set" checked={!everything} onChange={(e) => setEverything(!e.currentTarget.checked)} />
        </div>
        {rows.length === 0 ? <p className="muted">All parameters have their default.</p> : (
          <table className="data-table">
            <thead><tr><th scope="col">Parameter</th><th scope="col">Value</th><th scope="col">From</th><th scope="col">Name in scripts</th></tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.name}>
                  <td>{row.title}</td>
                  <td style={{ overflowWrap: "anywhere" }}>{row.text === "" ? <span className="muted" style={{ whiteSpace: "nowrap" }}>{spec?.params.find((p) => p.name === row.name)?.type === "path" ? "none" : "automatic"}</span> : <>{row.text}{row.unit && ` ${row.unit}`}</>}</td>
                  <td className={row.origin === "set" ? "" : "muted"} style={row.origin === "set" ? { color: "var(--n-accent)" } : {}}>{row.origin}</td>
                  <td className="mono muted">{row.name}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section className="panel pad" aria-label="Record">
        <h2 style={{ marginBottom: 8 }}>Record</h2>
        <dl className="facts">
          <dt>Type</dt><dd className="mono">{job.job_type}</dd>
          <dt>Created</dt><dd>{formatTime(job.created_ms)}{job.created_by && ` by ${job.created_by}`}</dd>
          {job.queued_ms && <><dt>Queued</dt><dd>{formatTime(job.queued_ms)}{job.lane && ` on ${job.lane}`}</dd></>}
          {job.started_ms && <><dt>Started</dt><dd>{formatTime(job.started_ms)}{(job.attempt ?? 0) > 1 && `, attempt ${job.attempt}`}</dd></>}
          {job.finished_ms && <><dt>Ended</dt><dd>{formatTime(job.finished_ms)}</dd></>}
          {job.result && <><dt>Program</dt><dd>Nilas {job.result.version}</dd></>}
        </dl>
      </section>
    </div>
  );
}

/** Output groups with their files. */
export function OutputsTab({ job }: { job: JobInfo }) {
  const files = useFiles(job.project, job.id);
  const outputs = job.result?.outputs ?? [];
  if (outputs.length === 0) return <Empty title="No outputs">{job.status === "completed" ? "This job gives none." : "They appear when the job is completed; a job that fails leaves no half results."}</Empty>;
  const size = (path: string) => files.data?.files.find((f) => `${job.id}/${f.path}` === path)?.size;
  return (
    <div className="stack">
      {outputs.map((output) => <Output key={output.name} job={job} output={output} size={size} />)}
    </div>
  );
}

function Output({ job, output, size }: { job: JobInfo; output: OutputRecord; size: (path: string) => number | undefined }) {
  const inside = `${job.id}/`;
  const metafiles = [...new Set(output.slots.map((s) => s.metafile))];
  const paths = [...(output.files ?? []), ...metafiles];
  return (
    <section className="panel pad" aria-label={output.title || output.name}>
      <div className="row between">
        <h2>{output.title || output.name} <span className="mono muted small" style={{ fontWeight: 400 }}>{job.id}.{output.name}</span></h2>
        <span className="num">{output.summary?.startsWith(`${output.count} `) ? output.summary : <>{formatValue(output.count)} {output.kind}{output.count === 1 ? "" : "s"}{output.summary && `, ${output.summary}`}</>}</span>
      </div>
      <div className="stack" style={{ marginTop: 8, gap: 10 }}>
        <p className="small muted row" style={{ gap: "0 10px" }}>Groups of columns{output.slots.some((s) => s.passthrough) && " (↦ as they came in)"}: {output.slots.map((s) => <span key={s.name} className="mono" title={`${s.dtype}${s.passthrough ? ", passed through from the input" : ""}`}>{s.name}{s.passthrough && " ↦"}</span>)}</p>
        <ul className="list small">
          {paths.map((path) => (
            <li key={path} className="row between" style={{ padding: "4px 0" }}>
              {path.startsWith(inside)
                ? <Anchor size="sm" href={fileUrl(job.project, job.id, path.slice(inside.length))} download className="mono">{path.slice(path.lastIndexOf("/") + 1)}</Anchor>
                : <span className="mono">{path}</span>}
              <span className="muted num">{size(path) === undefined ? "" : formatBytes(size(path) ?? 0)}</span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

/** All files of the job directory. */
export function FilesTab({ job }: { job: JobInfo }) {
  const files = useFiles(job.project, job.id);
  if (files.isPending) return <Loading what="files" />;
  if (files.error) return <ErrorNotice error={files.error} retry={() => void files.refetch()} />;
  if (files.data.files.length === 0) return <Empty title="No files yet" />;
  return (
    <section className="panel pad" aria-label="Files" style={{ overflowX: "auto" }}>
      <table className="data-table">
        <thead><tr><th scope="col">File</th><th scope="col" className="number">Size</th><th scope="col">Changed</th></tr></thead>
        <tbody>
          {files.data.files.map((file) => (
            <tr key={file.path}>
              <td><Anchor size="sm" href={fileUrl(job.project, job.id, file.path)} download className="mono">{file.path}</Anchor></td>
              <td className="number">{formatBytes(file.size)}</td>
              <td className="muted">{formatTime(file.modified_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {files.data.truncated && <p className="muted small" style={{ marginTop: 8 }}>There are more files than are listed.</p>}
    </section>
  );
}
