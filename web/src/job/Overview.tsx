import { ActionIcon, Button, Slider, Tooltip } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { formatBytes, formatDuration } from "../api/format";
import type { Event, Failure, InputRef, JobInfo } from "../api/model";
import { useFigure, useJobTypes } from "../api/queries";
import { createJob } from "../builder/NewJobDialog";
import { nextSteps } from "../builder/params";
import { FigureCard } from "../plot/FigureCard";
import { Icon } from "../shell/Icon";
import { inline } from "../shell/Manual";
import { Empty, ErrorNotice, Loading, sentence, useNow } from "../shell/States";
import { elapsedSeconds, isActive, ProgressBar } from "../shell/Status";
import { meaning, shown as shownNumbers, statisticText } from "./statistics";
import { arrange, figureAt, type FigureGroup, figureGroups, hasFinal, statisticsAt, steps, trace } from "./timeline";

/** What a job does or did: failure, progress, numbers, figures with a slider over the steps, next steps. */
export function Overview({ job, events }: { job: JobInfo; events: readonly Event[] }) {
  const [step, setStep] = useState<number | null>(null);
  const groups = figureGroups(events);
  const { results, course } = arrange(groups, events);
  const all = steps(groups);
  const shown = step === null ? null : Math.min(step, all.at(-1) ?? step);
  const active = isActive(job.status);
  return (
    <div className="stack">
      {job.failure && (job.status === "failed" || job.status === "killed") && <FailureNotice failure={job.failure} />}
      {job.status === "queued" && <div className="notice" role="status"><h3>Waiting in the queue</h3>{job.waiting_for && <p>{job.waiting_for}</p>}</div>}
      {active && <Running job={job} />}
      <Numbers job={job} events={events} step={shown} />
      {job.status === "completed" && <NextSteps job={job} />}
      {all.length > 1 && <StepSlider all={all} final={hasFinal(groups)} step={shown} active={active} onChange={setStep} />}
      {groups.length === 0 && active && <Empty title="No figures yet">They appear here as soon as the job writes them.</Empty>}
      <Figures job={job} groups={job.status === "completed" ? results : groups} step={shown} />
      {job.status === "completed" && course.length > 0 && (
        <>
          {results.length > 0 && <h2 style={{ marginTop: 8 }}>How it went</h2>}
          <Figures job={job} groups={course} step={shown} />
        </>
      )}
    </div>
  );
}

function Figures({ job, groups, step }: { job: JobInfo; groups: FigureGroup[]; step: number | null }) {
  return (
    <div className="figures">
      {groups.map((group) => {
        const item = figureAt(group, step);
        return item ? <OneFigure key={group.key} job={job} id={item.id} seq={item.seq} step={group.items.length > 1 ? item.step : null} /> : null;
      })}
    </div>
  );
}

function Running({ job }: { job: JobInfo }) {
  const now = useNow(true);
  const seconds = elapsedSeconds(job, now);
  return (
    <section className="panel pad" aria-label="Progress">
      {job.progress ? <ProgressBar progress={job.progress} /> : <p className="muted">{job.status === "running" ? "Running" : "The process is starting"}…</p>}
      <p className="small muted num" style={{ marginTop: 4 }}>
        {seconds !== null && `${formatDuration(seconds)} so far`}{job.lane && `, on ${job.lane}`}{(job.attempt ?? 0) > 1 && `, attempt ${job.attempt}`}
      </p>
    </section>
  );
}

const KIND_WORDS: Record<Failure["kind"], string> = {
  input: "Something in its input or parameters is wrong",
  resource: "Memory or disk was short",
  host: "The machine failed",
  cancelled: "Stopped by a person",
  bug: "A defect of Nilas",
};

function FailureNotice({ failure }: { failure: Failure }) {
  return (
    <div className="notice" data-tone={failure.kind === "cancelled" ? "warn" : "bad"} role="alert">
      <h2>{KIND_WORDS[failure.kind]}</h2>
      {failure.field && <p className="small">At <span className="mono">{failure.field}</span></p>}
      <p>{inline(sentence(failure.message))}</p>
      {failure.hint && <p className="small">{inline(sentence(failure.hint))}</p>}
      {failure.kind === "input" && <p className="small muted">Clear the job to change its inputs and parameters, or clone it.</p>}
    </div>
  );
}

function Numbers({ job, events, step }: { job: JobInfo; events: readonly Event[]; step: number | null }) {
  const values = statisticsAt(events, step);
  if (step === null) for (const [name, value] of Object.entries(job.result?.statistics ?? {})) values.set(name, value);
  const list = shownNumbers(values);
  const result = job.status === "completed" ? job.result : null;
  if (list.length === 0 && !result) return null;
  return (
    <section className="panel" aria-label="Numbers">
      <dl className="stats">
        {list.map(([name, value]) => (
          <div key={name} data-statistic={name}>
            <Term name={name} />
            <dd className="row" style={{ gap: 8, flexWrap: "nowrap" }}>{statisticText(name, value)}<Sparkline points={trace(events, name)} /></dd>
          </div>
        ))}
        {result && (
          <>
            <div><dt>Time</dt><dd>{formatDuration(result.wall_s)}</dd></div>
            <div><dt>Processor time</dt><dd>{formatDuration(result.cpu_s)}</dd></div>
            <div><dt>Peak memory</dt><dd>{formatBytes(result.peak_memory_bytes)}</dd></div>
          </>
        )}
      </dl>
    </section>
  );
}

