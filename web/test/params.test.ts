import { describe, expect, it } from "vitest";
import type { JobInfo, JobSpec, ParamSpec } from "../src/api/model";
import { candidates, defaultText, nextSteps, onlyChanged, parseParam, plannedOutputs, rangeText } from "../src/builder/params";

const base = { title: "", help: "", unit: "", required: false, advanced: false, section: "", default: null };
const size: ParamSpec = { ...base, name: "pixel_size_angstrom", unit: "Å", type: "number", min: 0, max: 100, exclusive_min: true };
const classes: ParamSpec = { ...base, name: "classes", type: "integer", min: 1, max: 10, default: 1 };
const path: ParamSpec = { ...base, name: "path", type: "path", required: true };

describe("fields", () => {
  it("read numbers, decimal commas included, and keep what is no number", () => {
    expect(parseParam(size, " 1.25 ")).toEqual({ value: 1.25, error: null });
    expect(parseParam(size, "1,25").value).toBe(1.25);
    expect(parseParam(size, "1e-1").value).toBe(0.1);
    expect(parseParam(size, "abc")).toEqual({ value: "abc", error: "“abc” is not a number." });
    expect(parseParam(size, "1e999").error).toMatch(/too large/);
  });
  it("say the range", () => {
    expect(parseParam(size, "0").error).toBe("Must be greater than 0 Å.");
    expect(parseParam(size, "101").error).toBe("Must be at most 100 Å.");
    expect(parseParam(classes, "0").error).toBe("Must be at least 1.");
    expect(parseParam(classes, "1.5").error).toBe("A whole number is needed.");
    expect(rangeText(size)).toBe("above 0 to 100 Å");
  });
  it("empty mean the default, or that a value is needed", () => {
    expect(parseParam(classes, "")).toEqual({ value: undefined, error: null });
    expect(parseParam(path, "").error).toBe("A value is needed.");
    expect(defaultText(size)).toBe("automatic");
    expect(defaultText(classes)).toBe("1");
  });
});

const spec = (name: string, params: ParamSpec[], outputs: JobSpec["outputs"]): JobSpec => ({ name, title: name, summary: "", category: "", manual: "", inputs: [], outputs, params });
const volume = { name: "volume", title: "Volume", help: "", kind: "volume", slots: ["map"], passthrough: null, count_param: "classes" } as const;
const abInitio = spec("ab_initio", [classes], [{ ...volume, slots: [...volume.slots] }]);
const job = (id: string, inputs: JobInfo["inputs"] = {}, params: JobInfo["params"] = {}): JobInfo =>
  ({ id, project: "P1", workspace: "W1", job_type: "ab_initio", params, inputs, status: "building", created_ms: 0, display_title: id }) as JobInfo;

describe("connections", () => {
  it("name one output a class", () => {
    expect(plannedOutputs(abInitio, {}).map((o) => o.name)).toEqual(["volume"]);
    expect(plannedOutputs(abInitio, { classes: 3 }).map((o) => o.name)).toEqual(["volume_0", "volume_1", "volume_2"]);
    expect(plannedOutputs(abInitio, { classes: "nonsense" }).map((o) => o.name)).toEqual(["volume"]);
  });
  it("offer outputs of the right kind, newest first, never of the job itself or of those that use it", () => {
    const jobs = [job("J1"), job("J2", { volume: [{ job: "J1", output: "volume" }] }), job("J3", { volume: [{ job: "J2", output: "volume" }] }), job("J10")];
    const input = { name: "volume", title: "", help: "", kind: "volume", min: 1, max: 1, slots: [] } as const;
    const refs = (self: JobInfo) => candidates({ ...input, slots: [] }, self, jobs, [abInitio]).map((c) => c.ref.job);
    expect(refs(jobs[1]!)).toEqual(["J10", "J1"]);
    expect(refs(jobs[0]!)).toEqual(["J10"]);
    expect(candidates({ ...input, kind: "particle", slots: [] }, jobs[1]!, jobs, [abInitio])).toEqual([]);
  });
  it("lead to the next jobs, with an output that has the columns they need", () => {
    const take = (slots: string[], kind: "particle" | "mask" = "particle", min = 1) => ({ name: "in", title: "", help: "", kind, min, max: 1, slots });
    const slot = (name: string) => ({ name, dtype: "", metafile: "", passthrough: false });
    const output = (name: string, slots: string[]) => ({ name, kind: "particle" as const, title: "", count: 1, slots: slots.map(slot), files: [], summary: "" });
    const outputs = [output("particles", ["blob", "ctf"]), output("truth", ["blob", "ctf", "alignments3D"])];
    const types = [{ ...abInitio, inputs: [take(["blob"])] }, { ...spec("reconstruct", [], []), inputs: [take(["blob", "alignments3D"]), { ...take([], "mask", 0), name: "mask" }] }, { ...spec("other", [], []), inputs: [take(["movie"])] }];
    expect(nextSteps("J4", outputs, types).map((s) => [s.type.name, s.inputs])).toEqual([
      ["ab_initio", { in: [{ job: "J4", output: "particles" }] }],
      ["reconstruct", { in: [{ job: "J4", output: "truth" }] }],
    ]);
  });
  it("save only what differs from the default", () => {
    expect(onlyChanged(abInitio, { classes: 1, other: undefined, seed: 7 })).toEqual({ seed: 7 });
  });
});
