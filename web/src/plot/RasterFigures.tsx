import { useMemo } from "react";
import type { FigureData } from "../api/model";
import { colour } from "./colormap";
import { axisDomain, extent, formatTick, formatValue, leastPositive, niceStep, niceTicks } from "./scale";
import { type Hover, type Marks, XYPlot } from "./XYPlot";

type Heat = Extract<FigureData, { type: "heat_map" }>;
type Points = Extract<FigureData, { type: "scatter" }>;

/** A heat map on a regular grid, with its colour scale. */
export function HeatMapFigure({ data, title }: { data: Heat; title: string }) {
  const columns = Math.max(1, data.columns);
  const rows = Math.max(1, Math.floor(data.values.length / columns));
  const range = useMemo(() => extent(data.values), [data.values]);
  const image = useMemo(() => heatImage(data.values, columns, rows, range), [data.values, columns, rows, range]);
  const scale = useMemo(() => heatImage(Array.from({ length: 128 }, (_, i) => i), 1, 128, [0, 127]), []);
  const xDomain = axisDomain(data.x, [0, columns]);
  const yDomain = axisDomain(data.y, [0, rows]);
  const hover = (px: number, py: number): Hover | null => {
    const c = Math.floor(((px - xDomain[0]) / (xDomain[1] - xDomain[0])) * columns);
    const r = Math.floor(((py - yDomain[0]) / (yDomain[1] - yDomain[0])) * rows);
    if (c < 0 || r < 0 || c >= columns || r >= rows) return null;
    return {
      x: px,
      y: py,
      head: `${data.x.label} ${formatValue(Number(px.toPrecision(3)))}, ${data.y.label} ${formatValue(Number(py.toPrecision(3)))}`,
      rows: [{ name: data.value_label || "value", value: formatValue(data.values[r * columns + c]) }],
    };
  };
  const ticks = niceTicks(range[0], range[1], 4);
  const decoration = ({ box }: Marks) => {
    const left = box.left + box.width + 12;
    const at = (v: number) => box.top + box.height * (1 - (v - range[0]) / (range[1] - range[0] || 1));
    return (
      <g>
        <image href={scale} x={left} y={box.top} width={10} height={box.height} preserveAspectRatio="none" />
        {ticks.map((v) => (
          <text key={v} x={left + 14} y={at(v)} dy="0.35em" fontSize={10.5} fill="var(--p-muted)">{formatTick(v, niceStep(range[0], range[1], 4))}</text>
        ))}
        <text fontSize={11} fill="var(--p-muted)" textAnchor="middle" transform={`translate(${left + 56} ${box.top + box.height / 2}) rotate(-90)`}>{data.value_label}</text>
      </g>
    );
  };
  return (
    <XYPlot label={title} x={data.x} y={data.y} xDomain={xDomain} yDomain={yDomain} hover={hover} decoration={decoration} right={78} grid={false} height={280}>
      {({ x, y }) => {
        const [x0, x1] = [x(xDomain[0]), x(xDomain[1])];
        const [y0, y1] = [y(yDomain[1]), y(yDomain[0])];
        return <image href={image} x={x0} y={y0} width={x1 - x0} height={y1 - y0} preserveAspectRatio="none" style={{ imageRendering: "pixelated" }} />;
      }}
    </XYPlot>
  );
}

/** PNG address of a grid of values, top row last in `values`. */
function heatImage(values: readonly (number | null)[], columns: number, rows: number, [lo, hi]: [number, number]): string {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return "";
  const pixels = context.createImageData(columns, rows);
  const gain = 1 / (hi - lo || 1);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const v = values[(rows - 1 - r) * columns + c];
      const o = (r * columns + c) * 4;
      if (v === null || v === undefined || !Number.isFinite(v)) continue; // stays transparent
      const rgb = colour((v - lo) * gain);
      pixels.data.set([...rgb, 255], o);
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas.toDataURL("image/png");
}

/** Points; drawn as pixels, so that a hundred thousand stay fast. */
export function ScatterFigure({ data, title }: { data: Points; title: string }) {
  const n = Math.min(data.xs.length, data.ys.length);
  const xDomain = axisDomain(data.x, extent(data.xs), 0.03, leastPositive(data.xs));
  const yDomain = axisDomain(data.y, extent(data.ys), 0.03, leastPositive(data.ys));
  const hover = (_x: number, _y: number, marks: Marks): Hover | null => {
    const px = marks.x(_x);
    const py = marks.y(_y);
    let best = -1;
    let least = 14 * 14;
    for (let i = 0; i < n; i++) {
      const d = (marks.x(data.xs[i]!) - px) ** 2 + (marks.y(data.ys[i]!) - py) ** 2;
      if (d < least) [least, best] = [d, i];
    }
    if (best < 0) return null;
    return {
      x: data.xs[best]!,
      y: data.ys[best]!,
      head: `point ${best + 1} of ${formatValue(n)}`,
      rows: [{ name: data.x.label, value: formatValue(data.xs[best]) }, { name: data.y.label, value: formatValue(data.ys[best]) }],
    };
  };
  return (
    <XYPlot label={title} x={data.x} y={data.y} xDomain={xDomain} yDomain={yDomain} hover={hover} height={280}>
      {(marks) => <PointLayer data={data} n={n} marks={marks} />}
    </XYPlot>
  );
}

function PointLayer({ data, n, marks }: { data: Points; n: number; marks: Marks }) {
  const { box } = marks;
  const href = useMemo(() => {
    const ratio = 2;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    const context = canvas.getContext("2d");
    if (!context) return "";
    const radius = (n > 20000 ? 0.8 : n > 2000 ? 1.3 : 2) * ratio;
    context.fillStyle = "#2f86c4";
    context.globalAlpha = n > 20000 ? 0.25 : n > 2000 ? 0.45 : 0.75;
    for (let i = 0; i < n; i++) {
      context.beginPath();
      context.arc((marks.x(data.xs[i]!) - box.left) * ratio, (marks.y(data.ys[i]!) - box.top) * ratio, radius, 0, 6.2832);
      context.fill();
    }
    return canvas.toDataURL("image/png");
  }, [data, n, marks, box]);
  return <image href={href} x={box.left} y={box.top} width={box.width} height={box.height} />;
}
