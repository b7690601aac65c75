import { ActionIcon, Button, Group, Menu, Modal, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ok } from "../api/client";
import type { ProjectInfo } from "../api/model";
import { keys, queryClient } from "../api/queries";
import { Icon } from "../shell/Icon";
import { ErrorNotice } from "../shell/States";

/** What a person may do with a whole project. */
export function ProjectMenu({ project }: { project: ProjectInfo }) {
  const navigate = useNavigate();
  const [confirm, setConfirm] = useState(false);
  const [editing, setEditing] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const detach = async () => {
    try {
      await ok(api.DELETE("/api/v1/projects/{p}", { params: { path: { p: project.id } } }));
      void queryClient.invalidateQueries({ queryKey: keys.projects });
      await navigate({ to: "/" });
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon variant="default" size={30} aria-label="More about this project"><Icon name="dots" /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Icon name="pencil" />} onClick={() => setEditing(true)}>Title and description</Menu.Item>
          <Menu.Item onClick={() => setConfirm(true)}>Detach from this server</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={confirm} onClose={() => setConfirm(false)} title="Detach the project?">
        <div className="stack">
          <p>The server forgets the project. Its directory stays as it is, and can be attached again, here or elsewhere.</p>
          <p className="mono small">{project.path}</p>
          {error !== null && <ErrorNotice error={error} />}
          <Group justify="flex-end"><Button variant="default" onClick={() => setConfirm(false)}>Cancel</Button><Button color="red" onClick={detach}>Detach</Button></Group>
        </div>
      </Modal>
      <Modal opened={editing} onClose={() => setEditing(false)} title={`Title and description of ${project.id}`}>
        {editing && <Edit project={project} onDone={() => setEditing(false)} />}
      </Modal>
    </>
  );
}

function Edit({ project, onDone }: { project: ProjectInfo; onDone: () => void }) {
  const [title, setTitle] = useState(project.title);
  const [description, setDescription] = useState(project.description ?? "");
  const [error, setError] = useState<unknown>(null);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setError(null);
    try {
      const changed = await ok(api.PATCH("/api/v1/projects/{p}", { params: { path: { p: project.id } }, body: { title: title.trim(), description } }));
      queryClient.setQueryData<ProjectInfo>(keys.project(project.id), changed);
      void queryClient.invalidateQueries({ queryKey: keys.projects });
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <form onSubmit={submit} className="stack">
      <TextInput label="Title" required data-autofocus value={title} onChange={(e) => setTitle(e.currentTarget.value)} />
      <Textarea label="Description" autosize minRows={2} value={description} onChange={(e) => setDescription(e.currentTarget.value)} />
      {error !== null && <ErrorNotice error={error} />}
      <Group justify="flex-end"><Button variant="default" onClick={onDone}>Cancel</Button><Button type="submit">Save</Button></Group>
    </form>
  );
}
