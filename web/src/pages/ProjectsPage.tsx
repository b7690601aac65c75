import { Button, Group, Modal, Textarea, TextInput } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ok } from "../api/client";
import { formatTime } from "../api/format";
import type { ProjectInfo } from "../api/model";
import { keys, queryClient, useProjects } from "../api/queries";
import { Icon } from "../shell/Icon";
import { Empty, ErrorNotice, Loading } from "../shell/States";
import { PathPicker } from "./PathPicker";

/** All projects of the server. */
export function ProjectsPage() {
  const projects = useProjects();
  const [dialog, setDialog] = useState<"create" | "attach" | null>(null);
  const sorted = projects.data ? [...projects.data].sort((a, b) => b.updated_ms - a.updated_ms) : [];
  return (
    <>
      <div className="page-head">
        <h1 className="grow">Projects</h1>
        <Group gap={8}>
          <Button variant="default" onClick={() => setDialog("attach")}>Attach a directory</Button>
          <Button leftSection={<Icon name="plus" />} onClick={() => setDialog("create")}>New project</Button>
        </Group>
      </div>
      {projects.isPending && <Loading what="projects" />}
      {projects.error && <ErrorNotice error={projects.error} retry={() => void projects.refetch()} />}
      {projects.data && sorted.length === 0 && (
        <Empty title="No projects yet">Make one, or attach a project directory that another Nilas server or <span className="mono">nilas run</span> wrote.</Empty>
      )}
      {sorted.length > 0 && (
        <ul className="list panel" aria-label="Projects">{sorted.map((p) => <li key={p.id}><ProjectRow project={p} /></li>)}</ul>
      )}
      <CreateDialog opened={dialog === "create"} onClose={() => setDialog(null)} />
      <AttachDialog opened={dialog === "attach"} onClose={() => setDialog(null)} />
    </>
  );
}

function ProjectRow({ project }: { project: ProjectInfo }) {
  return (
    <Link to="/projects/$project" params={{ project: project.id }} className="project-row">
      <span className="mono muted">{project.id}</span>
      <span style={{ minWidth: 0 }}>
        <span style={{ fontWeight: 500 }}>{project.title || "Untitled project"}</span>
        {project.description && <span className="muted small clip" style={{ display: "block" }}>{project.description}</span>}
        {project.unavailable && <span className="small" style={{ color: "var(--s-failed)", display: "block" }}>{project.unavailable}</span>}
      </span>
      <span className="mono small muted clip" title={project.path}>{project.path}</span>
      <JobCounts jobs={project.jobs} />
      <span className="small muted num">{project.updated_ms ? `changed ${formatTime(project.updated_ms)}` : ""}</span>
    </Link>
  );
}

/** Number of jobs by state. */
export function JobCounts({ jobs }: { jobs: Record<string, number> }) {
  const order = ["running", "started", "launched", "queued", "waiting", "building", "completed", "failed", "killed"];
  const shown = order.filter((s) => (jobs[s] ?? 0) > 0);
  if (shown.length === 0) return <span className="small muted">no jobs</span>;
  return (
    <span className="row num small" style={{ gap: "2px 10px" }}>
      {shown.map((s) => (
        <span key={s} className="status" data-status={s} style={{ "--s": `var(--s-${s === "launched" ? "started" : s})` } as React.CSSProperties}>
          <span className="dot" />{jobs[s]} {s}
        </span>
      ))}
    </span>
  );
}

function CreateDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const [path, setPath] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const project = await ok(api.POST("/api/v1/projects", { body: { title: title.trim(), description, path: path.trim() || null } }));
      void queryClient.invalidateQueries({ queryKey: keys.projects });
      await navigate({ to: "/projects/$project", params: { project: project.id } });
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened={opened} onClose={onClose} title="New project">
      <form onSubmit={submit} className="stack">
        <TextInput label="Title" required data-autofocus value={title} onChange={(e) => setTitle(e.currentTarget.value)} />
        <Textarea label="Description" autosize minRows={2} value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
        <PathField label="Directory on the server" help="All files of the project go there. Leave empty for a new folder in the server's own projects folder." value={path} onChange={setPath} />
        {error !== null && <ErrorNotice error={error} />}
        <Group justify="flex-end"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" loading={busy}>Create project</Button></Group>
      </form>
    </Modal>
  );
}

function AttachDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const [path, setPath] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<{ id: string; warnings: string[] } | null>(null);
  const open = (id: string) => navigate({ to: "/projects/$project", params: { project: id } });
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const answer = await ok(api.POST("/api/v1/projects/attach", { body: { path: path.trim() } }));
      void queryClient.invalidateQueries({ queryKey: keys.projects });
      if (answer.warnings.length > 0) setReport({ id: answer.project.id, warnings: answer.warnings });
      else await open(answer.project.id);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened={opened} onClose={onClose} title="Attach a project directory">
      {report ? (
        <div className="stack">
          <div className="notice" data-tone="warn">
            <h3>Attached, but some folders could not be read</h3>
            <ul style={{ margin: "4px 0 0", paddingLeft: 18 }}>{report.warnings.map((w, i) => <li key={i}>{w}</li>)}</ul>
          </div>
          <Group justify="flex-end"><Button onClick={() => void open(report.id)}>Open the project</Button></Group>
        </div>
      ) : (
        <form onSubmit={submit} className="stack">
          <PathField label="Project directory" help="The folder that holds project.json. Everything in it comes back: jobs, results, figures, logs." value={path} onChange={setPath} required />
          {error !== null && <ErrorNotice error={error} />}
          <Group justify="flex-end"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" loading={busy}>Attach</Button></Group>
        </form>
      )}
    </Modal>
  );
}

function PathField({ label, help, value, onChange, required }: { label: string; help: string; value: string; onChange: (v: string) => void; required?: boolean }) {
  const [picking, setPicking] = useState(false);
  return (
    <>
      <TextInput
        label={label}
        description={help}
        required={required ?? false}
        value={value}
        onChange={(e) => onChange(e.currentTarget.value)}
        rightSectionWidth={74}
        rightSection={<Button variant="subtle" onClick={() => setPicking(true)}>Browse</Button>}
      />
      <PathPicker
        opened={picking}
        start={value}
        folders
        onClose={() => setPicking(false)}
        onPick={(picked) => {
          onChange(picked);
          setPicking(false);
        }}
      />
    </>
  );
}
