import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useState } from "react";
import { formatBytes } from "../api/format";
import { useBrowse } from "../api/queries";
import { Icon } from "../shell/Icon";
import { ErrorNotice, Loading } from "../shell/States";

/** Picks a file or a folder of the server's machine. */
export function PathPicker({ opened, start, folders, onClose, onPick }: { opened: boolean; start: string; folders: boolean; onClose: () => void; onPick: (path: string) => void }) {
  return (
    <Modal opened={opened} onClose={onClose} title={folders ? "Choose a folder on the server" : "Choose a file or folder on the server"} size="lg">
      {opened && <Browser start={start} folders={folders} onClose={onClose} onPick={onPick} />}
    </Modal>
  );
}

function Browser({ start, folders, onClose, onPick }: { start: string; folders: boolean; onClose: () => void; onPick: (path: string) => void }) {
  const [path, setPath] = useState(folderOf(start, folders));
  const [filter, setFilter] = useState("");
  const page = useBrowse(path, true);
  const entries = (page.data?.entries ?? []).filter((e) => (!folders || e.directory) && e.name.toLowerCase().includes(filter.toLowerCase()));
  const go = (next: string) => {
    setFilter("");
    setPath(next);
  };
  return (
    <div className="stack">
      <div className="row">
        <Button variant="default" disabled={!page.data?.path} onClick={() => go(page.data?.parent ?? "")} leftSection={<Icon name="back" />}>Up</Button>
        <span className="mono small clip grow" title={page.data?.path}>{page.data?.path || "Folders that may be browsed"}</span>
        <TextInput size="xs" placeholder="Filter names" aria-label="Filter names" value={filter} onChange={(e) => setFilter(e.currentTarget.value)} />
      </div>
      {page.isPending && <Loading what="folder" />}
      {page.error && (
        <>
          <ErrorNotice error={page.error} />
          <div><Button variant="default" onClick={() => go("")}>Show the folders that may be browsed</Button></div>
        </>
      )}
      {page.data && (
        <div className="browse">
          {entries.length === 0 && <p className="muted small" style={{ padding: 12 }}>{filter ? "No name matches the filter." : "Nothing here."}</p>}
          <ul className="list" aria-label="Entries">
            {entries.map((entry) => (
              <li key={entry.path} style={{ border: 0 }}>
                <button type="button" onClick={() => (entry.directory ? go(entry.path) : onPick(entry.path))}>
                  <span style={{ color: entry.directory ? "var(--n-accent)" : "var(--n-muted)", display: "flex" }}><Icon name={entry.directory ? "folder" : "file"} /></span>
                  <span className="clip">{entry.name}</span>
                  <span className="muted small num">{entry.directory ? "" : formatBytes(entry.size)}</span>
                </button>
              </li>
            ))}
          </ul>
          {page.data.truncated && <p className="muted small" style={{ padding: 12 }}>The folder has more entries than are listed; type the path instead.</p>}
        </div>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>Cancel</Button>
        <Button disabled={!page.data?.path} onClick={() => page.data && onPick(page.data.path)}>Use this folder</Button>
      </Group>
    </div>
  );
}

/** Where browsing begins for a path already typed. */
function folderOf(path: string, folders: boolean): string {
  if (!path.startsWith("/")) return "";
  return folders ? path : path.slice(0, path.lastIndexOf("/")) || "";
}
