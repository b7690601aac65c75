import { Button, Select, Switch } from "@mantine/core";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, ApiFailure, ok } from "../api/client";
import type { InputRef, JobInfo, JobSpec, Problem } from "../api/model";
import { keys, queryClient, useJobs, useJobTypes, useLanes } from "../api/queries";
import { Icon } from "../shell/Icon";
import { inline, Manual } from "../shell/Manual";
import { ErrorNotice, Loading } from "../shell/States";
import { InputField } from "./InputField";
import { ParamField } from "./ParamField";
import { bySection, onlyChanged } from "./params";

/** The form of a job that is being built: inputs, parameters, problems, and the queue button. */
export function Builder({ job }: { job: JobInfo }) {
  const types = useJobTypes();
  if (types.isPending) return <Loading what="job type" />;
  if (types.error) return <ErrorNotice error={types.error} retry={() => void types.refetch()} />;
  const spec = types.data.find((one) => one.name === job.job_type);
  if (!spec) return <ErrorNotice error={new Error(`this server does not know the job type “${job.job_type}”`)} />;
  return <Form key={job.id} job={job} spec={spec} types={types.data} />;
}

/** What the form calls the field of a problem. */
function titleOf(spec: JobSpec, field: string): string {
  const [group, name] = field.split(".");
  const known = group === "params" ? spec.params.find((p) => p.name === name) : group === "inputs" ? spec.inputs.find((i) => i.name === name) : undefined;
  return known?.title ?? field;
}

/** A problem with a link to its field. */
function ProblemLine({ problem, title }: { problem: Problem; title: string }) {
  const link = problem.field && <a href={`#${problem.field.replace("params.", "param-").replace("inputs.", "input-")}`}>{title}</a>;
  const begins = problem.message.startsWith(`${title} `);
  return (
    <>
      {link}{link && (begins ? " " : ": ")}
      {inline(begins ? problem.message.slice(title.length + 1) : problem.message)}{problem.hint && <span className="muted"> {inline(problem.hint)}</span>}
    </>
  );
}

type Draft = { params: Record<string, unknown>; inputs: Record<string, InputRef[]> };
type Saved = "saved" | "saving" | "unsaved" | "failed";

