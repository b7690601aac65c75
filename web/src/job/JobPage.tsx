import { Tabs } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { formatDuration } from "../api/format";
import type { JobInfo } from "../api/model";
import { useEvents, useJob } from "../api/queries";
import { Builder } from "../builder/Builder";
import { Empty, ErrorNotice, Loading, useNow, useTitle } from "../shell/States";
import { elapsedSeconds, isActive, Status } from "../shell/Status";
import { mapFiles } from "../volume/maps";
import { FilesTab, OutputsTab, ParametersTab } from "./DetailTabs";
import { JobActions } from "./JobActions";
import { LogTab, ProcessOutput } from "./LogTab";
import { Overview } from "./Overview";

const VolumeTab = lazy(() => import("../volume/VolumeTab"));

/** One job: the form while it is built, then what it does and gives. */
export function JobPage() {
  const { project, job: id } = useParams({ from: "/projects/$project/jobs/$job" });
  const { job, error } = useJob(project, id);
  useTitle(job ? `${job.id} ${job.display_title}` : id);
  if (error) return <ErrorNotice error={error} />;
  if (job === undefined) return <Loading what="job" />;
  if (job === null) return <Empty title={`There is no job ${id} in this project`}>It may have been deleted.</Empty>;
  return (
    <>
      <JobHead job={job} />
      {job.status === "building" ? <Builder key={job.id} job={job} /> : <JobTabs key={job.id} job={job} />}
    </>
  );
}

function JobHead({ job }: { job: JobInfo }) {
  const now = useNow(isActive(job.status));
  const seconds = elapsedSeconds(job, now);
  return (
    <div className="page-head">
      <div className="grow">
        <h1><span className="mono muted" style={{ fontWeight: 400 }}>{job.id}</span> {job.display_title}</h1>
        <div className="row small muted num" style={{ gap: "0 14px", marginTop: 2 }}>
          <Status status={job.status} />
          <span className="mono">{job.job_type}</span>
          {seconds !== null && <span>{formatDuration(seconds)}</span>}
        </div>
        {job.description && <p style={{ marginTop: 6, maxWidth: "80ch" }}>{job.description}</p>}
      </div>
      <JobActions job={job} />
    </div>
  );
}

function JobTabs({ job }: { job: JobInfo }) {
  const events = useEvents(job.project, job.id);
  const { tab = "overview" } = useSearch({ from: "/projects/$project/jobs/$job" });
  const navigate = useNavigate();
  const go = (next: string | null) => void navigate({ to: ".", search: next && next !== "overview" ? { tab: next } : {}, replace: true });
  const toFigure = (id: string) => {
    go("overview");
    // the figure is on the page one frame later
    setTimeout(() => document.getElementById(`figure-${id}`)?.scrollIntoView({ behavior: "smooth" }), 80);
  };
  const warnings = (events.data ?? []).filter((e) => e.kind === "text" && e.level !== "info").length;
  const maps = mapFiles(job).length;
  return (
    <Tabs value={tab} onChange={go} keepMounted={false}>
      <Tabs.List mb={12}>
        <Tabs.Tab value="overview">Overview</Tabs.Tab>
        <Tabs.Tab value="log">Event log{warnings > 0 && <span style={{ color: "var(--s-waiting)" }}> ({warnings} warning{warnings === 1 ? "" : "s"})</span>}</Tabs.Tab>
        {maps > 0 && <Tabs.Tab value="volume">3D view</Tabs.Tab>}
        <Tabs.Tab value="outputs">Outputs</Tabs.Tab>
        <Tabs.Tab value="parameters">Inputs and parameters</Tabs.Tab>
        <Tabs.Tab value="files">Files</Tabs.Tab>
        <Tabs.Tab value="process">Process output</Tabs.Tab>
      </Tabs.List>
      {events.error && !events.data && <ErrorNotice error={events.error} retry={() => void events.refetch()} />}
      <Tabs.Panel value="overview">{events.data ? <Overview job={job} events={events.data} /> : <Loading what="event log" />}</Tabs.Panel>
      <Tabs.Panel value="log">{events.data ? <LogTab job={job} events={events.data} onFigure={toFigure} /> : <Loading what="event log" />}</Tabs.Panel>
      <Tabs.Panel value="volume"><Suspense fallback={<Loading what="viewer" />}><VolumeTab job={job} /></Suspense></Tabs.Panel>
      <Tabs.Panel value="outputs"><OutputsTab job={job} /></Tabs.Panel>
      <Tabs.Panel value="parameters"><ParametersTab job={job} /></Tabs.Panel>
      <Tabs.Panel value="files"><FilesTab job={job} /></Tabs.Panel>
      <Tabs.Panel value="process"><ProcessOutput job={job} /></Tabs.Panel>
    </Tabs>
  );
}
