/** @generated from openapi.json by `npm run generate`. */

export interface paths {
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with e-mail and password; the answer sets the session cookie. */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign out: ends the session and removes the cookie. */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the caller is. */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change one's own password; all other sessions end. */
        post: operations["change_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/browse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A directory of the server's machine, below one of the configured roots. */
        get: operations["browse"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Changes of projects and jobs and new lines of event logs, as server-sent events: each `data:` line is a `ServerEvent`.
         *     The stream ends when the session or token that opened it does.
         */
        get: operations["live_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the server works; needs no login. */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/job-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What job types there are, with inputs, outputs and parameters. */
        get: operations["list_job_types"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lanes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The lanes with what runs on them. */
        get: operations["list_lanes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document; needs no login. */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All projects. */
        get: operations["list_projects"];
        put?: never;
        /** Make a project with one workspace. */
        post: operations["create_project"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/attach": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take in an existing project directory, rebuilding everything from its files. */
        post: operations["attach_project"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One project. */
        get: operations["get_project"];
        put?: never;
        post?: never;
        /**
         * Detach a project: the server forgets it. No file is ever deleted: the directory stays as it is, and
         *     `POST /projects/attach` brings the project back.
         */
        delete: operations["detach_project"];
        options?: never;
        head?: never;
        /** Change title or description of a project. */
        patch: operations["patch_project"];
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The jobs of a project, by number. */
        get: operations["list_jobs"];
        put?: never;
        /** Make a job in the state `building`. Wrong parameters are allowed in a draft; only an unknown type is refused. */
        post: operations["create_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One job. */
        get: operations["get_job"];
        put?: never;
        post?: never;
        /** Delete a job with its directory. Refused while it runs or while other jobs use its outputs. */
        delete: operations["delete_job"];
        options?: never;
        head?: never;
        /** Change title, description or workspace; parameters and inputs too while the job is building. */
        patch: operations["patch_job"];
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report all problems of the parameters and inputs without queueing. */
        post: operations["check_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/clear": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Remove results, checkpoint and event log of a job that doesn't run; it is building again. */
        post: operations["clear_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/clone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a new job, building, with the same parameters and inputs. */
        post: operations["clone_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The event log of a job. */
        get: operations["list_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/figures/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A figure of a job, as data. */
        get: operations["get_figure"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The files of a job. */
        get: operations["list_files"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Download a file of a job. `Range: bytes=a-b` is understood. */
        get: operations["get_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/kill": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop a queued or running job. It keeps its checkpoint, if it has one. */
        post: operations["kill_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The output of the job process, at most 256 KiB at once. */
        get: operations["get_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Queue a job. Answers 422 with all problems at once when parameters or inputs are wrong. */
        post: operations["queue_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Queue a failed or killed job again; it goes on from its checkpoint if it has one. */
        post: operations["restart_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/jobs/{j}/volume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A map as MRC (mode 2), averaged over blocks of voxels so that no edge exceeds `max_box`. */
        get: operations["get_volume"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{p}/workspaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The workspaces of a project. */
        get: operations["list_workspaces"];
        put?: never;
        /** Make a workspace. */
        post: operations["create_workspace"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The caller's tokens, without their secrets. */
        get: operations["list_tokens"];
        put?: never;
        /** Make a token; its secret is told this once. */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a token. */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All accounts. */
        get: operations["list_users"];
        put?: never;
        /** Make an account (administrators only). */
        post: operations["create_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{u}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove an account with its sessions and tokens (administrators only). Projects and jobs that it made stay. Refused
         *     for the last administrator and for one's own account.
         */
        delete: operations["delete_user"];
        options?: never;
        head?: never;
        /**
         * Change an account: its name (everybody their own), its role, or whether it may be used (administrators). Disabling
         *     ends its sessions and tokens at once. Refused for the last administrator.
         */
        patch: operations["patch_user"];
        trace?: never;
    };
    "/api/v1/users/{u}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set the password of somebody else (administrators only); all sessions of that account end. */
        post: operations["reset_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/version": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The server's version; needs no login. */
        get: operations["version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A worker says hello and becomes a lane (needs a token of an administrator). */
        post: operations["hello_worker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{name}/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A worker says what it has and hears what it should have. */
        post: operations["sync_worker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Body of every answer that is not a success. */
        ApiError: {
            /** @description What to do next. */
            hint?: string;
            /** @description What went wrong. */
            kind: components["schemas"]["ErrorKind"];
            /** @description One sentence: what and where. */
            message: string;
            /** @description All problems of a job's parameters and inputs, each with its field. */
            problems?: components["schemas"]["Problem"][];
        };
        /** @description `POST /projects/attach`. */
        AttachProject: {
            /** @description An existing project directory. */
            path: string;
        };
        /** @description Answer to `POST /projects/attach`. */
        AttachReport: {
            /**
             * Format: int64
             * @description Jobs that were read.
             */
            jobs: number;
            /** @description The project, with the id that it has on this server. */
            project: components["schemas"]["ProjectInfo"];
            /** @description Directories that look like jobs but could not be read, with the reason. */
            warnings: string[];
        };
        /** @description An axis of a figure. */
        Axis: {
            /** @description Label with unit, for example `spatial frequency (1/Å)`. */
            label: string;
            /** @description Logarithmic axis. */
            log?: boolean;
            /**
             * Format: double
             * @description Fixed upper end, else from the data.
             */
            max?: number | null;
            /**
             * Format: double
             * @description Fixed lower end, else from the data.
             */
            min?: number | null;
            /** @description The axis holds 1/Å and ticks are labelled with the resolution in Å as well. */
            reciprocal_angstrom?: boolean;
        };
        /** @description One entry of a directory. */
        BrowseEntry: {
            /** @description It is a directory. */
            directory: boolean;
            /**
             * Format: int64
             * @description Milliseconds since the Unix epoch.
             */
            modified_ms: number;
            /** @description Name. */
            name: string;
            /** @description Absolute path. */
            path: string;
            /**
             * Format: int64
             * @description Bytes; 0 for a directory.
             */
            size: number;
        };
        /** @description `GET /browse`: a directory of the server's machine. */
        BrowsePage: {
            /** @description Directories first, then files, each sorted by name. Hidden files are left out. */
            entries: components["schemas"]["BrowseEntry"][];
            /** @description The directory above; absent at a root. */
            parent?: string | null;
            /** @description Absolute path of the directory; empty for the list of roots. */
            path: string;
            /** @description The directories below which browsing is allowed. */
            roots: string[];
            /** @description There were more than the listing holds. */
            truncated: boolean;
        };
        /** @description Answer of `POST .../check`: all problems that queueing would report. */
        CheckReport: {
            /** @description The problems; none when the job can be queued. */
            problems: components["schemas"]["Problem"][];
        };
        /** @description `POST .../clone`. */
        CloneJob: {
            /** @description Title of the copy; that of the original if absent. */
            title?: string | null;
            workspace?: components["schemas"]["WorkspaceId"] | null;
        };
        /** @description Answer to `POST /tokens`. */
        CreatedToken: {
            /** @description The token's description. */
            info: components["schemas"]["TokenInfo"];
            /** @description The secret for `Authorization: Bearer ...`, shown this once. */
            token: string;
        };
        /** @description Answer to `POST /users` and `POST /users/{u}/password`. */
        CreatedUser: {
            /** @description The password that the server made, shown this once; absent when one was given. */
            password?: string | null;
            /** @description The account. */
            user: components["schemas"]["UserInfo"];
        };
        /** @description One curve of a figure. */
        Curve: {
            /** @description Drawn dashed. */
            dashed?: boolean;
            /** @description Legend entry. */
            name: string;
            /** @description Abscissae. */
            x: number[];
            /** @description Ordinates, as many as `x`. */
            y: number[];
        };
        /**
         * @description The kind of data in an input or output group.
         * @enum {string}
         */
        DataKind: "particle" | "volume" | "mask" | "exposure";
        /**
         * @description What went wrong; decides the HTTP status.
         * @enum {string}
         */
        ErrorKind: "bad_request" | "unauthorized" | "forbidden" | "not_found" | "conflict" | "invalid" | "too_many" | "internal" | "unavailable";
        /** @description One line of a job's event log. */
        Event: components["schemas"]["EventKind"] & {
            /**
             * Format: int64
             * @description Running number within the job, from 1, without gaps.
             */
            seq: number;
            /**
             * Format: int64
             * @description Milliseconds since the Unix epoch.
             */
            time_ms: number;
        };
        /** @description What an event says. */
        EventKind: {
            /** @enum {string} */
            kind: "text";
            /** @description How serious it is. */
            level: components["schemas"]["Level"];
            /** @description One sentence, units included. */
            message: string;
        } | (components["schemas"]["Progress"] & {
            /** @enum {string} */
            kind: "progress";
        }) | {
            /** @description File stem and anchor, for example `fsc_012`. */
            id: string;
            /** @enum {string} */
            kind: "figure";
            /**
             * Format: int64
             * @description Step that it belongs to, for example the iteration number.
             */
            step?: number | null;
            /** @description Caption. */
            title: string;
        } | {
            /** @enum {string} */
            kind: "statistic";
            /** @description Field name with its unit as suffix. */
            name: string;
            /**
             * Format: int64
             * @description Step that it belongs to, for example the iteration number.
             */
            step?: number | null;
            /**
             * Format: double
             * @description The value.
             */
            value: number;
        } | {
            /** @enum {string} */
            kind: "checkpoint";
            /** @description What a resumed job would do next. */
            message: string;
        } | {
            /**
             * Format: int32
             * @description 1 for the first try.
             */
            attempt: number;
            /** @description Where it runs. */
            host: string;
            /** @enum {string} */
            kind: "started";
            /**
             * Format: int32
             * @description Process id there.
             */
            pid: number;
            /** @description True when it goes on from a checkpoint. */
            resumed: boolean;
        };
        /** @description `GET .../events?after=SEQ`. */
        EventsPage: {
            /** @description Events with a number above `after`, oldest first. */
            events: components["schemas"]["Event"][];
            /** @description There are more: ask again with `after` = the last number of this page. */
            more: boolean;
        };
        /** @description How a job process ended. */
        ExitReport: {
            /**
             * Format: int32
             * @description Exit code, if it ended by itself and the worker was its parent.
             */
            code?: number | null;
            /** @description The job's own last words (from `job.log`), for a process that died without a word in `failure.json`. */
            log_tail?: string;
            /** @description It could not be started: why. */
            not_started?: string | null;
            /** @description The kernel ended it because memory ran out. */
            out_of_memory?: boolean;
            /**
             * Format: int32
             * @description Signal that ended it.
             */
            signal?: number | null;
        };
        /** @description Why a job failed. */
        Failure: {
            /** @description `params.x` or `inputs.y` when one of them is to blame. */
            field?: string | null;
            /** @description What to do next. */
            hint: string;
            /** @description Whose fault it is. */
            kind: components["schemas"]["FailureKind"];
            /** @description What happened, with file, place and numbers. */
            message: string;
        };
        /**
         * @description Whose fault a failure is; decides whether it is tried again.
         * @enum {string}
         */
        FailureKind: "input" | "resource" | "host" | "cancelled" | "bug";
        /** @description A figure, stored as `figures/<id>.json` in the job directory. */
        Figure: {
            /** @description What to draw. */
            data: components["schemas"]["FigureData"];
            /** @description File stem: `[a-z0-9_]+`. */
            id: string;
            /** @description A sentence or two below the figure. */
            note?: string;
            /** @description Caption: what one sees and how to read it. */
            title: string;
        };
        /** @description What a figure shows. */
        FigureData: {
            /** @description The curves. */
            curves: components["schemas"]["Curve"][];
            /** @description Guide lines. */
            guides?: components["schemas"]["Guide"][];
            /** @enum {string} */
            type: "curves";
            /** @description Abscissa. */
            x: components["schemas"]["Axis"];
            /** @description Ordinate. */
            y: components["schemas"]["Axis"];
        } | {
            /** @description Items per bin. */
            counts: number[];
            /** @description Bin edges, one more than `counts`. */
            edges: number[];
            /** @description Guide lines. */
            guides?: components["schemas"]["Guide"][];
            /** @enum {string} */
            type: "histogram";
            /** @description Abscissa. */
            x: components["schemas"]["Axis"];
        } | {
            /**
             * Format: int32
             * @description Columns.
             */
            columns: number;
            /** @enum {string} */
            type: "heat_map";
            /** @description Label of the colour scale. */
            value_label: string;
            /** @description Row-major values, row 0 first. */
            values: number[];
            /** @description Abscissa; `min` and `max` give the extent. */
            x: components["schemas"]["Axis"];
            /** @description Ordinate; `min` and `max` give the extent. */
            y: components["schemas"]["Axis"];
        } | {
            /** @enum {string} */
            type: "scatter";
            /** @description Abscissa. */
            x: components["schemas"]["Axis"];
            /** @description Abscissae. */
            xs: number[];
            /** @description Ordinate. */
            y: components["schemas"]["Axis"];
            /** @description Ordinates. */
            ys: number[];
        } | {
            /** @description The images in reading order. */
            images: components["schemas"]["GreyImage"][];
            /**
             * Format: double
             * @description Ångström per pixel, for a scale bar.
             */
            pixel_size_angstrom?: number | null;
            /** @enum {string} */
            type: "montage";
        } | {
            /** @description Column headings with units. */
            columns: string[];
            /** @description Rows of as many cells. */
            rows: string[][];
            /** @enum {string} */
            type: "table";
        };
        /** @description A file below a job directory. */
        FileEntry: {
            /**
             * Format: int64
             * @description Milliseconds since the Unix epoch.
             */
            modified_ms: number;
            /** @description Path relative to the job directory, with `/`. */
            path: string;
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
        };
        /** @description `GET .../files`. */
        FileList: {
            /** @description The files, sorted by path. */
            files: components["schemas"]["FileEntry"][];
            /** @description There were more than the listing holds. */
            truncated: boolean;
        };
        /** @description A grey-scale image; values are scaled to bytes by the writer. */
        GreyImage: {
            /**
             * Format: double
             * @description Value of byte 0.
             */
            black: number;
            /**
             * Format: int32
             * @description Rows; row 0 is drawn at the bottom (MRC order).
             */
            height: number;
            /** @description Text below the image. */
            label?: string;
            /** @description Base64 (standard alphabet, padded) of `height * width` bytes, row 0 first. */
            pixels_base64: string;
            /**
             * Format: double
             * @description Value of byte 255.
             */
            white: number;
            /**
             * Format: int32
             * @description Columns.
             */
            width: number;
        };
        /** @description A horizontal or vertical guide line. */
        Guide: {
            /**
             * Format: double
             * @description Where.
             */
            at: number;
            /** @description `x` for a vertical line at that abscissa, `y` for a horizontal one. */
            axis: string;
            /** @description Label, for example `0.143`. */
            label: string;
        };
        /** @description `GET /health`. */
        Health: {
            /** @description What is wrong, one sentence each. */
            problems: string[];
            /** @description `ok`, or `degraded` with the reasons below. */
            status: string;
        };
        /** @description A connection: an output of another job of the same project. */
        InputRef: {
            /** @description The job that makes it. */
            job: components["schemas"]["JobId"];
            /** @description Name of its output. */
            output: string;
        };
        /** @description A named input of a job type. */
        InputSpec: {
            /** @description What it is used for. */
            help: string;
            /** @description What it takes. */
            kind: components["schemas"]["DataKind"];
            /**
             * Format: int32
             * @description Most connections; several are concatenated (particles) or used in order (volumes).
             */
            max: number;
            /**
             * Format: int32
             * @description Least number of connections (0 = optional).
             */
            min: number;
            /** @description Name, for example `particles`. */
            name: string;
            /** @description Slots (column prefixes) that must be there, for example `blob`, `ctf`. */
            slots: string[];
            /** @description Heading. */
            title: string;
        };
        JobId: string;
        /** @description A job with what the server knows beyond its record. */
        JobInfo: components["schemas"]["JobRecord"] & {
            /** @description Title to show: the record's, or that of the type. */
            display_title: string;
            /** @description The job has state from which a restart would go on. */
            has_checkpoint?: boolean;
            progress?: components["schemas"]["Progress"] | null;
            /** @description Why a queued job has not started, for the reader. */
            waiting_for?: string | null;
        };
        /** @description A job that a worker should run. */
        JobOrder: {
            /**
             * Format: int32
             * @description The try, from 1.
             */
            attempt: number;
            /**
             * Format: int32
             * @description Processor cores that it may use.
             */
            cores: number;
            /** @description Project directory on the shared file system. */
            directory: string;
            /** @description Job. */
            job: components["schemas"]["JobId"];
            /** @description Project id on the master. */
            project: components["schemas"]["ProjectId"];
        };
        /** @description `job.json`: what was asked for, and the state as the master knows it. */
        JobRecord: {
            /**
             * Format: int32
             * @description Number of the current or last try, from 1; 0 before the first.
             */
            attempt?: number;
            /** @description Who made it (e-mail). */
            created_by?: string;
            /**
             * Format: int64
             * @description Milliseconds since the Unix epoch.
             */
            created_ms: number;
            /** @description Free text. */
            description?: string;
            failure?: components["schemas"]["Failure"] | null;
            /**
             * Format: int64
             * @description When it ended last.
             */
            finished_ms?: number | null;
            /** @description Id within the project. */
            id: components["schemas"]["JobId"];
            /** @description Connections by input name. */
            inputs: {
                [key: string]: components["schemas"]["InputRef"][];
            };
            /** @description Type name, for example `refine_homogeneous`. */
            job_type: string;
            /** @description Lane that it was queued on. */
            lane?: string | null;
            /** @description The parameters that a person set; all others are the defaults. */
            params: Record<string, unknown>;
            /** @description The project. */
            project: components["schemas"]["ProjectId"];
            /**
             * Format: int64
             * @description When it was queued last.
             */
            queued_ms?: number | null;
            result?: components["schemas"]["JobResult"] | null;
            /**
             * Format: int64
             * @description When its process began last.
             */
            started_ms?: number | null;
            /** @description Where it is in its life. */
            status: components["schemas"]["JobStatus"];
            /** @description Title; empty shows the type's. */
            title?: string;
            /** @description Workspace that shows it. */
            workspace: components["schemas"]["WorkspaceId"];
        };
        /** @description `output/result.json`: written by the job process as part of the atomic step that makes it completed. */
        JobResult: {
            /**
             * Format: double
             * @description Processor seconds of the last attempt.
             */
            cpu_s: number;
            /** @description Outputs. */
            outputs: components["schemas"]["OutputRecord"][];
            /**
             * Format: int64
             * @description Peak resident memory of the last attempt, bytes.
             */
            peak_memory_bytes: number;
            /** @description Parameters with everything automatic resolved. */
            resolved_params: Record<string, unknown>;
            /** @description Named numbers with the unit as suffix, for example `resolution_angstrom`. */
            statistics: {
                [key: string]: number;
            };
            /** @description Version of the program that wrote it. */
            version: string;
            /**
             * Format: double
             * @description Wall-clock seconds, all attempts together.
             */
            wall_s: number;
        };
        /** @description What a job type says of itself. */
        JobSpec: {
            /** @description Section of the job menu: `import`, `simulate`, `reconstruct`, `refine`, ... */
            category: string;
            /** @description Inputs. */
            inputs: components["schemas"]["InputSpec"][];
            /** @description Manual text (Markdown). */
            manual: string;
            /** @description Type name = folder name = CLI name = manual page. */
            name: string;
            /** @description Outputs. */
            outputs: components["schemas"]["OutputSpec"][];
            /** @description Parameters in the order of the form. */
            params: components["schemas"]["ParamSpec"][];
            /** @description One sentence. */
            summary: string;
            /** @description Heading. */
            title: string;
        };
        /** @description A process of a worker. */
        JobState: {
            /**
             * Format: int32
             * @description The try.
             */
            attempt: number;
            exit?: components["schemas"]["ExitReport"] | null;
            /** @description Job. */
            job: components["schemas"]["JobId"];
            /** @description Project id on the master. */
            project: components["schemas"]["ProjectId"];
        };
        /**
         * @description Where a job is in its life.
         * @enum {string}
         */
        JobStatus: "building" | "queued" | "launched" | "started" | "running" | "waiting" | "completed" | "failed" | "killed";
        /** @description A lane with what runs on it. */
        LaneInfo: {
            /** @description It takes jobs now. */
            connected: boolean;
            /**
             * Format: int32
             * @description Processor cores for jobs.
             */
            cores: number;
            /** @description Host name. */
            host: string;
            /** @description How it is reached. */
            kind: components["schemas"]["LaneKind"];
            /**
             * Format: int64
             * @description When it was last heard of, milliseconds since the Unix epoch.
             */
            last_seen_ms: number;
            /**
             * Format: int64
             * @description Memory for jobs, bytes.
             */
            memory_bytes: number;
            /** @description Name to queue on. */
            name: string;
            /**
             * Format: int64
             * @description Jobs that wait for it.
             */
            queued: number;
            /** @description Jobs that run or are being started on it. */
            running: components["schemas"]["LaneJob"][];
        };
        /** @description A job on a lane. */
        LaneJob: {
            /** @description Job. */
            job: components["schemas"]["JobId"];
            /** @description Project. */
            project: components["schemas"]["ProjectId"];
        };
        /**
         * @description How a lane reaches its machines.
         * @enum {string}
         */
        LaneKind: "local" | "worker";
        /**
         * @description How serious a text event is.
         * @enum {string}
         */
        Level: "info" | "warning" | "error";
        /** @description `GET .../log`: a piece of the output of the job process. */
        LogPage: {
            /**
             * Format: int64
             * @description Byte offset of the text in the log.
             */
            offset: number;
            /**
             * Format: int64
             * @description Bytes of the whole log.
             */
            size: number;
            /** @description The text; bytes that are not UTF-8 are replaced. */
            text: string;
        };
        /** @description `POST /auth/login`. */
        LoginRequest: {
            /** @description E-mail address of the account. */
            email: string;
            /** @description Password. */
            password: string;
        };
        /** @description `GET /auth/me`, and the answer to a login. */
        Me: {
            /** @description The account. */
            user: components["schemas"]["UserInfo"];
            /** @description How it signed in. */
            via: components["schemas"]["SignIn"];
        };
        /** @description `POST /projects/{p}/jobs`. */
        NewJob: {
            /** @description Free text. */
            description?: string;
            /** @description Connections by input name. */
            inputs?: {
                [key: string]: components["schemas"]["InputRef"][];
            };
            /** @description Type name, for example `refine_homogeneous`. */
            job_type: string;
            /** @description Parameters that differ from their defaults. A draft may hold wrong ones; queueing checks them. */
            params?: Record<string, unknown>;
            /** @description Title; the type's is shown if empty. */
            title?: string;
            workspace?: components["schemas"]["WorkspaceId"] | null;
        };
        /** @description `POST /projects`. */
        NewProject: {
            /** @description Free text. */
            description?: string;
            /** @description Project directory to make (must not exist, or be empty); below the server's own folder for projects if absent. */
            path?: string | null;
            /** @description Title. */
            title: string;
        };
        /** @description `POST /tokens`. */
        NewToken: {
            /**
             * Format: int32
             * @description Days until it ends; never if absent.
             */
            expires_days?: number | null;
            /** @description What it is for. */
            name: string;
        };
        /** @description `POST /users` (administrators only). */
        NewUser: {
            /** @description Make an administrator. */
            admin?: boolean;
            /** @description E-mail address, which is the login name. */
            email: string;
            /** @description Display name. */
            name?: string;
            /** @description Password of at least 8 characters; without one the server makes it and tells it once. */
            password?: string | null;
        };
        /** @description `POST /projects/{p}/workspaces`. */
        NewWorkspace: {
            /** @description Free text. */
            description?: string;
            /** @description Title. */
            title: string;
        };
        /** @description One output of a finished job. */
        OutputRecord: {
            /**
             * Format: int64
             * @description Rows.
             */
            count: number;
            /** @description Data files that belong to it (maps, stacks written by this job), relative to the project directory. */
            files?: string[];
            /** @description What it holds. */
            kind: components["schemas"]["DataKind"];
            /** @description Name, for example `particles` or `volume_0`. */
            name: string;
            /** @description Slots. */
            slots: components["schemas"]["SlotRecord"][];
            /** @description One-line description, for example `128 px, 2.2 Å/px`. */
            summary?: string;
            /** @description Heading. */
            title: string;
        };
        /** @description A named output of a job type. */
        OutputSpec: {
            /** @description Parameter that gives the number of such outputs (for one a class), when it is above 1. */
            count_param?: string | null;
            /** @description What it is. */
            help: string;
            /** @description What it holds. */
            kind: components["schemas"]["DataKind"];
            /** @description Name; for one output a class it is a stem (`volume` stands for `volume_0`, `volume_1`, ...). */
            name: string;
            /** @description Name of the input whose other slots are passed through. */
            passthrough?: string | null;
            /** @description Slots that this job writes. */
            slots: string[];
            /** @description Heading. */
            title: string;
        };
        /** @description Type and range of a parameter. */
        ParamKind: {
            /**
             * Format: int64
             * @description Greatest value.
             */
            max?: number | null;
            /**
             * Format: int64
             * @description Least value.
             */
            min?: number | null;
            /** @enum {string} */
            type: "integer";
        } | {
            /** @description `min` itself is not allowed. */
            exclusive_min?: boolean;
            /**
             * Format: double
             * @description Greatest value.
             */
            max?: number | null;
            /**
             * Format: double
             * @description Least value.
             */
            min?: number | null;
            /** @enum {string} */
            type: "number";
        } | {
            /** @enum {string} */
            type: "boolean";
        } | {
            /** @enum {string} */
            type: "text";
        } | {
            /** @enum {string} */
            type: "path";
        } | {
            /** @description The words. */
            options: string[];
            /** @enum {string} */
            type: "choice";
        } | {
            /** @enum {string} */
            type: "symmetry";
        };
        /** @description One parameter of a job type. */
        ParamSpec: components["schemas"]["ParamKind"] & {
            /** @description Shown under "advanced". */
            advanced: boolean;
            /** @description Default; `null` means "must be given" when `required`, else "automatic". */
            default: Record<string, unknown>;
            /** @description What it does and when to change it. */
            help: string;
            /** @description Name, snake case with the unit as suffix where there is one. */
            name: string;
            /** @description The job can't run without a value. */
            required: boolean;
            /** @description Section of the form. */
            section: string;
            /** @description Heading. */
            title: string;
            /** @description Unit for display (`Å`, `kV`, `°`), empty when there is none. */
            unit: string;
        };
        /** @description `POST /auth/password`. */
        PasswordChange: {
            /** @description The password until now. */
            current: string;
            /** @description The new one, at least 8 characters. */
            new: string;
        };
        /** @description `POST /users/{u}/password` (administrators only, for the accounts of others). */
        PasswordReset: {
            /** @description Password of at least 8 characters; without one the server makes it and tells it once. */
            password?: string | null;
        };
        /** @description `PATCH /projects/{p}/jobs/{j}`: absent fields stay. Parameters and inputs only change while the job is building. */
        PatchJob: {
            /** @description New description. */
            description?: string | null;
            /** @description All connections (replaces the old set). */
            inputs?: {
                [key: string]: components["schemas"]["InputRef"][];
            } | null;
            /** @description All parameters that differ from their defaults (replaces the old set). */
            params?: Record<string, unknown> | null;
            /** @description New title. */
            title?: string | null;
            workspace?: components["schemas"]["WorkspaceId"] | null;
        };
        /** @description `PATCH /projects/{p}`: absent values stay. */
        PatchProject: {
            /** @description Free text. */
            description?: string | null;
            /** @description Title; not empty. */
            title?: string | null;
        };
        /** @description `PATCH /users/{u}`: absent values stay. */
        PatchUser: {
            /** @description Make an administrator, or an ordinary user (administrators only). */
            admin?: boolean | null;
            /** @description Close the account: its sessions and tokens end at once, for good (administrators only). */
            disabled?: boolean | null;
            /** @description Display name; everybody may change their own. */
            name?: string | null;
        };
        /** @description A problem with a job's parameters or inputs, found before it runs. All are reported at once. */
        Problem: {
            /** @description `params.symmetry`, `inputs.particles`, or empty for the whole job. */
            field: string;
            /** @description What to do. */
            hint: string;
            /** @description What is wrong. */
            message: string;
        };
        /** @description How far a step is. */
        Progress: {
            /**
             * Format: int64
             * @description Done so far.
             */
            done: number;
            /**
             * Format: double
             * @description Seconds left in this step.
             */
            eta_s?: number | null;
            /**
             * Format: double
             * @description Items a second, averaged over the recent past.
             */
            rate_per_s?: number | null;
            /**
             * Format: int64
             * @description All that there is to do in this step; 0 when unknown.
             */
            total: number;
            /** @description What is counted, for example `iteration 4: particles aligned`. */
            what: string;
        };
        ProjectId: string;
        /** @description A project with what the server knows beyond its record. */
        ProjectInfo: components["schemas"]["ProjectRecord"] & {
            /** @description Number of jobs by status. */
            jobs: {
                [key: string]: number;
            };
            /** @description The project directory. */
            path: string;
            /** @description Why the project can't be used now (directory not mounted, in use by another server); absent when all is well. */
            unavailable?: string | null;
            /**
             * Format: int64
             * @description Latest change of any of its jobs, milliseconds since the Unix epoch.
             */
            updated_ms: number;
        };
        /** @description `project.json`: what a project directory says of itself. */
        ProjectRecord: {
            /**
             * Format: int64
             * @description Milliseconds since the Unix epoch.
             */
            created_ms: number;
            /** @description Free text. */
            description?: string;
            /** @description Id in the instance that wrote it; another instance may give it another one on attach. */
            id: components["schemas"]["ProjectId"];
            /** @description Random 128-bit identity in hex that stays with the directory. */
            identity: string;
            /**
             * Format: int32
             * @description Version of the directory layout; this program writes 1.
             */
            layout_version: number;
            /**
             * Format: int64
             * @description The number that the next job gets.
             */
            next_job: number;
            /** @description E-mail of the owner. */
            owner?: string;
            /** @description Title. */
            title: string;
            /** @description Workspaces in the order of their creation. */
            workspaces: components["schemas"]["WorkspaceRecord"][];
        };
        /** @description `POST .../queue`. */
        QueueJob: {
            /** @description Lane; the server's own machine (`local`) if absent. */
            lane?: string | null;
        };
        /** @description `POST .../restart`. */
        RestartJob: {
            /** @description Throw the checkpoint away and begin anew. */
            from_scratch?: boolean;
            /** @description Lane; that of the last time if absent. */
            lane?: string | null;
        };
        /** @description What changed on the server. */
        ServerEvent: {
            /** @enum {string} */
            type: "resync";
        } | {
            /** @description The project. */
            project: components["schemas"]["ProjectInfo"];
            /** @enum {string} */
            type: "project";
        } | {
            /** @description The project. */
            project: components["schemas"]["ProjectId"];
            /** @enum {string} */
            type: "project_gone";
        } | {
            /** @description The job. */
            job: components["schemas"]["JobInfo"];
            /** @enum {string} */
            type: "job";
        } | {
            /** @description The job. */
            job: components["schemas"]["JobId"];
            /** @description Its project. */
            project: components["schemas"]["ProjectId"];
            /** @enum {string} */
            type: "job_gone";
        } | {
            /** @description The events. */
            events: components["schemas"]["Event"][];
            /** @description The job. */
            job: components["schemas"]["JobId"];
            /** @description The project. */
            project: components["schemas"]["ProjectId"];
            /** @enum {string} */
            type: "log";
        } | {
            /** @enum {string} */
            type: "lanes";
        };
        /**
         * @description How the caller of a request proved who it is.
         * @enum {string}
         */
        SignIn: "session" | "token";
        /** @description One slot (column group) of an output. */
        SlotRecord: {
            /** @description Slot type, for example `particle.blob` or `volume.blob`. */
            dtype: string;
            /** @description `.cs` file with its columns, relative to the project directory. */
            metafile: string;
            /** @description Slot name = column prefix (`blob`, `ctf`, `alignments3D`, `map`, `map_half_A`). */
            name: string;
            /** @description Taken over unchanged from an input. */
            passthrough?: boolean;
        };
        /** @description A job process that should end: asked first, killed with all its children 8 s later. */
        StopOrder: {
            /** @description Job. */
            job: components["schemas"]["JobId"];
            /** @description Project id on the master. */
            project: components["schemas"]["ProjectId"];
        };
        /** @description An API token, without its secret. */
        TokenInfo: {
            /**
             * Format: int64
             * @description Milliseconds since the Unix epoch.
             */
            created_ms: number;
            /**
             * Format: int64
             * @description When it ends; never if absent.
             */
            expires_ms?: number | null;
            /**
             * Format: int64
             * @description Number of the token.
             */
            id: number;
            /**
             * Format: int64
             * @description When it was used last.
             */
            last_used_ms?: number | null;
            /** @description What it is for. */
            name: string;
        };
        UserId: string;
        /** @description An account. */
        UserInfo: {
            /** @description May manage users and detach projects of others. */
            admin: boolean;
            /**
             * Format: int64
             * @description Milliseconds since the Unix epoch.
             */
            created_ms: number;
            /** @description May not sign in; has neither sessions nor tokens. */
            disabled?: boolean;
            /** @description E-mail address, which is the login name. */
            email: string;
            /** @description Id. */
            id: components["schemas"]["UserId"];
            /** @description Display name. */
            name: string;
        };
        /** @description `GET /version`. */
        VersionInfo: {
            /**
             * Format: int32
             * @description Version of the API.
             */
            api: number;
            /** @description Version of the server. */
            version: string;
        };
        /** @description `POST /workers`: a worker says hello. */
        WorkerHello: {
            /**
             * Format: int32
             * @description Processor cores that jobs may use.
             */
            cores: number;
            /** @description Host name. */
            host: string;
            /**
             * Format: int64
             * @description Memory that jobs may use, bytes.
             */
            memory_bytes: number;
            /** @description Lane name; letters, digits, `-`, `_` and `.`. */
            name: string;
            /** @description Version of the worker's program. */
            version: string;
        };
        /** @description `POST /workers/{name}/sync`: what the worker has. */
        WorkerSync: {
            /** @description Its processes, running and ended. */
            jobs: components["schemas"]["JobState"][];
        };
        /** @description Answer to a sync: what the worker should have. */
        WorkerSyncReply: {
            /** @description Jobs that should run; those that it doesn't have are started. */
            run: components["schemas"]["JobOrder"][];
            /** @description Jobs that should be stopped. */
            stop: components["schemas"]["StopOrder"][];
        };
        /** @description Answer to a hello. */
        WorkerWelcome: {
            /** @description Jobs that the master believes to run on this lane; the worker adopts those whose process lives. */
            adopt: components["schemas"]["JobOrder"][];
            /**
             * Format: double
             * @description Seconds between exchanges.
             */
            sync_every_s: number;
        };
        WorkspaceId: string;
        /** @description A workspace: a named view on some of a project's jobs. */
        WorkspaceRecord: {
            /**
             * Format: int64
             * @description Milliseconds since the Unix epoch.
             */
            created_ms: number;
            /** @description Free text. */
            description?: string;
            /** @description Id within the project. */
            id: components["schemas"]["WorkspaceId"];
            /** @description Title. */
            title: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    browse: {
        parameters: {
            query?: {
                /** @description Absolute path of a directory; the list of roots if empty. */
                path?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BrowsePage"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    live_events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["ServerEvent"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    list_job_types: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobSpec"][];
                };
            };
        };
    };
    list_lanes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LaneInfo"][];
                };
            };
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
        };
    };
    list_projects: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectInfo"][];
                };
            };
        };
    };
    create_project: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProject"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectInfo"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    attach_project: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AttachProject"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachReport"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    get_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectInfo"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    detach_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    patch_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatchProject"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectInfo"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    list_jobs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"][];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    create_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewJob"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    get_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    delete_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    patch_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatchJob"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    check_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckReport"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    clear_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    clone_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CloneJob"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    list_events: {
        parameters: {
            query?: {
                /** @description Only events with a number above this one. */
                after?: number;
                /** @description At most so many (default and most 2000). */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventsPage"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    get_figure: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
                /** @description figure id, as in the event log */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Figure"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    list_files: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileList"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    get_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
                /** @description path relative to the job directory, slashes included */
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    kill_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    get_log: {
        parameters: {
            query?: {
                /** @description Byte to begin at; the last 64 KiB if absent. */
                offset?: number;
            };
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogPage"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    queue_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueueJob"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    restart_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RestartJob"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobInfo"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    get_volume: {
        parameters: {
            query: {
                /** @description Path of the map, relative to the job directory or (as in an output's `files`) to the project directory. */
                file: string;
                /** @description Edge of the largest map to send, voxels (default 128, 16 to 256). */
                max_box?: number;
            };
            header?: never;
            path: {
                /** @description project id */
                p: string;
                /** @description job id */
                j: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": number[];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    list_workspaces: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkspaceRecord"][];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    create_workspace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description project id */
                p: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWorkspace"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkspaceRecord"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenInfo"][];
                };
            };
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedToken"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description number of the token */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserInfo"][];
                };
            };
        };
    };
    create_user: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedUser"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    delete_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description user id */
                u: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    patch_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description user id */
                u: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatchUser"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserInfo"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    reset_password: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description user id */
                u: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedUser"];
                };
            };
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    version: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionInfo"];
                };
            };
        };
    };
    hello_worker: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WorkerHello"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerWelcome"];
                };
            };
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
    sync_worker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description lane name */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WorkerSync"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerSyncReply"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiError"];
                };
            };
        };
    };
}
