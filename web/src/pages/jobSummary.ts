/** The one number that tells most about a job, for cards and lists. */
import { formatStatistic, splitUnit } from "../api/format";
import type { JobInfo } from "../api/model";
import { formatValue } from "../plot/scale";

const FIRST = ["resolution_angstrom", "fsc_143_resolution_angstrom", "map_resolution_angstrom"];

/** Its name and its value with the unit; null for a job without results. */
export function keyStatistic(job: JobInfo): { name: string; text: string; value: string } | null {
  const result = job.result;
  if (!result) return null;
  for (const name of FIRST) {
    const value = result.statistics[name];
    if (value !== undefined) {
      const text = formatStatistic(name, value);
      return { name: splitUnit(name).words, text, value: text };
    }
  }
  const output = result.outputs[0];
  if (!output) return null;
  if (output.kind === "particle") return { name: output.title, text: `${formatValue(output.count)} particles`, value: formatValue(output.count) };
  return { name: output.title, text: output.summary || output.title, value: output.summary ?? "" };
}

/** Whether a job's text matches what was typed into the filter. */
export function matches(job: JobInfo, filter: string): boolean {
  const wanted = filter.trim().toLowerCase();
  if (!wanted) return true;
  return [job.id, job.display_title, job.job_type, job.status, job.description ?? ""].some((text) => text.toLowerCase().includes(wanted));
}