/** The name of a number; what it means shows on hover and on focus. */
function Term({ name }: { name: string }) {
  const { title, help } = meaning(name);
  if (!help) return <dt>{title}</dt>;
  return <Tooltip label={help} w={260} multiline events={{ hover: true, focus: true, touch: true }}><dt tabIndex={0} className="term" aria-description={help}>{title}</dt></Tooltip>;
}

/** The course of a number over the steps, word-sized. */
function Sparkline({ points }: { points: { step: number; value: number }[] }) {
  const finite = points.filter((p) => Number.isFinite(p.value));
  if (finite.length < 3) return null;
  const [lo, hi] = [Math.min(...finite.map((p) => p.value)), Math.max(...finite.map((p) => p.value))];
  const path = finite.map((p, i) => `${i ? "L" : "M"}${((i / (finite.length - 1)) * 44 + 1).toFixed(1)} ${(15 - ((p.value - lo) / (hi - lo || 1)) * 13).toFixed(1)}`).join("");
  return <svg width={46} height={17} aria-hidden="true"><path d={path} fill="none" stroke="var(--p-c0)" strokeWidth={1.3} /></svg>;
}

function StepSlider({ all, final, step, active, onChange }: { all: number[]; final: boolean; step: number | null; active: boolean; onChange: (step: number | null) => void }) {
  // the finished job has a place of its own after its last iteration
  const end = final ? all.length : all.length - 1;
  const at = step === null ? end : Math.max(0, all.findLastIndex((s) => s <= step));
  const go = (index: number) => onChange(index >= end ? null : (all[index] ?? null));
  return (
    <section className="panel pad row" style={{ gap: 14, position: "sticky", top: 46, zIndex: 20 }} aria-label="Step">
      <span className="num" style={{ fontWeight: 500, minWidth: 120 }}>{at === all.length ? "Final result" : `Iteration ${all[at]} of ${all.at(-1)}`}</span>
      <ActionIcon variant="default" aria-label="Iteration before" disabled={at === 0} onClick={() => go(at - 1)}><Icon name="back" /></ActionIcon>
      <Slider className="grow" thumbLabel="Iteration" label={(i) => (i === all.length ? "final" : `iteration ${all[i]}`)} min={0} max={end} step={1} value={at} onChange={go} size="sm" />
      <ActionIcon variant="default" aria-label="Next iteration" disabled={at === end} onClick={() => go(at + 1)}><Icon name="chevron" /></ActionIcon>
      <span className="small muted" style={{ minWidth: 104 }}>{step === null ? (active ? "following the newest" : "") : <Button variant="subtle" size="compact-xs" onClick={() => onChange(null)}>{final ? "Final result" : "Go to the last"}</Button>}</span>
    </section>
  );
}

function OneFigure({ job, id, seq, step }: { job: JobInfo; id: string; seq: number; step: number | null }) {
  const figure = useFigure(job.project, job.id, id, seq);
  if (figure.error && !figure.data) return <div id={`figure-${id}`}><ErrorNotice error={figure.error} retry={() => void figure.refetch()} /></div>;
  if (!figure.data) return <div className="panel" id={`figure-${id}`}><Loading what="figure" /></div>;
  const d = figure.data.data;
  const wide = (d.type === "montage" && d.images.length > 8) || (d.type === "table" && d.columns.length > 4);
  return (
    <div id={`figure-${id}`} className={wide ? "wide" : undefined} style={{ minWidth: 0, scrollMarginTop: 120 }}>
      <FigureCard figure={figure.data} name={`${job.project}_${job.id}_${id}`} step={step} />
    </div>
  );
}

/** Buttons that make the job that would follow, with the connection made. */
function NextSteps({ job }: { job: JobInfo }) {
  const types = useJobTypes();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  const steps = nextSteps(job.id, job.result?.outputs ?? [], types.data ?? []);
  if (steps.length === 0) return null;
  const open = async (type: string, inputs: Record<string, InputRef[]>) => {
    try {
      const made = await createJob(job.project, job.workspace, type, inputs);
      await navigate({ to: "/projects/$project/jobs/$job", params: { project: made.project, job: made.id } });
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section className="row" aria-label="Next steps" style={{ gap: 6 }}>
      <span className="small muted">Use the results in</span>
      {steps.map(({ type, inputs }) => <Button key={type.name} variant="default" size="compact-sm" onClick={() => void open(type.name, inputs)}>{type.title}</Button>)}
      {error !== null && <ErrorNotice error={error} />}
    </section>
  );
}
