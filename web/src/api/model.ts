/** Short names for the API's types, which are generated into schema.d.ts from openapi.json (`npm run generate`). */
import type { components } from "./schema";

type S = components["schemas"];

export type ApiError = S["ApiError"];
export type Axis = S["Axis"];
export type BrowsePage = S["BrowsePage"];
export type Curve = S["Curve"];
export type DataKind = S["DataKind"];
export type Event = S["Event"];
export type Failure = S["Failure"];
export type FailureKind = S["FailureKind"];
export type Figure = S["Figure"];
export type FigureData = S["FigureData"];
export type FileEntry = S["FileEntry"];
export type GreyImage = S["GreyImage"];
export type Guide = S["Guide"];
export type InputRef = S["InputRef"];
export type InputSpec = S["InputSpec"];
export type JobInfo = S["JobInfo"];
export type JobResult = S["JobResult"];
export type JobSpec = Omit<S["JobSpec"], "params"> & { params: ParamSpec[] };
export type JobStatus = S["JobStatus"];
export type LaneInfo = S["LaneInfo"];
export type Level = S["Level"];
export type Me = S["Me"];
export type OutputRecord = S["OutputRecord"];
export type OutputSpec = S["OutputSpec"];
/** The document calls the default an object; it is any JSON value. */
export type ParamSpec = S["ParamKind"] & Omit<S["ParamSpec"], "default" | "type"> & { default: unknown };
export type Problem = S["Problem"];
export type Progress = S["Progress"];
export type ProjectInfo = S["ProjectInfo"];
export type ServerEvent = S["ServerEvent"];
export type TokenInfo = S["TokenInfo"];
export type UserInfo = S["UserInfo"];
