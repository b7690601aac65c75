import type { FigureData } from "../api/model";

type Data = Extract<FigureData, { type: "table" }>;

const NUMBER = /^[-−+]?[\d\u202f ,]*\.?\d+(?:[eE][-+]?\d+)?\s*(?:%|Å|°|s|px)?$/;

/** A table; columns whose cells are all numbers are aligned to the right. */
export function TableFigure({ data, title }: { data: Data; title: string }) {
  const numeric = data.columns.map((_, c) => data.rows.length > 0 && data.rows.every((row) => NUMBER.test(row[c] ?? "")));
  const side = (c: number) => (numeric[c] ? "number" : undefined);
  return (
    <div style={{ overflowX: "auto" }} tabIndex={0} role="region" aria-label={title}>
      <table className="data-table">
        <thead>
          <tr>{data.columns.map((column, c) => <th key={c} scope="col" className={side(c)}>{column}</th>)}</tr>
        </thead>
        <tbody>
          {data.rows.map((row, r) => (
            <tr key={r}>{row.map((cell, c) => <td key={c} className={side(c)}>{cell}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
