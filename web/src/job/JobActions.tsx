import { ActionIcon, Button, Group, Menu, Modal, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ok } from "../api/client";
import type { JobInfo } from "../api/model";
import { keys, queryClient } from "../api/queries";
import { Icon } from "../shell/Icon";
import { ErrorNotice } from "../shell/States";
import { isActive, isFinal } from "../shell/Status";

type Dialog = "kill" | "clear" | "delete" | "rename" | "scratch";

/** Writes a job that an action gave back into the cache. */
function remember(job: JobInfo): void {
  queryClient.setQueryData<JobInfo[]>(keys.jobs(job.project), (list) => {
    if (!list) return list;
    return list.some((one) => one.id === job.id) ? list.map((one) => (one.id === job.id ? job : one)) : [...list, job];
  });
}

/** What a person may do with a job in its present state. */
export function JobActions({ job }: { job: JobInfo }) {
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const params = { path: { p: job.project, j: job.id } };
  const stoppable = job.status === "queued" || isActive(job.status);
  const final = isFinal(job.status);
  const resumable = job.status === "failed" || job.status === "killed";

  const act = async (action: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await action();
      setDialog(null);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const kill = () => act(async () => remember(await ok(api.POST("/api/v1/projects/{p}/jobs/{j}/kill", { params }))));
  const clear = () =>
    act(async () => {
      remember(await ok(api.POST("/api/v1/projects/{p}/jobs/{j}/clear", { params })));
      queryClient.removeQueries({ queryKey: keys.events(job.project, job.id) });
    });
  const restart = (from_scratch: boolean) => act(async () => remember(await ok(api.POST("/api/v1/projects/{p}/jobs/{j}/restart", { params, body: { from_scratch, lane: null } }))));
  const clone = () =>
    act(async () => {
      const made = await ok(api.POST("/api/v1/projects/{p}/jobs/{j}/clone", { params, body: {} }));
      remember(made);
      await navigate({ to: "/projects/$project/jobs/$job", params: { project: made.project, job: made.id } });
    });
  const remove = () =>
    act(async () => {
      await ok(api.DELETE("/api/v1/projects/{p}/jobs/{j}", { params }));
      await navigate({ to: "/projects/$project", params: { project: job.project } });
      queryClient.setQueryData<JobInfo[]>(keys.jobs(job.project), (list) => list?.filter((one) => one.id !== job.id));
    });
  const open = (which: Dialog) => {
    setError(null);
    setDialog(which);
  };

  return (
    <>
      <Group gap={6}>
        {stoppable && <Button color="red" variant="light" leftSection={<Icon name="stop" />} onClick={() => open("kill")}>Kill</Button>}
        {resumable && (
          <Button leftSection={<Icon name="restart" />} loading={busy && dialog === null} onClick={() => void restart(false)}>
            {job.has_checkpoint ? "Resume from checkpoint" : "Restart"}
          </Button>
        )}
        {final && <Button variant="default" leftSection={<Icon name="eraser" />} onClick={() => open("clear")}>Clear</Button>}
        <Button variant="default" leftSection={<Icon name="copy" />} loading={busy && dialog === null} onClick={() => void clone()}>Clone</Button>
        <Menu position="bottom-end">
          <Menu.Target><ActionIcon variant="default" size={30} aria-label="More actions"><Icon name="dots" /></ActionIcon></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Icon name="pencil" />} onClick={() => open("rename")}>Title and description</Menu.Item>
            {resumable && job.has_checkpoint && <Menu.Item leftSection={<Icon name="restart" />} onClick={() => open("scratch")}>Restart from the beginning</Menu.Item>}
            {!stoppable && <Menu.Item color="red" leftSection={<Icon name="trash" />} onClick={() => open("delete")}>Delete</Menu.Item>}
          </Menu.Dropdown>
        </Menu>
      </Group>
      {dialog === null && error !== null && <div style={{ flexBasis: "100%" }}><ErrorNotice error={error} /></div>}
      <Confirm opened={dialog === "kill"} title={`Kill ${job.id}?`} action="Kill job" busy={busy} error={error} onClose={() => setDialog(null)} onConfirm={kill}>
        {isActive(job.status) ? (job.has_checkpoint ? "The process is stopped. It has a checkpoint, from which it can go on later." : "The process is stopped. It has no checkpoint yet, so it would start again from the beginning.") : "The job is taken off the queue."}
      </Confirm>
      <Confirm opened={dialog === "clear"} title={`Clear ${job.id}?`} action="Clear job" busy={busy} error={error} onClose={() => setDialog(null)} onConfirm={clear}>
        Its results, checkpoint, figures and log are removed from the disk. Parameters and connections stay, and can be changed.
      </Confirm>
      <Confirm opened={dialog === "scratch"} title={`Restart ${job.id} from the beginning?`} action="Restart" busy={busy} error={error} onClose={() => setDialog(null)} onConfirm={() => restart(true)}>
        Its checkpoint is thrown away.
      </Confirm>
      <Confirm opened={dialog === "delete"} title={`Delete ${job.id}?`} action="Delete job" busy={busy} error={error} onClose={() => setDialog(null)} onConfirm={remove}>
        The job and all its files are removed from the disk. This can't be undone.
      </Confirm>
      <Modal opened={dialog === "rename"} onClose={() => setDialog(null)} title={`Title and description of ${job.id}`}>
        {dialog === "rename" && <Rename job={job} onDone={() => setDialog(null)} />}
      </Modal>
    </>
  );
}

interface ConfirmProps {
  opened: boolean;
  title: string;
  action: string;
  busy: boolean;
  error: unknown;
  children: string;
  onClose: () => void;
  onConfirm: () => void;
}

function Confirm({ opened, title, action, busy, error, children, onClose, onConfirm }: ConfirmProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      <div className="stack">
        <p>{children}</p>
        {error !== null && <ErrorNotice error={error} />}
        <Group justify="flex-end"><Button variant="default" onClick={onClose}>Cancel</Button><Button color="red" loading={busy} onClick={onConfirm} data-autofocus>{action}</Button></Group>
      </div>
    </Modal>
  );
}

function Rename({ job, onDone }: { job: JobInfo; onDone: () => void }) {
  const [title, setTitle] = useState(job.title ?? "");
  const [description, setDescription] = useState(job.description ?? "");
  const [error, setError] = useState<unknown>(null);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    try {
      remember(await ok(api.PATCH("/api/v1/projects/{p}/jobs/{j}", { params: { path: { p: job.project, j: job.id } }, body: { title: title.trim(), description } })));
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <form onSubmit={submit} className="stack">
      <TextInput label="Title" data-autofocus placeholder={job.display_title} value={title} onChange={(e) => setTitle(e.currentTarget.value)} />
      <TextInput label="Description" value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
      {error !== null && <ErrorNotice error={error} />}
      <Group justify="flex-end"><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit">Save</Button></Group>
    </form>
  );
}
