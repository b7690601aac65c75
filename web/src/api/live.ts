/** Live events: one stream a tab, whose messages are written into the query cache. */
import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import type { Event, JobInfo, ProjectInfo, ServerEvent } from "./model";
import { keys, queryClient } from "./queries";

type State = "connecting" | "live" | "lost";
let state: State = "connecting";
const listeners = new Set<() => void>();

function setState(next: State): void {
  if (next === state) return;
  state = next;
  for (const listener of listeners) listener();
}

/** Whether the stream of live events stands. */
export function useLiveState(): State {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

/** Keeps the stream open while the component is on the page. */
export function useLiveEvents(): void {
  useEffect(() => {
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let wait = 1000;
    const open = () => {
      source = new EventSource("/api/v1/events");
      source.onopen = () => {
        wait = 1000;
        setState("live");
      };
      source.onmessage = (message) => {
        try {
          apply(queryClient, JSON.parse(message.data as string) as ServerEvent);
        } catch {
          void queryClient.invalidateQueries();
        }
      };
      source.onerror = () => {
        setState("lost");
        // the browser itself gives up after some errors: close and try again, ever more slowly
        source?.close();
        timer = setTimeout(open, wait);
        wait = Math.min(15_000, wait * 2);
        // a session that ended shows the log-in page
        void queryClient.invalidateQueries({ queryKey: keys.me });
      };
    };
    open();
    return () => {
      clearTimeout(timer);
      source?.close();
      setState("connecting");
    };
  }, []);
}

function upsert<T extends { id: string }>(list: T[] | undefined, item: T): T[] | undefined {
  if (!list) return list;
  const at = list.findIndex((one) => one.id === item.id);
  if (at < 0) return [...list, item];
  const next = list.slice();
  next[at] = item;
  return next;
}

/** Writes one message into the cache. */
export function apply(cache: QueryClient, event: ServerEvent): void {
  switch (event.type) {
    case "resync":
      // job types and figures do not change under a running page
      void cache.invalidateQueries({ predicate: (q) => q.queryKey[0] !== "job-types" && q.queryKey[0] !== "figure" });
      return;
    case "project":
      cache.setQueryData<ProjectInfo[]>(keys.projects, (list) => upsert(list, event.project));
      cache.setQueryData(keys.project(event.project.id), event.project);
      return;
    case "project_gone":
      cache.setQueryData<ProjectInfo[]>(keys.projects, (list) => list?.filter((one) => one.id !== event.project));
      return;
    case "job": {
      const { job } = event;
      const before = cache.getQueryData<JobInfo[]>(keys.jobs(job.project))?.find((one) => one.id === job.id);
      cache.setQueryData<JobInfo[]>(keys.jobs(job.project), (list) => upsert(list, job));
      // a cleared job begins a new log; a finished one has new files
      if (job.status === "building" && before && before.status !== "building") cache.removeQueries({ queryKey: keys.events(job.project, job.id) });
      if (before && before.status !== job.status) void cache.invalidateQueries({ queryKey: keys.files(job.project, job.id) });
      return;
    }
    case "job_gone":
      cache.setQueryData<JobInfo[]>(keys.jobs(event.project), (list) => list?.filter((one) => one.id !== event.job));
      return;
    case "log": {
      const key = keys.events(event.project, event.job);
      const known = cache.getQueryData<Event[]>(key);
      if (!known) return;
      const joined = appendEvents(known, event.events);
      if (joined) cache.setQueryData(key, joined);
      else void cache.invalidateQueries({ queryKey: key });
      return;
    }
    case "lanes":
      void cache.invalidateQueries({ queryKey: keys.lanes });
  }
}

/** The log with new lines at its end; null when lines are missing between and the log must be read again. */
export function appendEvents(known: Event[], added: Event[]): Event[] | null {
  const first = added[0];
  if (!first) return known;
  if (first.seq === 1) return added.slice();
  const last = known.at(-1)?.seq ?? 0;
  if (first.seq > last + 1) return null;
  return [...known, ...added.filter((e) => e.seq > last)];
}
