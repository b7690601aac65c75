import type { JobInfo, JobStatus, Progress } from "../api/model";
import { formatDuration } from "../api/format";
import { formatValue } from "../plot/scale";

const ACTIVE: ReadonlySet<JobStatus> = new Set<JobStatus>(["launched", "started", "running"]);

/** Whether a process exists or is about to. */
export function isActive(status: JobStatus): boolean {
  return ACTIVE.has(status) || status === "waiting";
}

/** Whether nothing more happens unless a person asks. */
export function isFinal(status: JobStatus): boolean {
  return status === "completed" || status === "failed" || status === "killed";
}

/** State of a job in words, colour and shape. */
export function Status({ status }: { status: JobStatus }) {
  const colour = status === "launched" ? "started" : status;
  return (
    <span className="status" data-status={status} data-active={ACTIVE.has(status)} style={{ "--s": `var(--s-${colour})` } as React.CSSProperties}>
      <span className="dot" />
      {status}
    </span>
  );
}

/** Progress as a bar, with what is counted, the rate and the time left below it. */
export function ProgressBar({ progress, words = true }: { progress: Progress; words?: boolean }) {
  const known = progress.total > 0;
  const percent = known ? Math.min(100, (100 * progress.done) / progress.total) : 0;
  return (
    <div>
      <div
        className={known ? "bar" : "bar unknown"}
        role="progressbar"
        aria-label={progress.what}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(known ? { "aria-valuenow": Math.round(percent) } : {})}
      >
        <i style={known ? { width: `${percent}%` } : {}} />
      </div>
      {words && (
        <div className="row between small num" style={{ marginTop: 5 }}>
          <span>{progress.what}</span>
          <span className="muted">{progressWords(progress)}</span>
        </div>
      )}
    </div>
  );
}

/** `1 200 of 5 000, 310/s, 12 s left` */
export function progressWords(p: Progress): string {
  const parts = [p.total > 0 ? `${formatValue(p.done)} of ${formatValue(p.total)}` : formatValue(p.done)];
  if (p.rate_per_s) parts.push(p.rate_per_s >= 0.1 ? `${formatValue(Number(p.rate_per_s.toPrecision(3)))}/s` : `${formatDuration(1 / p.rate_per_s)} each`);
  if (p.eta_s !== null && p.eta_s !== undefined) parts.push(`${formatDuration(p.eta_s)} left`);
  return parts.join(", ");
}

/** Seconds that a job has run or ran; null before it started. */
export function elapsedSeconds(job: JobInfo, now: number): number | null {
  if (job.status === "completed" && job.result) return job.result.wall_s;
  if (!job.started_ms || job.status === "queued" || job.status === "building") return null;
  const end = isFinal(job.status) ? job.finished_ms : now;
  return end ? Math.max(0, (end - job.started_ms) / 1000) : null;
}
