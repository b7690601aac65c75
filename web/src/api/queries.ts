/** What the app reads from the server, as react-query hooks, and the keys under which it is kept. */
import { QueryClient, useQuery } from "@tanstack/react-query";
import { api, ApiFailure, ok } from "./client";
import type { Event, JobInfo, ProjectInfo } from "./model";

/** Cache keys. Live events write to the same keys (api/live.ts). */
export const keys = {
  me: ["me"] as const,
  projects: ["projects"] as const,
  project: (p: string) => ["project", p] as const,
  jobs: (p: string) => ["jobs", p] as const,
  jobTypes: ["job-types"] as const,
  events: (p: string, j: string) => ["events", p, j] as const,
  figure: (p: string, j: string, id: string, version: number) => ["figure", p, j, id, version] as const,
  files: (p: string, j: string) => ["files", p, j] as const,
  log: (p: string, j: string) => ["log", p, j] as const,
  lanes: ["lanes"] as const,
  tokens: ["tokens"] as const,
  users: ["users"] as const,
  browse: (path: string) => ["browse", path] as const,
};

/** The cache of one browser tab. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // live events keep the data fresh; a lost stream ends in a full refetch
      staleTime: 60_000,
      retry: (failures, error) => failures < 2 && error instanceof ApiFailure && (error.status === 0 || error.status >= 500),
      refetchOnWindowFocus: false,
    },
  },
});

/** The account of this session, or null when there is none. */
export function useMe() {
  return useQuery({
    queryKey: keys.me,
    queryFn: async () => {
      try {
        return await ok(api.GET("/api/v1/auth/me"));
      } catch (error) {
        if (error instanceof ApiFailure && error.status === 401) return null;
        throw error;
      }
    },
  });
}

/** All projects. */
export function useProjects() {
  return useQuery({ queryKey: keys.projects, queryFn: () => ok(api.GET("/api/v1/projects")) });
}

/** One project. */
export function useProject(p: string) {
  return useQuery({
    queryKey: keys.project(p),
    queryFn: () => ok(api.GET("/api/v1/projects/{p}", { params: { path: { p } } })),
    initialData: () => queryClient.getQueryData<ProjectInfo[]>(keys.projects)?.find((one) => one.id === p),
    initialDataUpdatedAt: 0,
  });
}

/** All jobs of a project. */
export function useJobs(p: string) {
  return useQuery({ queryKey: keys.jobs(p), queryFn: () => ok(api.GET("/api/v1/projects/{p}/jobs", { params: { path: { p } } })) });
}

/** One job, from the list of its project. Undefined while loading, null when there is none. */
export function useJob(p: string, j: string): { job: JobInfo | null | undefined; error: Error | null } {
  const jobs = useJobs(p);
  return { job: jobs.data ? (jobs.data.find((job) => job.id === j) ?? null) : undefined, error: jobs.error };
}

/** All job types of the server. */
export function useJobTypes() {
  return useQuery({ queryKey: keys.jobTypes, queryFn: () => ok(api.GET("/api/v1/job-types")), staleTime: Infinity });
}

/** The event log of a job from its beginning; live events are appended to it. */
export function useEvents(p: string, j: string, enabled = true) {
  return useQuery({
    queryKey: keys.events(p, j),
    enabled,
    queryFn: async () => {
      const events: Event[] = [];
      for (;;) {
        const after = events.at(-1)?.seq ?? 0;
        const page = await ok(api.GET("/api/v1/projects/{p}/jobs/{j}/events", { params: { path: { p, j }, query: { after } } }));
        events.push(...page.events);
        if (!page.more || page.events.length === 0) return events;
      }
    },
  });
}

/** A figure; `version` is the number of the event that announced it, so that a rewritten figure is read again. */
export function useFigure(p: string, j: string, id: string, version: number) {
  return useQuery({
    queryKey: keys.figure(p, j, id, version),
    queryFn: () => ok(api.GET("/api/v1/projects/{p}/jobs/{j}/figures/{id}", { params: { path: { p, j, id } } })),
    staleTime: Infinity,
    gcTime: 120_000,
    // the figure of the step before stays on the page until the next one is there
    placeholderData: (previous) => previous,
  });
}

/** Files of a job. */
export function useFiles(p: string, j: string) {
  return useQuery({ queryKey: keys.files(p, j), staleTime: 5_000, queryFn: () => ok(api.GET("/api/v1/projects/{p}/jobs/{j}/files", { params: { path: { p, j } } })) });
}

/** The end of the output of a job's process. */
export function useLog(p: string, j: string, live: boolean) {
  return useQuery({
    queryKey: keys.log(p, j),
    staleTime: 0,
    refetchInterval: live ? 3_000 : false,
    queryFn: () => ok(api.GET("/api/v1/projects/{p}/jobs/{j}/log", { params: { path: { p, j } } })),
  });
}

/** Lanes with their load. */
export function useLanes() {
  return useQuery({ queryKey: keys.lanes, queryFn: () => ok(api.GET("/api/v1/lanes")), staleTime: 5_000 });
}

/** API tokens of the account. */
export function useTokens() {
  return useQuery({ queryKey: keys.tokens, queryFn: () => ok(api.GET("/api/v1/tokens")), staleTime: 0 });
}

/** Accounts. */
export function useUsers() {
  return useQuery({ queryKey: keys.users, queryFn: () => ok(api.GET("/api/v1/users")), staleTime: 0 });
}

/** A directory of the server's machine. */
export function useBrowse(path: string, enabled: boolean) {
  return useQuery({ queryKey: keys.browse(path), enabled, staleTime: 5_000, queryFn: () => ok(api.GET("/api/v1/browse", { params: { query: { path } } })) });
}
