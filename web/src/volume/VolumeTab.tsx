import { Anchor, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiFailure, failure, fileUrl, volumeUrl } from "../api/client";
import type { JobInfo } from "../api/model";
import { Empty, ErrorNotice, Loading } from "../shell/States";
import { mapFiles } from "./maps";
import { parseMrc } from "./mrc";
import { Slices } from "./Slices";
import { SurfaceView } from "./SurfaceView";

const BOXES = ["64", "128", "192", "256"];

/** The 3D view of a job: one map at a time, as surface and as slices. */
export default function VolumeTab({ job }: { job: JobInfo }) {
  const files = mapFiles(job);
  const [chosen, setChosen] = useState<string | null>(null);
  const [box, setBox] = useState("128");
  const file = files.find((f) => f.path === chosen) ?? files[0];
  const map = useQuery({
    queryKey: ["volume", job.project, file?.job ?? "", file?.path ?? "", box, job.finished_ms ?? 0],
    enabled: Boolean(file),
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: async ({ signal }) => {
      if (!file) throw new ApiFailure(0, "no map", "");
      const response = await fetch(volumeUrl(job.project, file.job, file.path, Number(box)), { signal, credentials: "same-origin" });
      if (!response.ok) throw failure(response.status, await response.json().catch(() => null));
      return parseMrc(await response.arrayBuffer());
    },
  });
  if (!file) return <Empty title="No maps">{job.status === "completed" ? "This job gives no maps." : "Maps appear here when the job is completed."}</Empty>;
  return (
    <div className="stack">
      <div className="row" style={{ gap: 12 }}>
        <Select aria-label="Map" size="xs" w={320} maw="100%" value={file.path} onChange={setChosen} allowDeselect={false} data={files.map((f) => ({ value: f.path, label: f.label }))} />
        <Select aria-label="Largest box" size="xs" w={170} value={box} onChange={(v) => setBox(v ?? "128")} allowDeselect={false} data={BOXES.map((b) => ({ value: b, label: `at most ${b}³ voxels` }))} />
        <Anchor size="sm" href={fileUrl(job.project, file.job, file.path)} download>Download the full map</Anchor>
      </div>
      {map.isPending && <Loading what="map" />}
      {map.error && <ErrorNotice error={map.error} retry={() => void map.refetch()} />}
      {map.data && (
        <div className="volume">
          <section className="panel pad" aria-label="Surface"><SurfaceView key={`${file.path}:${box}`} map={map.data} name={file.path.replace(/^.*\//, "").replace(/\.\w+$/, "")} /></section>
          <section className="panel pad" aria-label="Slices"><Slices map={map.data} /></section>
        </div>
      )}
    </div>
  );
}
