/** Parameters of the form: text to value and back, ranges in words. Pure; the server checks everything again. */
import type { JobInfo, JobSpec, OutputRecord, OutputSpec, ParamSpec } from "../api/model";
import { formatValue } from "../plot/scale";
import type { DataKind, InputRef, InputSpec } from "../api/model";

/** What a field's text means: `value` undefined is "not set", so the default holds. */
export interface Parsed {
  value: unknown;
  error: string | null;
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

/** Reads the text of a field. Text that is no number stays text in the draft, so that nothing typed is lost. */
export function parseParam(spec: ParamSpec, text: string): Parsed {
  const trimmed = text.trim();
  if (trimmed === "") return { value: undefined, error: spec.required && spec.default === null ? "A value is needed." : null };
  if (spec.type === "integer" || spec.type === "number") {
    const plain = trimmed.replace("−", "-").replace(/^([-+]?\d*),(\d+)$/, "$1.$2");
    if (!NUMBER.test(plain)) return { value: trimmed, error: `“${trimmed}” is not a number.` };
    const value = Number(plain);
    if (!Number.isFinite(value)) return { value: trimmed, error: `“${trimmed}” is too large.` };
    if (spec.type === "integer" && !Number.isInteger(value)) return { value, error: "A whole number is needed." };
    return { value, error: rangeError(spec, value) };
  }
  return { value: trimmed, error: null };
}

function rangeError(spec: ParamSpec, value: number): string | null {
  if (spec.type !== "integer" && spec.type !== "number") return null;
  const unit = spec.unit ? ` ${spec.unit}` : "";
  const exclusive = spec.type === "number" && spec.exclusive_min;
  if (spec.min !== null && spec.min !== undefined && (value < spec.min || (exclusive && value === spec.min))) {
    return exclusive ? `Must be greater than ${spec.min}${unit}.` : `Must be at least ${spec.min}${unit}.`;
  }
  if (spec.max !== null && spec.max !== undefined && value > spec.max) return `Must be at most ${spec.max}${unit}.`;
  return null;
}

/** The allowed range in words, empty when there is none. */
export function rangeText(spec: ParamSpec): string {
  if (spec.type !== "integer" && spec.type !== "number") return "";
  const lo = spec.min ?? null;
  const hi = spec.max ?? null;
  const exclusive = spec.type === "number" && spec.exclusive_min;
  const unit = spec.unit ? ` ${spec.unit}` : "";
  if (lo !== null && hi !== null) return `${exclusive ? "above " : ""}${plain(lo)} to ${plain(hi)}${unit}`;
  if (lo !== null) return `${exclusive ? "above" : "at least"} ${plain(lo)}${unit}`;
  if (hi !== null) return `at most ${plain(hi)}${unit}`;
  return "";
}

function plain(value: number): string {
  return Math.abs(value) >= 10_000 ? formatValue(value) : String(value);
}

/** A value as text of a field. */
export function paramText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What holds when the field is left empty. */
export function defaultText(spec: ParamSpec): string {
  if (spec.default === null || spec.default === undefined) return spec.required ? "" : "automatic";
  return paramText(spec.default);
}

/** The parameters without those that equal their default. */
export function onlyChanged(spec: JobSpec, params: Record<string, unknown>): Record<string, unknown> {
  const defaults = new Map(spec.params.map((p) => [p.name, p.default]));
  return Object.fromEntries(Object.entries(params).filter(([name, value]) => value !== undefined && value !== defaults.get(name)));
}

/** Params of a form in the order of their sections. */
export function bySection(params: readonly ParamSpec[]): [section: string, params: ParamSpec[]][] {
  const sections = new Map<string, ParamSpec[]>();
  for (const param of params) sections.set(param.section, [...(sections.get(param.section) ?? []), param]);
  return [...sections];
}

/** An output that an input could take. */
export interface Candidate {
  ref: InputRef;
  job: JobInfo;
  title: string;
  summary: string;
  ready: boolean;
}

/** Names of the outputs that a job will have, before it has them. */
export function plannedOutputs(spec: JobSpec, params: Record<string, unknown>): { name: string; output: OutputSpec }[] {
  return spec.outputs.flatMap((output) => {
    const param = output.count_param ? spec.params.find((p) => p.name === output.count_param) : undefined;
    const n = param ? Number(params[param.name] ?? param.default) : 1;
    if (!Number.isInteger(n) || n <= 1 || n > 1000) return [{ name: output.name, output }];
    return Array.from({ length: n }, (_, i) => ({ name: `${output.name}_${i}`, output }));
  });
}

/** Outputs of the project's other jobs of the wanted kind, newest job first; jobs that use this one are left out. */
export function candidates(input: InputSpec, self: JobInfo, jobs: readonly JobInfo[], types: readonly JobSpec[]): Candidate[] {
  const found: Candidate[] = [];
  const later = descendants(self.id, jobs);
  const newestFirst = [...jobs].sort((a, b) => Number(b.id.slice(1)) - Number(a.id.slice(1)));
  for (const job of newestFirst) {
    if (job.id === self.id || later.has(job.id)) continue;
    if (job.result) {
      for (const output of job.result.outputs) {
        if (fits(input, output.kind, output.slots.map((s) => s.name))) {
          found.push({ ref: { job: job.id, output: output.name }, job, title: output.title || output.name, summary: output.summary ?? "", ready: true });
        }
      }
      continue;
    }
    const spec = types.find((t) => t.name === job.job_type);
    if (!spec) continue;
    for (const { name, output } of plannedOutputs(spec, job.params)) {
      if (output.kind === input.kind) found.push({ ref: { job: job.id, output: name }, job, title: output.title, summary: "not there yet", ready: false });
    }
  }
  return found;
}

function fits(input: InputSpec, kind: DataKind, slots: string[]): boolean {
  return kind === input.kind && input.slots.every((slot) => slots.includes(slot));
}

function descendants(id: string, jobs: readonly JobInfo[]): Set<string> {
  const found = new Set<string>();
  const queue = [id];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const job of jobs) {
      if (!found.has(job.id) && Object.values(job.inputs).some((refs) => refs.some((ref) => ref.job === at))) {
        found.add(job.id);
        queue.push(job.id);
      }
    }
  }
  return found;
}

/** Job types that can use these outputs of a job, each with the connections that can be made: the next steps. */
export function nextSteps(job: string, outputs: readonly OutputRecord[], types: readonly JobSpec[]): { type: JobSpec; inputs: Record<string, InputRef[]> }[] {
  return types.flatMap((type) => {
    const inputs: Record<string, InputRef[]> = {};
    for (const input of type.inputs) {
      // a mask is a choice, not a matter of course
      if (input.min === 0 && input.kind === "mask") continue;
      const output = outputs.find((o) => fits(input, o.kind, o.slots.map((s) => s.name)));
      if (output) inputs[input.name] = [{ job, output: output.name }];
    }
    return Object.keys(inputs).length > 0 ? [{ type, inputs }] : [];
  });
}
