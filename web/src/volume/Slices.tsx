import { RangeSlider, Slider, Text } from "@mantine/core";
import { type MouseEvent, useEffect, useRef, useState } from "react";
import { formatLength, scaleBarLength } from "../plot/grey";
import { formatValue } from "../plot/scale";
import type { DensityMap } from "./mrc";

type Axis = "z" | "y" | "x";
type Position = Record<Axis, number>;

/** Size of a slice across an axis, and the names of its own axes. */
const PLANES: Record<Axis, { across: [Axis, Axis]; label: string }> = {
  z: { across: ["x", "y"], label: "xy" },
  y: { across: ["x", "z"], label: "xz" },
  x: { across: ["y", "z"], label: "yz" },
};

/** Three orthogonal slices through a map with sliders, one contrast and linked cross-hairs. */
export function Slices({ map }: { map: DensityMap }) {
  const size: Position = { x: map.nx, y: map.ny, z: map.nz };
  const [at, setAt] = useState<Position>({ x: map.nx >> 1, y: map.ny >> 1, z: map.nz >> 1 });
  const span = map.sigma || 1;
  const lo = Math.max(map.min, map.mean - 12 * span);
  const hi = Math.min(map.max, map.mean + 25 * span);
  const [range, setRange] = useState<[number, number]>([Math.max(lo, map.mean - 2 * span), Math.min(hi, map.mean + 6 * span)]);
  useEffect(() => {
    setAt({ x: map.nx >> 1, y: map.ny >> 1, z: map.nz >> 1 });
    setRange([Math.max(lo, map.mean - 2 * span), Math.min(hi, map.mean + 6 * span)]);
    // a new map resets the view
  }, [map]);
  const sigma = (v: number) => `${((v - map.mean) / span).toFixed(1).replace("-", "−")} σ`;
  const offset = (axis: Axis) => `${formatValue(Number(((at[axis] - (size[axis] >> 1)) * map.voxelSize).toPrecision(3)))} Å from the centre`;
  return (
    <div className="slices">
      {(["z", "y", "x"] as const).map((axis) => (
        <div key={axis}>
          <Slice map={map} axis={axis} at={at} size={size} range={range} onPick={(next) => setAt({ ...at, ...next })} />
          <div className="row between small num" style={{ marginTop: 4 }}>
            <span>{PLANES[axis].label} at {axis} = {at[axis]}</span>
            <span className="muted">{offset(axis)}</span>
          </div>
          <Slider thumbLabel={`Slice along ${axis}`} label={null} min={0} max={size[axis] - 1} value={at[axis]} onChange={(v) => setAt({ ...at, [axis]: v })} size="sm" />
        </div>
      ))}
      <div className="stack">
        <div>
          <div className="row between">
            <Text size="sm" fw={500}>Contrast</Text>
            <span className="small num">black {sigma(range[0])}, white {sigma(range[1])}</span>
          </div>
          <RangeSlider thumbFromLabel="Black level" thumbToLabel="White level" label={null} min={lo} max={hi} minRange={(hi - lo) / 500} step={(hi - lo) / 500 || 1} value={range} onChange={setRange} size="sm" />
        </div>
        <p className="small muted num">
          {map.nx} × {map.ny} × {map.nz} voxels of {formatValue(Number(map.voxelSize.toPrecision(4)))} Å. Density {formatValue(Number(map.min.toPrecision(3)))} to {formatValue(Number(map.max.toPrecision(3)))}, mean{" "}
          {formatValue(Number(map.mean.toPrecision(3)))}, σ {formatValue(Number(map.sigma.toPrecision(3)))}. Click a slice to move the other two.
        </p>
      </div>
    </div>
  );
}

interface SliceProps {
  map: DensityMap;
  axis: Axis;
  at: Position;
  size: Position;
  range: [number, number];
  onPick: (next: Partial<Position>) => void;
}

function Slice({ map, axis, at, size, range, onPick }: SliceProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [u, v] = PLANES[axis].across;
  const [width, height] = [size[u], size[v]];
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const stride: Position = { x: 1, y: map.nx, z: map.nx * map.ny };
    const pixels = context.createImageData(width, height);
    const gain = 255 / (range[1] - range[0] || 1);
    const base = at[axis] * stride[axis];
    for (let row = 0; row < height; row++) {
      // row 0 of the map is at the bottom
      const start = base + (height - 1 - row) * stride[v];
      for (let column = 0; column < width; column++) {
        const grey = (map.data[start + column * stride[u]]! - range[0]) * gain;
        const o = (row * width + column) * 4;
        pixels.data[o] = grey;
        pixels.data[o + 1] = grey;
        pixels.data[o + 2] = grey;
        pixels.data[o + 3] = 255;
      }
    }
    context.putImageData(pixels, 0, 0);
  }, [map, axis, at[axis], width, height, range[0], range[1], u, v]);
  const pick = (e: MouseEvent<HTMLDivElement>) => {
    const r = e.currentTarget.getBoundingClientRect();
    const clamp = (value: number, n: number) => Math.min(n - 1, Math.max(0, Math.floor(value)));
    onPick({ [u]: clamp(((e.clientX - r.left) / r.width) * width, width), [v]: clamp((1 - (e.clientY - r.top) / r.height) * height, height) });
  };
  const bar = scaleBarLength(width * map.voxelSize, 0.35);
  const line = "1px solid rgb(90 190 230 / 55%)";
  return (
    <div style={{ position: "relative", cursor: "crosshair" }} onClick={pick}>
      <canvas ref={canvas} width={width} height={height} style={{ aspectRatio: `${width} / ${height}` }} aria-label={`Slice ${PLANES[axis].label}`} role="img" />
      <span style={{ position: "absolute", left: `${(100 * (at[u] + 0.5)) / width}%`, top: 0, bottom: 0, borderLeft: line, pointerEvents: "none" }} />
      <span style={{ position: "absolute", top: `${100 - (100 * (at[v] + 0.5)) / height}%`, left: 0, right: 0, borderTop: line, pointerEvents: "none" }} />
      <span className="scalebar" style={{ width: `${(100 * bar) / (width * map.voxelSize)}%` }}>{formatLength(bar)}<i /></span>
    </div>
  );
}
