import type { FigureData } from "../api/model";
import { axisDomain, extent, formatValue } from "./scale";
import { type Hover, XYPlot } from "./XYPlot";

type Data = Extract<FigureData, { type: "histogram" }>;

/** Bars between given edges. */
export function HistogramFigure({ data, title }: { data: Data; title: string }) {
  const bars = Math.min(data.counts.length, data.edges.length - 1);
  const total = data.counts.reduce((a, b) => a + b, 0);
  const hover = (x: number): Hover | null => {
    for (let i = 0; i < bars; i++) {
      const [a, b] = [data.edges[i]!, data.edges[i + 1]!];
      if (x >= a && x < b) {
        const n = data.counts[i]!;
        return {
          x: (a + b) / 2,
          head: `${data.x.label}: ${formatValue(a)} … ${formatValue(b)}`,
          rows: [{ name: "count", value: total > 0 ? `${formatValue(n)} (${((100 * n) / total).toFixed(1)} %)` : formatValue(n) }],
        };
      }
    }
    return null;
  };
  return (
    <XYPlot
      label={title}
      x={data.x}
      y={{ label: "count" }}
      xDomain={axisDomain(data.x, extent(data.edges))}
      yDomain={axisDomain({ min: 0 }, extent([0], data.counts), 0.05)}
      guides={data.guides ?? []}
      hover={hover}
      height={220}
    >
      {({ x, y }) =>
        data.counts.slice(0, bars).map((n, i) => {
          const a = x(data.edges[i]!);
          const b = x(data.edges[i + 1]!);
          return <rect key={i} x={Math.min(a, b)} width={Math.max(0.5, Math.abs(b - a) - (Math.abs(b - a) > 4 ? 1 : 0))} y={y(n)} height={Math.max(0, y(0) - y(n))} fill="var(--p-c0)" fillOpacity={0.75} />;
        })
      }
    </XYPlot>
  );
}
