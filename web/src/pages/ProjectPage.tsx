import { ActionIcon, Button, Group, Modal, SegmentedControl, Tabs, TextInput } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ok } from "../api/client";
import { formatDuration, formatTime } from "../api/format";
import type { JobInfo } from "../api/model";
import { keys, queryClient, useJobs, useProject } from "../api/queries";
import { NewJobDialog } from "../builder/NewJobDialog";
import { Icon } from "../shell/Icon";
import { Empty, ErrorNotice, Loading, useNow, useTitle } from "../shell/States";
import { elapsedSeconds, isActive, ProgressBar, Status } from "../shell/Status";
import { JobGraph, parentsOf } from "./JobGraph";
import { keyStatistic, matches } from "./jobSummary";
import { ProjectMenu } from "./ProjectMenu";

const VIEW = "nilas.project-view";

/** A project: its workspaces, and their jobs as cards, as a graph or as a table. */
export function ProjectPage() {
  const { project: p } = useParams({ from: "/projects/$project" });
  const project = useProject(p);
  const jobs = useJobs(p);
  const [workspace, setWorkspace] = useState("all");
  const [view, setView] = useState(() => localStorage.getItem(VIEW) ?? "cards");
  const [filter, setFilter] = useState("");
  const [dialog, setDialog] = useState<"job" | "workspace" | null>(null);
  const inWorkspace = (jobs.data ?? []).filter((job) => workspace === "all" || job.workspace === workspace);
  const shown = inWorkspace.filter((job) => matches(job, filter));
  const now = useNow(shown.some((job) => isActive(job.status)));

  useTitle(project.data?.title || p);

  if (project.error && !project.data) return <ErrorNotice error={project.error} retry={() => void project.refetch()} />;
  if (!project.data) return <Loading what="project" />;
  const info = project.data;
  const newest = [...shown].sort((a, b) => Number(b.id.slice(1)) - Number(a.id.slice(1)));
  return (
    <>
      <div className="page-head">
        <div className="grow">
          <h1>{info.title || "Untitled project"}</h1>
          <p className="mono small muted" style={{ overflowWrap: "anywhere" }}>{info.path}</p>
          {info.description && <p style={{ maxWidth: "80ch", marginTop: 4 }}>{info.description}</p>}
        </div>
        <Group gap={8}>
          <Button leftSection={<Icon name="plus" />} disabled={Boolean(info.unavailable)} onClick={() => setDialog("job")}>New job</Button>
          <ProjectMenu project={info} />
        </Group>
      </div>
      {info.unavailable && <div className="notice" data-tone="bad" role="alert" style={{ marginBottom: 12 }}><h3>This project can't be used now</h3><p>{info.unavailable}</p></div>}
      <div className="row between" style={{ marginBottom: 12, gap: 12 }}>
        <div className="row" style={{ gap: 4, minWidth: 0 }}>
          <Tabs value={workspace} onChange={(v) => setWorkspace(v ?? "all")} variant="pills">
            <Tabs.List aria-label="Workspaces">
              <Tabs.Tab value="all">All jobs</Tabs.Tab>
              {info.workspaces.map((w) => <Tabs.Tab key={w.id} value={w.id}><span className="mono muted">{w.id}</span> {w.title}</Tabs.Tab>)}
            </Tabs.List>
          </Tabs>
          <ActionIcon variant="subtle" color="gray" aria-label="New workspace" title="New workspace" onClick={() => setDialog("workspace")}><Icon name="plus" /></ActionIcon>
        </div>
        <div className="row">
          <TextInput size="xs" placeholder="Filter jobs" aria-label="Filter jobs" value={filter} onChange={(e) => setFilter(e.currentTarget.value)} />
          <SegmentedControl
            size="xs"
            aria-label="View"
            value={view}
            onChange={(v) => {
              setView(v);
              localStorage.setItem(VIEW, v);
            }}
            data={[{ value: "cards", label: "Cards" }, { value: "graph", label: "Graph" }, { value: "table", label: "Table" }]}
          />
        </div>
      </div>
      {jobs.isPending && <Loading what="jobs" />}
      {jobs.error && <ErrorNotice error={jobs.error} retry={() => void jobs.refetch()} />}
      {jobs.data && shown.length === 0 && (
        <Empty title={filter ? "No job matches the filter" : "No jobs yet"}>
          {!filter && "Begin with “Import particles” for your data, or “Simulate particles” to try the program on data with a known answer."}
        </Empty>
      )}
      {shown.length > 0 && view === "graph" && <JobGraph jobs={shown} />}
      {shown.length > 0 && view === "cards" && <div className="cards">{newest.map((job) => <JobCard key={job.id} job={job} now={now} />)}</div>}
      {shown.length > 0 && view === "table" && <JobTable jobs={newest} now={now} />}
      <NewJobDialog opened={dialog === "job"} onClose={() => setDialog(null)} project={p} workspace={workspace === "all" ? null : workspace} />
      <WorkspaceDialog opened={dialog === "workspace"} onClose={() => setDialog(null)} project={p} onMade={setWorkspace} />
    </>
  );
}

function JobCard({ job, now }: { job: JobInfo; now: number }) {
  const seconds = elapsedSeconds(job, now);
  const key = keyStatistic(job);
  const parents = parentsOf(job);
  return (
    <Link to="/projects/$project/jobs/$job" params={{ project: job.project, job: job.id }} className="panel job-card" data-job={job.id}>
      <span className="row between" style={{ flexWrap: "nowrap" }}>
        <span className="mono muted">{job.id}</span>
        <Status status={job.status} />
      </span>
      <span className="title">{job.display_title}</span>
      {job.status === "failed" && job.failure && <span className="small" style={{ color: "var(--s-failed)", display: "-webkit-box", WebkitLineClamp: 2, WebkitBoxOrient: "vertical", overflow: "hidden" }}>{job.failure.message}</span>}
      {job.status === "queued" && job.waiting_for && <span className="small muted">{job.waiting_for}</span>}
      {isActive(job.status) && job.progress && <ProgressBar progress={job.progress} />}
      {job.status === "completed" && key && <span className="key-stat">{key.text}{key.name === "Resolution" && <span className="small muted" style={{ fontWeight: 400 }}> resolution</span>}</span>}
      <span className="foot">
        <span className="clip">{parents.length > 0 ? `from ${parents.join(", ")}` : job.job_type.replaceAll("_", " ")}</span>
        <span>{seconds === null ? "" : formatDuration(seconds)}</span>
      </span>
    </Link>
  );
}

function JobTable({ jobs, now }: { jobs: JobInfo[]; now: number }) {
  return (
    <div className="panel pad" style={{ overflowX: "auto" }}>
      <table className="data-table">
        <thead><tr>{["Job", "Title", "Type", "State", "Inputs", "Result", "Time", "Created", "By"].map((h) => <th key={h} scope="col">{h}</th>)}</tr></thead>
        <tbody>
          {jobs.map((job) => {
            const seconds = elapsedSeconds(job, now);
            return (
              <tr key={job.id}>
                <td><Link className="mono" to="/projects/$project/jobs/$job" params={{ project: job.project, job: job.id }}>{job.id}</Link></td>
                <td>{job.display_title}</td>
                <td className="mono small">{job.job_type}</td>
                <td><Status status={job.status} /></td>
                <td className="mono small">{parentsOf(job).join(", ")}</td>
                <td>{keyStatistic(job)?.text}</td>
                <td style={{ whiteSpace: "nowrap" }}>{seconds === null ? "" : formatDuration(seconds)}</td>
                <td style={{ whiteSpace: "nowrap" }}>{formatTime(job.created_ms)}</td>
                <td className="small muted">{job.created_by}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function WorkspaceDialog({ opened, onClose, project, onMade }: { opened: boolean; onClose: () => void; project: string; onMade: (id: string) => void }) {
  const [title, setTitle] = useState("");
  const [error, setError] = useState<unknown>(null);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setError(null);
    try {
      const made = await ok(api.POST("/api/v1/projects/{p}/workspaces", { params: { path: { p: project } }, body: { title: title.trim(), description: "" } }));
      await queryClient.invalidateQueries({ queryKey: keys.project(project) });
      setTitle("");
      onMade(made.id);
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Modal opened={opened} onClose={onClose} title="New workspace">
      <form onSubmit={submit} className="stack">
        <TextInput label="Title" required data-autofocus value={title} onChange={(e) => setTitle(e.currentTarget.value)} />
        {error !== null && <ErrorNotice error={error} />}
        <Group justify="flex-end"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit">Create workspace</Button></Group>
      </form>
    </Modal>
  );
}
