import { type KeyboardEvent, type PointerEvent, type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Axis, Guide } from "../api/model";
import { formatTick, logTicks, makeScale, niceStep, niceTicks, resolutionTicks, type Scale } from "./scale";

/** What the marks of a plot are drawn with. */
export interface Marks {
  x: Scale;
  y: Scale;
  /** The data rectangle in pixels. */
  box: { left: number; top: number; width: number; height: number };
}

/** A tooltip: where its marker stands (data coordinates) and what it says. */
export interface Hover {
  x: number;
  y?: number;
  head: string;
  rows: { colour?: string; dashed?: boolean; name: string; value: string }[];
}

interface Props {
  label: string;
  x: Axis;
  y: Axis;
  xDomain: [number, number];
  yDomain: [number, number];
  guides?: Guide[];
  height?: number;
  /** Extra space at the right, for a colour scale. */
  right?: number;
  grid?: boolean;
  children: (marks: Marks) => ReactNode;
  /** Drawn outside of the clipped data rectangle. */
  decoration?: (marks: Marks) => ReactNode;
  hover?: (x: number, y: number, marks: Marks) => Hover | null;
}

type View = { x: [number, number]; y: [number, number] };

/** Axes, guides, hover and zoom, common to all figures with an abscissa and an ordinate. */
export function XYPlot(props: Props) {
  const { x, y, guides = [], height = 260, right = 14, grid = true } = props;
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const clip = useId();
  const [view, setView] = useState<View | null>(null);
  const [drag, setDrag] = useState<{ x0: number; y0: number; x1: number; y1: number } | null>(null);
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);

  const xDomain = view?.x ?? props.xDomain;
  const yDomain = view?.y ?? props.yDomain;
  const yTicks = y.log ? logTicks(...yDomain) : niceTicks(...yDomain, Math.max(3, Math.round(height / 48)));
  const yStep = niceStep(...yDomain, Math.max(3, Math.round(height / 48)));
  const yTexts = yTicks.map((v) => formatTick(v, y.log ? Math.min(1, v) : yStep));
  const left = 30 + Math.max(...yTexts.map((t) => t.length), 1) * 6.6;
  const top = x.reciprocal_angstrom ? 34 : 10;
  const bottom = 40;
  const marks = useMemo<Marks>(() => {
    const box = { left, top, width: Math.max(40, width - left - right), height: height - top - bottom };
    return {
      x: makeScale(xDomain, [box.left, box.left + box.width], x.log),
      y: makeScale(yDomain, [box.top + box.height, box.top], y.log),
      box,
    };
    // the two ends of each domain, not the identity of the pair
  }, [left, top, right, width, height, x.log, y.log, xDomain[0], xDomain[1], yDomain[0], yDomain[1]]);
  const { box } = marks;
  const xTarget = Math.max(2, Math.round(box.width / 80));
  const allTicks = x.log ? logTicks(...xDomain) : niceTicks(...xDomain, xTarget);
  // there is no iteration 1.5
  const xTicks = x.label === "iteration" ? allTicks.filter(Number.isInteger) : allTicks;
  const xStep = x.label === "iteration" ? Math.max(1, niceStep(...xDomain, xTarget)) : niceStep(...xDomain, xTarget);

  const local = useCallback((e: { clientX: number; clientY: number }) => {
    const r = host.current?.getBoundingClientRect();
    return { x: e.clientX - (r?.left ?? 0), y: e.clientY - (r?.top ?? 0) };
  }, []);
  const inside = (p: { x: number; y: number }) =>
    p.x >= box.left && p.x <= box.left + box.width && p.y >= box.top && p.y <= box.top + box.height;

  const onPointerDown = (e: PointerEvent) => {
    if (e.button !== 0 || e.pointerType === "touch") return;
    const p = local(e);
    if (!inside(p)) return;
    (e.target as Element).setPointerCapture?.(e.pointerId);
    setDrag({ x0: p.x, y0: p.y, x1: p.x, y1: p.y });
  };
  const onPointerMove = (e: PointerEvent) => {
    const p = local(e);
    if (drag) setDrag({ ...drag, x1: clamp(p.x, box.left, box.left + box.width), y1: clamp(p.y, box.top, box.top + box.height) });
    setPointer(inside(p) ? p : null);
  };
  const onPointerUp = () => {
    if (!drag) return;
    const wide = Math.abs(drag.x1 - drag.x0) > 6;
    const tall = Math.abs(drag.y1 - drag.y0) > 24;
    if (wide || tall) {
      const order = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);
      setView({
        x: wide ? order(marks.x.invert(drag.x0), marks.x.invert(drag.x1)) : xDomain,
        y: tall ? order(marks.y.invert(drag.y0), marks.y.invert(drag.y1)) : yDomain,
      });
    }
    setDrag(null);
  };
  const zoom = (factor: number, shift = 0) => {
    const c = box.left + box.width / 2 + shift * box.width;
    const h = (box.width / 2) * factor;
    setView({ x: [marks.x.invert(c - h), marks.x.invert(c + h)], y: yDomain });
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const actions: Record<string, () => void> = {
      "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7),
      ArrowLeft: () => zoom(1, -0.15), ArrowRight: () => zoom(1, 0.15),
      "0": () => setView(null), Escape: () => setView(null),
    };
    const action = actions[e.key];
    if (action && (e.key.length === 1 || view)) {
      e.preventDefault();
      action();
    }
  };

  const hover = pointer && !drag && props.hover ? props.hover(marks.x.invert(pointer.x), marks.y.invert(pointer.y), marks) : null;
  const text = { fontSize: 11, fill: "var(--p-muted)" };
  const floor = box.top + box.height;
  const side = box.left + box.width;

  return (
    <div
      className="plot"
      ref={host}
      tabIndex={0}
      role="img"
      aria-label={`${props.label}. ${y.label} against ${x.label}. Plus and minus zoom, arrows pan, 0 resets.`}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerLeave={() => setPointer(null)}
      onDoubleClick={() => setView(null)}
      onKeyDown={onKeyDown}
    >
      <svg data-figure="" width={width} height={height} viewBox={`0 0 ${width} ${height}`} xmlns="http://www.w3.org/2000/svg">
        <defs>
          <clipPath id={clip}><rect x={box.left} y={box.top} width={box.width} height={box.height} /></clipPath>
        </defs>
        {grid && yTicks.map((v) => <line key={v} x1={box.left} x2={side} y1={marks.y(v)} y2={marks.y(v)} stroke="var(--p-grid)" />)}
        <g clipPath={`url(#${clip})`}>{props.children(marks)}</g>
        {guides.map((g, i) => <GuideLine key={i} guide={g} marks={marks} />)}
        <path d={`M${box.left} ${box.top}V${floor}H${side}`} fill="none" stroke="var(--p-axis)" />
        {yTicks.map((v, i) => (
          <text key={v} {...text} x={box.left - 6} y={marks.y(v)} dy="0.35em" textAnchor="end">{yTexts[i]}</text>
        ))}
        {xTicks.map((v) => (
          <g key={v}>
            <line x1={marks.x(v)} x2={marks.x(v)} y1={floor} y2={floor + 4} stroke="var(--p-axis)" />
            <text {...text} x={marks.x(v)} y={floor + 16} textAnchor="middle">{formatTick(v, x.log ? Math.min(1, v) : xStep)}</text>
          </g>
        ))}
        {x.reciprocal_angstrom && (
          <g>
            <line x1={box.left} x2={side} y1={box.top} y2={box.top} stroke="var(--p-axis)" />
            {resolutionTicks(marks.x).map(({ k, angstrom }) => (
              <g key={angstrom}>
                <line x1={marks.x(k)} x2={marks.x(k)} y1={box.top} y2={box.top - 4} stroke="var(--p-axis)" />
                <text {...text} fill="var(--p-ink)" x={marks.x(k)} y={box.top - 8} textAnchor="middle">{angstrom}</text>
              </g>
            ))}
            <text {...text} x={box.left} y={11} textAnchor="start">resolution (Å)</text>
          </g>
        )}
        <text {...text} fontSize={11.5} x={box.left + box.width / 2} y={height - 5} textAnchor="middle">{x.label}</text>
        <text {...text} fontSize={11.5} textAnchor="middle" transform={`translate(12 ${box.top + box.height / 2}) rotate(-90)`}>{y.label}</text>
        {props.decoration?.(marks)}
        {hover && (
          <g data-transient="">
            <line x1={marks.x(hover.x)} x2={marks.x(hover.x)} y1={box.top} y2={floor} stroke="var(--p-muted)" strokeDasharray="2 2" />
            {hover.y !== undefined && <circle cx={marks.x(hover.x)} cy={marks.y(hover.y)} r={3.5} fill="none" stroke="var(--p-ink)" />}
          </g>
        )}
        {drag && (
          <DragBox drag={drag} box={box} />
        )}
      </svg>
      {hover && <Tip hover={hover} marks={marks} width={width} />}
      {view && (
        <button type="button" className="plot-reset" onClick={() => setView(null)}>reset zoom</button>
      )}
    </div>
  );
}

