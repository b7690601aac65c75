/** Figures as comma-separated values, for a spreadsheet or a script. */
import type { Figure } from "../api/model";

/** Quotes a cell where RFC 4180 asks for it. */
export function csvCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function lines(rows: (string | number | null | undefined)[][]): string {
  return rows.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

/** The data of a figure as CSV, or null for images. */
export function figureCsv(figure: Figure): string | null {
  const d = figure.data;
  switch (d.type) {
    case "curves": {
      const first = d.curves[0];
      const shared = first && d.curves.every((c) => c.x.length === first.x.length && c.x.every((x, i) => x === first.x[i]));
      if (first && shared) {
        return lines([
          [d.x.label, ...d.curves.map((c) => c.name)],
          ...first.x.map((x, i) => [x, ...d.curves.map((c) => c.y[i])]),
        ]);
      }
      return lines([["curve", d.x.label, d.y.label], ...d.curves.flatMap((c) => c.x.map((x, i) => [c.name, x, c.y[i]]))]);
    }
    case "histogram":
      return lines([[`${d.x.label}: from`, `${d.x.label}: to`, "count"], ...d.counts.map((n, i) => [d.edges[i], d.edges[i + 1], n])]);
    case "heat_map": {
      const rows = d.columns > 0 ? Math.floor(d.values.length / d.columns) : 0;
      const [x0, x1] = [d.x.min ?? 0, d.x.max ?? d.columns];
      const [y0, y1] = [d.y.min ?? 0, d.y.max ?? rows];
      const out: (string | number | null)[][] = [[d.x.label, d.y.label, d.value_label]];
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < d.columns; c++) {
          out.push([x0 + ((c + 0.5) / d.columns) * (x1 - x0), y0 + ((r + 0.5) / rows) * (y1 - y0), d.values[r * d.columns + c] ?? null]);
        }
      }
      return lines(out);
    }
    case "scatter":
      return lines([[d.x.label, d.y.label], ...d.xs.map((x, i) => [x, d.ys[i]])]);
    case "table":
      return lines([d.columns, ...d.rows]);
    case "montage":
      return null;
  }
}
