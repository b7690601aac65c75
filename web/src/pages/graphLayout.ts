/** Layout of the job graph: columns by depth, rows by the mean row of the neighbours. Pure. */

/** A node with the nodes that it takes its inputs from. */
export interface GraphItem {
  id: string;
  parents: string[];
}

/** Column and row of every node. */
export interface Placement {
  place: Map<string, { column: number; row: number }>;
  columns: number;
  rows: number;
}

/** Places the nodes; a node stands to the right of all its parents. Unknown parents and cycles are ignored. */
export function layoutGraph(items: readonly GraphItem[]): Placement {
  const known = new Map(items.map((item) => [item.id, item]));
  const depth = new Map<string, number>();
  const depthOf = (id: string, path: Set<string>): number => {
    const done = depth.get(id);
    if (done !== undefined) return done;
    if (path.has(id)) return 0;
    path.add(id);
    let d = 0;
    for (const parent of known.get(id)?.parents ?? []) if (known.has(parent)) d = Math.max(d, depthOf(parent, path) + 1);
    path.delete(id);
    depth.set(id, d);
    return d;
  };
  const columns: string[][] = [];
  for (const item of items) {
    const d = depthOf(item.id, new Set());
    (columns[d] ??= []).push(item.id);
  }
  for (let c = 0; c < columns.length; c++) columns[c] ??= []; // a cycle can leave a depth empty
  const children = new Map<string, string[]>();
  for (const item of items) for (const parent of item.parents) children.set(parent, [...(children.get(parent) ?? []), item.id]);

  const row = new Map<string, number>();
  for (const column of columns) column.forEach((id, i) => row.set(id, i));
  const mean = (ids: string[]) => {
    const rows = ids.map((id) => row.get(id)).filter((r): r is number => r !== undefined);
    return rows.length ? rows.reduce((a, b) => a + b, 0) / rows.length : null;
  };
  // sweeps to the right and to the left; each column is put in the order of its neighbours' rows
  for (let sweep = 0; sweep < 6; sweep++) {
    const forward = sweep % 2 === 0;
    for (const column of forward ? columns : [...columns].reverse()) {
      const wish = new Map(column.map((id) => [id, mean(forward ? (known.get(id)?.parents ?? []) : (children.get(id) ?? [])) ?? row.get(id) ?? 0]));
      column.sort((a, b) => wish.get(a)! - wish.get(b)!);
      let next = 0;
      for (const id of column) {
        const at = Math.max(next, Math.round(wish.get(id)!));
        row.set(id, at);
        next = at + 1;
      }
    }
  }
  const used = [...new Set(row.values())].sort((a, b) => a - b);
  const compact = new Map(used.map((r, i) => [r, i]));
  const place = new Map<string, { column: number; row: number }>();
  columns.forEach((column, c) => column.forEach((id) => place.set(id, { column: c, row: compact.get(row.get(id)!)! })));
  return { place, columns: columns.length, rows: used.length };
}