function DragBox({ drag, box }: { drag: { x0: number; y0: number; x1: number; y1: number }; box: Marks["box"] }) {
  // a flat drag zooms the abscissa only, and is drawn over the whole height
  const tall = Math.abs(drag.y1 - drag.y0) > 24;
  const wide = Math.abs(drag.x1 - drag.x0) > 6;
  const rect = {
    x: wide ? Math.min(drag.x0, drag.x1) : box.left,
    width: wide ? Math.abs(drag.x1 - drag.x0) : box.width,
    y: tall ? Math.min(drag.y0, drag.y1) : box.top,
    height: tall ? Math.abs(drag.y1 - drag.y0) : box.height,
  };
  if (!wide && !tall) return null;
  return <rect data-transient="" {...rect} fill="var(--p-c0)" fillOpacity={0.12} stroke="var(--p-c0)" />;
}

function GuideLine({ guide, marks }: { guide: Guide; marks: Marks }) {
  const { box } = marks;
  const vertical = guide.axis === "x";
  const at = vertical ? marks.x(guide.at) : marks.y(guide.at);
  const lo = vertical ? box.left : box.top;
  const hi = vertical ? box.left + box.width : box.top + box.height;
  if (!(at >= lo && at <= hi)) return null;
  // readable on top of bars and curves
  const halo = { fill: "var(--p-muted)", stroke: "var(--p-paper)", strokeWidth: 3, paintOrder: "stroke" };
  const flip = vertical && at > lo + (hi - lo) * 0.72;
  return (
    <g>
      {vertical
        ? <line x1={at} x2={at} y1={box.top} y2={box.top + box.height} stroke="var(--p-guide)" strokeDasharray="4 3" />
        : <line x1={box.left} x2={box.left + box.width} y1={at} y2={at} stroke="var(--p-guide)" strokeDasharray="4 3" />}
      {vertical
        ? <text fontSize={10.5} {...halo} x={at + (flip ? -4 : 4)} y={box.top + 11} textAnchor={flip ? "end" : "start"}>{guide.label}</text>
        : <text fontSize={10.5} {...halo} x={box.left + box.width - 3} y={at - 4} textAnchor="end">{guide.label}</text>}
    </g>
  );
}

function Tip({ hover, marks, width }: { hover: Hover; marks: Marks; width: number }) {
  const at = marks.x(hover.x);
  const onLeft = at > width * 0.55;
  return (
    <div className="plot-tip" style={{ top: marks.box.top + 6, ...(onLeft ? { right: width - at + 10 } : { left: at + 10 }) }}>
      <div className="head">{hover.head}</div>
      <table>
        <tbody>
          {hover.rows.map((row) => (
            <tr key={row.name}>
              <td>
                {row.colour && <span className={row.dashed ? "swatch dashed" : "swatch"} style={{ borderColor: row.colour }} />}
                {row.name}
              </td>
              <td>{row.value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Width of an element in pixels, kept up to date. */
export function useWidth(host: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(480);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(160, Math.floor(element.clientWidth))));
    observer.observe(element);
    setWidth(Math.max(160, Math.floor(element.clientWidth)));
    return () => observer.disconnect();
  }, [host]);
  return width;
}

function clamp(v: number, lo: number, hi: number): number {
  return Math.min(hi, Math.max(lo, v));
}

