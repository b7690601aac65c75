import createClient from "openapi-fetch";
import type { ApiError, Problem } from "./model";
import type { paths } from "./schema";

/** The typed client; the session cookie goes with every request. */
export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });

/** A request that failed: what happened and what to do, from the server or from the network. */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string,
    readonly problems: Problem[] = [],
  ) {
    super(message);
  }
}

function isApiError(body: unknown): body is ApiError {
  return typeof body === "object" && body !== null && typeof (body as ApiError).message === "string";
}

/** An ApiFailure from an answer that is not a success. */
export function failure(status: number, body: unknown): ApiFailure {
  if (isApiError(body)) return new ApiFailure(status, body.message, body.hint ?? "", body.problems ?? []);
  return new ApiFailure(status, `the server answered with status ${status}`, "Look at the server's log.");
}

/** The data of a successful answer; anything else is thrown as an ApiFailure. */
export async function ok<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer: Awaited<typeof request>;
  try {
    answer = await request;
  } catch {
    throw new ApiFailure(0, "the server cannot be reached", "Check that `nilas server` runs and that the network is up.");
  }
  if (!answer.response.ok) throw failure(answer.response.status, answer.error);
  return answer.data as T;
}

/** Address of a file of a job, for downloads and the viewer. */
export function fileUrl(project: string, job: string, path: string): string {
  return `/api/v1/projects/${project}/jobs/${job}/files/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** Address of a map, binned by the server to at most `maxBox` voxels a side. */
export function volumeUrl(project: string, job: string, file: string, maxBox: number): string {
  return `/api/v1/projects/${project}/jobs/${job}/volume?file=${encodeURIComponent(file)}&max_box=${maxBox}`;
}
