import { describe, expect, it } from "vitest";
import { appendEvents } from "../src/api/live";
import type { Event } from "../src/api/model";
import { meaning, shown, statisticText } from "../src/job/statistics";
import { arrange, figureAt, figureGroups, hasFinal, statisticsAt, steps, trace } from "../src/job/timeline";

const text = (seq: number): Event => ({ seq, time_ms: 0, kind: "text", level: "info", message: `line ${seq}` });
const figure = (seq: number, id: string, step: number | null): Event => ({ seq, time_ms: 0, kind: "figure", id, title: id, step });
const statistic = (seq: number, value: number, step: number): Event => ({ seq, time_ms: 0, kind: "statistic", name: "resolution_angstrom", value, step });

const log = [figure(1, "fsc_001", 1), figure(2, "slices_001", 1), statistic(3, 20, 1), figure(4, "fsc_002", 2), statistic(5, 9, 2), figure(6, "fsc_002", 2), figure(7, "summary", null)];

describe("overview", () => {
  it("groups figures over steps and takes the last version of each", () => {
    const groups = figureGroups(log);
    expect(groups.map((g) => g.key)).toEqual(["fsc", "slices", "summary"]);
    expect(groups[0]!.items.map((i) => [i.id, i.seq])).toEqual([["fsc_001", 1], ["fsc_002", 6]]);
    expect(steps(groups)).toEqual([1, 2]);
  });
  it("shows what was known at a step", () => {
    const [fsc, slices, summary] = figureGroups(log);
    expect(figureAt(fsc!, 1)?.id).toBe("fsc_001");
    expect(figureAt(fsc!, null)?.id).toBe("fsc_002");
    expect(figureAt(slices!, 2)?.id).toBe("slices_001");
    expect(figureAt(summary!, 1)?.id).toBe("summary");
    expect(figureAt(fsc!, 0)).toBeNull();
    expect(statisticsAt(log, 1).get("resolution_angstrom")).toBe(20);
    expect(trace(log, "resolution_angstrom")).toEqual([{ step: 1, value: 20 }, { step: 2, value: 9 }]);
  });
});

describe("a finished job", () => {
  const done = [
    figure(1, "traces", null), figure(2, "fsc_001", 1), figure(3, "projections_0", 0), statistic(4, 20, 1),
    figure(5, "traces", null), figure(6, "fsc_002", 2), figure(7, "projections_0", 2), statistic(8, 9, 2),
    figure(9, "fsc", null), figure(10, "slices", null), figure(11, "projections_0", null),
  ];
  const groups = figureGroups(done);
  it("takes the figure that it ends with for the last version of those of the steps", () => {
    expect(groups.map((g) => g.key)).toEqual(["traces", "fsc", "projections_0", "slices"]);
    const fsc = groups.find((g) => g.key === "fsc")!;
    expect(figureAt(fsc, null)?.id).toBe("fsc");
    expect(figureAt(fsc, 1)?.id).toBe("fsc_001");
    // class 0 is no step
    expect(groups.find((g) => g.key === "projections_0")!.items).toHaveLength(1);
  });
  it("has a final figure after its last step, also one that names a step", () => {
    const [fsc] = figureGroups([figure(1, "fsc_001", 1), figure(2, "fsc_002", 2), figure(3, "fsc", 3)]);
    expect(steps([fsc!])).toEqual([1, 2]);
    expect(hasFinal([fsc!])).toBe(true);
    expect([figureAt(fsc!, null)?.id, figureAt(fsc!, 2)?.id]).toEqual(["fsc", "fsc_002"]);
    expect(hasFinal(figureGroups([figure(1, "fsc_001", 1), figure(2, "fsc_002", 2)]))).toBe(false);
    expect(hasFinal(figureGroups([figure(1, "fsc", null)]))).toBe(false);
  });
  it("shows its results before the course of the work", () => {
    const { results, course } = arrange(groups, done);
    expect(results.map((g) => g.key)).toEqual(["fsc", "slices", "projections_0"]);
    expect(course.map((g) => g.key)).toEqual(["traces"]);
    expect(arrange(figureGroups([figure(1, "a", null)]), [figure(1, "a", null)]).results).toHaveLength(1);
  });
});

describe("the numbers of a result", () => {
  it("have a name, a unit and an order", () => {
    expect(meaning("resolution_at_half_angstrom").title).toBe("Resolution at FSC 0.5");
    expect(meaning("some_new_number_deg").title).toBe("Some new number");
    expect(statisticText("held_out_support_sigma", 58.3)).toBe("58.3\u00a0σ");
    expect(statisticText("share_1", 0.25)).toBe("25.0 %");
    expect(statisticText("pixel_size_angstrom", 1.0605)).toBe("1.0605 Å");
    expect(statisticText("resolution_angstrom", 7)).toBe("7.00 Å");
    expect(statisticText("mean_defocus_angstrom", 10590.52)).not.toContain(".");
    expect(shown([["share_0", 1], ["particles", 3], ["resolution_angstrom", 7], ["seed", 1]]).map(([name]) => name)).toEqual(["resolution_angstrom", "particles"]);
    expect(shown([["share_0", 0.5], ["share_1", 0.5]])).toHaveLength(2);
  });
});

describe("live lines", () => {
  it("are appended once, replace a cleared log, and report a gap", () => {
    const known = [text(1), text(2)];
    expect(appendEvents(known, [text(2), text(3)])?.map((e) => e.seq)).toEqual([1, 2, 3]);
    expect(appendEvents(known, [])).toBe(known);
    expect(appendEvents(known, [text(5)])).toBeNull();
    expect(appendEvents(known, [text(1)])?.length).toBe(1);
  });
});
