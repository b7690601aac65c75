import { Modal, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ok } from "../api/client";
import type { InputRef, JobInfo, JobSpec } from "../api/model";
import { keys, queryClient, useJobTypes } from "../api/queries";
import { ErrorNotice, Loading, sentence } from "../shell/States";

/** Makes a job, building, and puts it into the cache. */
export async function createJob(project: string, workspace: string | null, type: string, inputs: Record<string, InputRef[]> = {}): Promise<JobInfo> {
  const job = await ok(
    api.POST("/api/v1/projects/{p}/jobs", {
      params: { path: { p: project } },
      body: { job_type: type, workspace, title: "", description: "", params: {}, inputs },
    }),
  );
  queryClient.setQueryData<JobInfo[]>(keys.jobs(project), (list) => (list && !list.some((one) => one.id === job.id) ? [...list, job] : list));
  return job;
}

/** Picks a job type, grouped by category, and opens the new job. */
export function NewJobDialog({ opened, onClose, project, workspace }: { opened: boolean; onClose: () => void; project: string; workspace: string | null }) {
  return (
    <Modal opened={opened} onClose={onClose} title="New job" size="lg">
      {opened && <Picker project={project} workspace={workspace} />}
    </Modal>
  );
}

function Picker({ project, workspace }: { project: string; workspace: string | null }) {
  const types = useJobTypes();
  const navigate = useNavigate();
  const [filter, setFilter] = useState("");
  const [error, setError] = useState<unknown>(null);
  const wanted = filter.toLowerCase();
  const groups = new Map<string, JobSpec[]>();
  for (const type of types.data ?? []) {
    if (![type.title, type.name, type.summary].some((text) => text.toLowerCase().includes(wanted))) continue;
    groups.set(type.category, [...(groups.get(type.category) ?? []), type]);
  }
  const pick = async (type: string) => {
    setError(null);
    try {
      const job = await createJob(project, workspace, type);
      await navigate({ to: "/projects/$project/jobs/$job", params: { project, job: job.id } });
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <div className="stack">
      <TextInput data-autofocus placeholder="Search job types" aria-label="Search job types" value={filter} onChange={(e) => setFilter(e.currentTarget.value)} />
      {types.isPending && <Loading what="job types" />}
      {types.error && <ErrorNotice error={types.error} />}
      {error !== null && <ErrorNotice error={error} />}
      {[...groups].map(([category, list]) => (
        <section key={category} aria-label={category}>
          <h3 className="section-title">{sentence(category)}</h3>
          {list.map((type) => (
            <button key={type.name} type="button" className="type-option" onClick={() => void pick(type.name)}>
              <span style={{ fontWeight: 500 }}>{type.title}</span>
              <span className="muted small" style={{ display: "block" }}>{type.summary}</span>
            </button>
          ))}
        </section>
      ))}
      {types.data && groups.size === 0 && <p className="muted">No job type matches “{filter}”.</p>}
    </div>
  );
}
