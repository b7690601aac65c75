/** What the overview of a job is made of, from its event log. Pure. */
import type { Event } from "../api/model";

type FigureEvent = Extract<Event, { kind: "figure" }>;

/** The same figure at several steps (`fsc_001`, `fsc_002`, ...), or one without a step. */
export interface FigureGroup {
  key: string;
  /** In the order of their steps. */
  items: { id: string; title: string; step: number | null; seq: number }[];
}

/** Groups the figures of a log; a figure that was written again counts with its last version. */
export function figureGroups(events: readonly Event[]): FigureGroup[] {
  const groups = new Map<string, Map<string, FigureGroup["items"][number]>>();
  for (const event of events) {
    if (event.kind !== "figure") continue;
    const key = groupKey(event);
    const group = groups.get(key) ?? new Map();
    group.set(event.id, { id: event.id, title: event.title, step: event.step ?? null, seq: event.seq });
    groups.set(key, group);
  }
  for (const [key, items] of groups) {
    // beside `fsc_001`, `fsc_002` ... a plain `fsc` is that of the finished job, whatever step it names
    const plain = items.get(key);
    if (plain && items.size > 1) items.set(key, { ...plain, step: null });
  }
  // the version of the finished job, without a step, comes after all steps
  return [...groups].map(([key, items]) => ({ key, items: [...items.values()].sort((a, b) => (a.step ?? Infinity) - (b.step ?? Infinity) || a.seq - b.seq) }));
}

/** A padded number at the end is the step, as in `fsc_012`; any other belongs to the name, as in `slices_1` of class 1. */
function groupKey(event: FigureEvent): string {
  const match = /^(.+?)_?(\d{2,})$/.exec(event.id);
  return match?.[1] && event.step !== null && event.step !== undefined && Number(match[2]) === event.step ? match[1] : event.id;
}

/**
 * The figures of a finished job in two parts: its results, which were written after the last iteration had reported its
 * numbers, and the course of the work.
 */
export function arrange(groups: readonly FigureGroup[], events: readonly Event[]): { results: FigureGroup[]; course: FigureGroup[] } {
  let last = 0;
  for (const event of events) if (event.kind === "statistic" && event.step !== null && event.step !== undefined) last = event.seq;
  const newest = (group: FigureGroup) => Math.max(...group.items.map((item) => item.seq));
  const results = groups.filter((group) => newest(group) > last).sort((a, b) => newest(a) - newest(b));
  return { results, course: groups.filter((group) => newest(group) <= last) };
}

/** All steps that have a figure, ascending. */
export function steps(groups: readonly FigureGroup[]): number[] {
  return [...new Set(groups.flatMap((g) => g.items.map((i) => i.step)).filter((s): s is number => s !== null))].sort((a, b) => a - b);
}

/** Whether a group over steps ends with a figure of the finished job. */
export function hasFinal(groups: readonly FigureGroup[]): boolean {
  return groups.some((group) => group.items.length > 1 && group.items.at(-1)?.step === null);
}

/** The figure of a group that belongs to a step: the last one not after it. Null step means the newest. */
export function figureAt(group: FigureGroup, step: number | null): FigureGroup["items"][number] | null {
  if (step === null) return group.items.at(-1) ?? null;
  const stepped = group.items.filter((item) => item.step !== null);
  if (stepped.length === 0) return group.items.at(-1) ?? null;
  return stepped.findLast((item) => item.step !== null && item.step <= step) ?? null;
}

/** The statistics of a log up to a step, each with its last value, in the order of their first mention. */
export function statisticsAt(events: readonly Event[], step: number | null): Map<string, number> {
  const found = new Map<string, number>();
  for (const event of events) {
    if (event.kind !== "statistic") continue;
    if (step === null || event.step === null || event.step === undefined || event.step <= step) found.set(event.name, event.value);
  }
  return found;
}

/** Values of a statistic by step, for a small trace. */
export function trace(events: readonly Event[], name: string): { step: number; value: number }[] {
  const found = new Map<number, number>();
  for (const event of events) if (event.kind === "statistic" && event.name === name && event.step !== null && event.step !== undefined) found.set(event.step, event.value);
  return [...found].map(([step, value]) => ({ step, value })).sort((a, b) => a.step - b.step);
}