function Form({ job, spec, types }: { job: JobInfo; spec: JobSpec; types: readonly JobSpec[] }) {
  const jobs = useJobs(job.project);
  const lanes = useLanes();
  const [draft, setDraft] = useState<Draft>({ params: job.params, inputs: job.inputs });
  const [lane, setLane] = useState<string | null>(null);
  const [problems, setProblems] = useState<Problem[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [saved, setSaved] = useState<Saved>("saved");
  const [attempted, setAttempted] = useState(false);
  const [advanced, setAdvanced] = useState(false);
  const [busy, setBusy] = useState(false);
  const path = { p: job.project, j: job.id };

  const latest = useRef(draft);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const check = useCallback(async () => {
    const report = await ok(api.POST("/api/v1/projects/{p}/jobs/{j}/check", { params: { path } }));
    setProblems(report.problems);
    // the job of this form never changes
  }, [job.project, job.id]);
  const save = useCallback(async () => {
    clearTimeout(timer.current);
    setSaved("saving");
    try {
      const sent = latest.current;
      await ok(api.PATCH("/api/v1/projects/{p}/jobs/{j}", { params: { path }, body: { params: onlyChanged(spec, sent.params), inputs: sent.inputs } }));
      setSaved(latest.current === sent ? "saved" : "unsaved");
      setError(null);
      await check();
    } catch (failure) {
      setSaved("failed");
      setError(failure);
      throw failure;
    }
  }, [check, spec]);
  useEffect(() => {
    check().catch(setError);
    return () => clearTimeout(timer.current);
  }, [check]);

  const change = (next: Draft) => {
    latest.current = next;
    setDraft(next);
    setSaved("unsaved");
    clearTimeout(timer.current);
    // typing goes on without a request a letter; the error of a failed save is shown in the panel
    timer.current = setTimeout(() => save().catch(() => undefined), 500);
  };
  const queue = async () => {
    setBusy(true);
    setAttempted(true);
    setError(null);
    try {
      await save();
      const queued = await ok(api.POST("/api/v1/projects/{p}/jobs/{j}/queue", { params: { path }, body: { lane } }));
      queryClient.setQueryData<JobInfo[]>(keys.jobs(job.project), (list) => list?.map((one) => (one.id === queued.id ? queued : one)));
    } catch (failure) {
      if (failure instanceof ApiFailure && failure.problems.length > 0) setProblems(failure.problems);
      else setError(failure);
    } finally {
      setBusy(false);
    }
  };

  const problemOf = (field: string): string | null => {
    const all = problems.filter((p) => p.field === field || p.field.startsWith(`${field}.`) || p.field.startsWith(`${field}[`));
    const text = all.map((p) => [p.message, p.hint].filter(Boolean).join(" ")).join(" ");
    // an empty required field is only called wrong once the person tried to queue
    const filled = field.startsWith("params.") ? draft.params[field.slice(7)] !== undefined : (draft.inputs[field.slice(7)]?.length ?? 0) > 0;
    return text && (attempted || filled) ? text : null;
  };
  const hidden = spec.params.filter((p) => p.advanced);
  const changedHidden = hidden.some((p) => draft.params[p.name] !== undefined) || hidden.some((p) => problemOf(`params.${p.name}`));
  const visible = spec.params.filter((p) => advanced || !p.advanced || draft.params[p.name] !== undefined || problemOf(`params.${p.name}`));
  const connected = (lanes.data ?? []).filter((l) => l.connected);

  return (
    <div className="two">
      <div className="stack">
        {spec.inputs.length > 0 && (
          <section className="panel pad stack" aria-label="Inputs">
            <h2>Inputs</h2>
            {spec.inputs.map((input) => (
              <InputField
                key={input.name}
                spec={input}
                job={job}
                jobs={jobs.data ?? []}
                types={types}
                refs={draft.inputs[input.name] ?? []}
                problem={problemOf(`inputs.${input.name}`)}
                disabled={busy}
                onChange={(refs) => {
                  const { [input.name]: _, ...rest } = draft.inputs;
                  change({ ...draft, inputs: refs.length > 0 ? { ...rest, [input.name]: refs } : rest });
                }}
              />
            ))}
          </section>
        )}
        <section className="panel pad" aria-label="Parameters">
          <div className="row between" style={{ marginBottom: 12 }}>
            <h2>Parameters</h2>
            {hidden.length > 0 && <Switch size="xs" label={`Advanced (${hidden.length})`} checked={advanced} onChange={(e) => setAdvanced(e.currentTarget.checked)} />}
          </div>
          <div className="stack" style={{ gap: 20 }}>
            {bySection(visible).map(([section, params]) => (
              <div key={section}>
                {section && <h3 className="section-title">{section}</h3>}
                <div className="params">
                  {params.map((param) => (
                    <ParamField
                      key={param.name}
                      spec={param}
                      value={draft.params[param.name]}
                      problem={problemOf(`params.${param.name}`)}
                      disabled={busy}
                      onChange={(value) => {
                        const { [param.name]: _, ...rest } = draft.params;
                        change({ ...draft, params: value === undefined ? rest : { ...rest, [param.name]: value } });
                      }}
                    />
                  ))}
                </div>
              </div>
            ))}
          </div>
          {!advanced && hidden.length > 0 && changedHidden && <p className="muted small" style={{ marginTop: 12 }}>Advanced parameters that were changed are shown.</p>}
        </section>
      </div>
      <aside className="stack">
        <section className="panel pad stack" aria-label="Queue">
          {connected.length > 1 && (
            <Select label="Lane" placeholder="This server" clearable value={lane} onChange={setLane} data={connected.map((l) => ({ value: l.name, label: `${l.name} (${l.cores} cores, ${l.running.length} running)` }))} />
          )}
          <Button size="sm" leftSection={<Icon name="play" />} loading={busy} onClick={queue}>Queue job</Button>
          <p className="small muted" role="status">{{ saved: "All changes saved", saving: "Saving…", unsaved: "Saving…", failed: "Not saved" }[saved]}</p>
          {problems.length > 0 && (
            <div>
              <h3 style={{ fontSize: 13, color: attempted ? "var(--s-failed)" : "var(--n-ink)" }}>
                {problems.length === 1 ? "One thing is missing or wrong" : `${problems.length} things are missing or wrong`}
              </h3>
              <ul className="small" style={{ margin: "4px 0 0", paddingLeft: 16 }}>
                {problems.map((p, i) => (
                  <li key={i}>
                    <ProblemLine problem={p} title={titleOf(spec, p.field)} />
                  </li>
                ))}
              </ul>
            </div>
          )}
          {error !== null && <ErrorNotice error={error} />}
        </section>
        <section className="panel pad" aria-label="About this job type">
          <p>{spec.summary}</p>
          {spec.outputs.length > 0 && (
            <>
              <h3 className="section-title" style={{ marginTop: 10 }}>It gives</h3>
              <ul className="small" style={{ margin: 0, paddingLeft: 16 }}>
                {spec.outputs.map((o) => <li key={o.name}>{o.title}: <span className="muted">{inline(o.help)}</span></li>)}
              </ul>
            </>
          )}
          {spec.manual && (
            <details style={{ marginTop: 10 }}>
              <summary className="small" style={{ cursor: "pointer" }}>Manual</summary>
              <div style={{ marginTop: 6 }}><Manual text={spec.manual} /></div>
            </details>
          )}
        </section>
      </aside>
    </div>
  );
}
