/** Names for the types of the API that the app uses (temporary hand-written set). */
export interface Axis { label: string; min?: number | null; max?: number | null; log?: boolean; reciprocal_angstrom?: boolean }
export interface Curve { name: string; x: number[]; y: (number | null)[]; dashed?: boolean }
export interface Guide { axis: string; at: number; label: string }
export interface GreyImage { width: number; height: number; pixels_base64: string; black: number; white: number; label?: string }
export type FigureData =
  | { type: "curves"; x: Axis; y: Axis; curves: Curve[]; guides?: Guide[] }
  | { type: "histogram"; x: Axis; edges: number[]; counts: number[]; guides?: Guide[] }
  | { type: "heat_map"; x: Axis; y: Axis; value_label: string; columns: number; values: (number | null)[] }
  | { type: "scatter"; x: Axis; y: Axis; xs: number[]; ys: number[] }
  | { type: "montage"; images: GreyImage[]; pixel_size_angstrom?: number | null }
  | { type: "table"; columns: string[]; rows: string[][] };
export interface Figure { id: string; title: string; note?: string; data: FigureData }
export interface Progress { what: string; done: number; total: number; rate_per_s?: number | null; eta_s?: number | null }
export type Level = "info" | "warning" | "error";
export type Event = { seq: number; time_ms: number } & (
  | { kind: "text"; level: Level; message: string }
  | ({ kind: "progress" } & Progress)
  | { kind: "figure"; id: string; title: string; step?: number | null }
  | { kind: "statistic"; name: string; value: number; step?: number | null }
  | { kind: "checkpoint"; message: string }
  | { kind: "started"; attempt: number; host: string; pid: number; resumed: boolean });
export type JobStatus = "building" | "queued" | "launched" | "started" | "running" | "waiting" | "completed" | "failed" | "killed";
export type FailureKind = "input" | "resource" | "host" | "cancelled" | "bug";
export interface Failure { kind: FailureKind; message: string; hint: string; field?: string | null }
export interface InputRef { job: string; output: string }
export type DataKind = "particle" | "volume" | "mask" | "exposure";
export interface SlotRecord { name: string; dtype: string; metafile: string; passthrough?: boolean }
export interface OutputRecord { name: string; kind: DataKind; title: string; count: number; slots: SlotRecord[]; files?: string[]; summary?: string }
export interface JobResult { outputs: OutputRecord[]; statistics: Record<string, number>; wall_s: number; cpu_s: number; peak_memory_bytes: number; resolved_params: Record<string, unknown>; version: string }
export interface JobRecord { id: string; project: string; workspace: string; job_type: string; title?: string; description?: string; params: Record<string, unknown>; inputs: Record<string, InputRef[]>; status: JobStatus; failure?: Failure | null; lane?: string | null; attempt?: number; created_ms: number; queued_ms?: number | null; started_ms?: number | null; finished_ms?: number | null; created_by?: string; result?: JobResult | null }
export type JobInfo = JobRecord & { waiting_for?: string | null; progress?: Progress | null; display_title: string; has_checkpoint?: boolean };
export interface InputSpec { name: string; title: string; help: string; kind: DataKind; min: number; max: number; slots: string[] }
export interface OutputSpec { name: string; title: string; help: string; kind: DataKind; slots: string[]; passthrough?: string | null; count_param?: string | null }
export type ParamKind =
  | { type: "integer"; min?: number | null; max?: number | null }
  | { type: "number"; min?: number | null; max?: number | null; exclusive_min?: boolean }
  | { type: "boolean" } | { type: "text" } | { type: "path" } | { type: "choice"; options: string[] } | { type: "symmetry" };
export type ParamSpec = ParamKind & { name: string; title: string; help: string; unit: string; default: unknown; required: boolean; advanced: boolean; section: string };
export interface JobSpec { name: string; title: string; summary: string; category: string; manual: string; inputs: InputSpec[]; outputs: OutputSpec[]; params: ParamSpec[] }
export interface Problem { field: string; message: string; hint: string }
export interface WorkspaceRecord { id: string; title: string; description?: string; created_ms: number }
export interface ProjectRecord { id: string; title: string; description?: string; created_ms: number; owner?: string; workspaces: WorkspaceRecord[]; next_job: number }
export type ProjectInfo = ProjectRecord & { path: string; unavailable?: string | null; jobs: Record<string, number>; updated_ms: number };
export interface UserInfo { id: string; email: string; name: string; admin: boolean; created_ms: number }
export interface Me { user: UserInfo; via: "session" | "token" }
export interface TokenInfo { id: number; name: string; created_ms: number; last_used_ms?: number | null; expires_ms?: number | null }
export interface LaneInfo { name: string; kind: "local" | "worker"; host: string; cores: number; memory_bytes: number; connected: boolean; last_seen_ms: number; running: { project: string; job: string }[]; queued: number }
export interface FileEntry { path: string; size: number; modified_ms: number }
export interface BrowsePage { path: string; parent?: string | null; roots: string[]; entries: { name: string; path: string; directory: boolean; size: number; modified_ms: number }[]; truncated: boolean }
export interface ApiError { kind: string; message: string; hint?: string; problems?: Problem[] }
export type ServerEvent =
  | { type: "resync" }
  | { type: "project"; project: ProjectInfo }
  | { type: "project_gone"; project: string }
  | { type: "job"; job: JobInfo }
  | { type: "job_gone"; project: string; job: string }
  | { type: "log"; project: string; job: string; events: Event[] }
  | { type: "lanes" };
