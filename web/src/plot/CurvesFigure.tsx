import { useMemo, useState } from "react";
import type { FigureData } from "../api/model";
import { axisDomain, extent, formatValue, leastPositive } from "./scale";
import { type Hover, type Marks, XYPlot } from "./XYPlot";

type Data = Extract<FigureData, { type: "curves" }>;

/** Colour of the n-th curve. */
export function curveColour(n: number): string {
  return `var(--p-c${n % 8})`;
}

/** Curves over a common abscissa, with a legend that hides and shows them. */
export function CurvesFigure({ data, title, height }: { data: Data; title: string; height?: number }) {
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const shown = data.curves.map((curve, i) => ({ ...curve, colour: curveColour(i) })).filter((c) => !hidden.has(c.name));
  const domains = useMemo(() => {
    const xs = data.curves.map((c) => c.x);
    const ys = data.curves.map((c) => c.y);
    return {
      x: axisDomain(data.x, extent(...xs), 0, leastPositive(...xs)),
      y: axisDomain(data.y, extent(...ys), 0.04, leastPositive(...ys)),
    };
  }, [data]);

  const hover = (x: number): Hover | null => {
    const near = shown.map((c) => ({ curve: c, i: nearest(c.x, x) })).filter((n) => n.i >= 0);
    if (near.length === 0) return null;
    const at = near.reduce((a, b) => (Math.abs(b.curve.x[b.i]! - x) < Math.abs(a.curve.x[a.i]! - x) ? b : a)).curve;
    const xAt = at.x[nearest(at.x, x)]!;
    const resolution = data.x.reciprocal_angstrom && xAt > 0 ? ` = ${formatValue(Number((1 / xAt).toPrecision(3)))} Å` : "";
    return {
      x: xAt,
      head: `${data.x.label}: ${formatValue(xAt)}${resolution}`,
      rows: near.map(({ curve, i }) => ({ colour: curve.colour, dashed: curve.dashed ?? false, name: curve.name, value: formatValue(curve.y[i]) })),
    };
  };

  return (
    <>
      <XYPlot label={title} x={data.x} y={data.y} xDomain={domains.x} yDomain={domains.y} guides={data.guides ?? []} hover={hover} {...(height ? { height } : {})}>
        {(marks) =>
          shown.map((c) => (
            <path key={c.name} d={curvePath(c.x, c.y, marks)} fill="none" stroke={c.colour} strokeWidth={1.6} strokeLinejoin="round" {...(c.dashed ? { strokeDasharray: "5 4" } : {})} />
          ))
        }
      </XYPlot>
      {data.curves.length > 1 && (
        <ul className="legend" aria-label="Curves">
          {data.curves.map((c, i) => (
            <li key={c.name}>
              <button
                type="button"
                aria-pressed={!hidden.has(c.name)}
                onClick={() => {
                  const next = new Set(hidden);
                  if (!next.delete(c.name)) next.add(c.name);
                  setHidden(next);
                }}
              >
                <span className={c.dashed ? "swatch dashed" : "swatch"} style={{ borderColor: curveColour(i) }} />
                {c.name}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Index of the abscissa next to `x` in an ascending list, -1 when the list is empty. */
export function nearest(xs: readonly number[], x: number): number {
  let lo = 0;
  let hi = xs.length - 1;
  if (hi < 0) return -1;
  while (hi - lo > 1) {
    const mid = (lo + hi) >> 1;
    if (xs[mid]! < x) lo = mid;
    else hi = mid;
  }
  return Math.abs(xs[lo]! - x) <= Math.abs(xs[hi]! - x) ? lo : hi;
}

/** SVG path of a curve; missing and non-finite values (and values below zero on a log axis) leave a gap. */
export function curvePath(xs: readonly number[], ys: readonly (number | null)[], { x, y }: Pick<Marks, "x" | "y">): string {
  let path = "";
  let pen = false;
  const n = Math.min(xs.length, ys.length);
  for (let i = 0; i < n; i++) {
    const v = ys[i];
    const px = x(xs[i]!);
    const py = v === null || v === undefined ? NaN : y(v);
    if (!Number.isFinite(px) || !Number.isFinite(py)) {
      pen = false;
      continue;
    }
    path += `${pen ? "L" : "M"}${px.toFixed(2)} ${py.toFixed(2)}`;
    pen = true;
  }
  return path;
}
