import { describe, expect, it } from "vitest";
import { layoutGraph } from "../src/pages/graphLayout";

describe("job graph", () => {
  it("puts every job right of its parents and no two on one place", () => {
    const items = [
      { id: "J1", parents: [] },
      { id: "J2", parents: ["J1"] },
      { id: "J3", parents: ["J1", "J2"] },
      { id: "J4", parents: ["J2", "J9"] },
      { id: "J5", parents: ["J3", "J4"] },
      { id: "J6", parents: [] },
    ];
    const { place } = layoutGraph(items);
    for (const item of items) {
      for (const parent of item.parents) {
        const from = place.get(parent);
        if (from) expect(place.get(item.id)!.column).toBeGreaterThan(from.column);
      }
    }
    expect(new Set([...place.values()].map((p) => `${p.column},${p.row}`)).size).toBe(items.length);
  });
  it("keeps a chain in one row", () => {
    const { place, rows, columns } = layoutGraph([1, 2, 3, 4].map((n) => ({ id: `J${n}`, parents: n > 1 ? [`J${n - 1}`] : [] })));
    expect([rows, columns]).toEqual([1, 4]);
    expect(place.get("J4")).toEqual({ column: 3, row: 0 });
  });
  it("survives cycles and an empty project", () => {
    expect(layoutGraph([]).rows).toBe(0);
    expect(layoutGraph([{ id: "a", parents: ["b"] }, { id: "b", parents: ["a"] }]).place.size).toBe(2);
  });
});
