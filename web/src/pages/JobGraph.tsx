import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { JobInfo } from "../api/model";
import { ProgressBar, Status } from "../shell/Status";
import { layoutGraph } from "./graphLayout";
import { keyStatistic } from "./jobSummary";

const WIDTH = 208;
const HEIGHT = 78;
const GAP_X = 66;
const GAP_Y = 18;
const MARGIN = 20;

/** Jobs as boxes from left to right, connected from outputs to inputs. */
export function JobGraph({ jobs }: { jobs: JobInfo[] }) {
  const [hot, setHot] = useState<string | null>(null);
  const layout = useMemo(() => layoutGraph(jobs.map((job) => ({ id: job.id, parents: parentsOf(job) }))), [jobs]);
  const at = (id: string) => {
    const p = layout.place.get(id);
    return p ? { x: MARGIN + p.column * (WIDTH + GAP_X), y: MARGIN + p.row * (HEIGHT + GAP_Y) } : null;
  };
  const width = MARGIN * 2 + layout.columns * (WIDTH + GAP_X) - GAP_X;
  const height = MARGIN * 2 + layout.rows * (HEIGHT + GAP_Y) - GAP_Y;
  return (
    <div className="graph panel" role="region" aria-label="Job graph" tabIndex={0}>
      <div style={{ position: "relative", width, height }}>
        <svg className="edges" width={width} height={height} aria-hidden="true">
          {jobs.flatMap((job) =>
            parentsOf(job).map((parent) => {
              const a = at(parent);
              const b = at(job.id);
              if (!a || !b) return null;
              const hotEdge = hot === job.id || hot === parent;
              return <path key={`${parent}-${job.id}`} data-hot={hotEdge} d={edgePath(a, b)} />;
            }),
          )}
        </svg>
        {jobs.map((job) => {
          const p = at(job.id);
          if (!p) return null;
          return (
            <Link
              key={job.id}
              to="/projects/$project/jobs/$job"
              params={{ project: job.project, job: job.id }}
              className="graph-node"
              style={{ left: p.x, top: p.y, width: WIDTH, height: HEIGHT }}
              onPointerEnter={() => setHot(job.id)}
              onPointerLeave={() => setHot(null)}
              onFocus={() => setHot(job.id)}
              onBlur={() => setHot(null)}
            >
              <span className="row between" style={{ flexWrap: "nowrap" }}><span className="mono muted">{job.id}</span><Status status={job.status} /></span>
              <span className="title clip">{job.display_title}</span>
              {job.progress && job.status === "running" ? <ProgressBar progress={job.progress} words={false} /> : <span className="small muted clip num">{keyStatistic(job)?.text ?? ""}</span>}
            </Link>
          );
        })}
      </div>
    </div>
  );
}

/** Jobs whose outputs a job uses, each once. */
export function parentsOf(job: JobInfo): string[] {
  return [...new Set(Object.values(job.inputs).flat().map((ref) => ref.job))];
}

/** From the right side of one box to the left side of another; over several columns it runs between the rows. */
function edgePath(a: { x: number; y: number }, b: { x: number; y: number }): string {
  const [x0, y0, x1, y1] = [a.x + WIDTH, a.y + HEIGHT / 2, b.x, b.y + HEIGHT / 2];
  if (x1 - x0 <= GAP_X) {
    const bend = GAP_X / 2;
    return `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
  }
  // boxes of the columns between stand in the rows, never in the gaps
  const lane = b.y >= a.y ? b.y - GAP_Y / 2 : b.y + HEIGHT + GAP_Y / 2;
  const [out, back, half] = [x0 + GAP_X, x1 - GAP_X, GAP_X / 2];
  return `M${x0} ${y0}C${x0 + half} ${y0} ${out - half} ${lane} ${out} ${lane}H${back}C${back + half} ${lane} ${x1 - half} ${y1} ${x1} ${y1}`;
}
