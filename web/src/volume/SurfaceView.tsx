import { ActionIcon, Button, Slider, Text, Tooltip, useComputedColorScheme } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { canvasBlob, saveFile } from "../plot/export";
import { formatLength, scaleBarLength } from "../plot/grey";
import { formatValue } from "../plot/scale";
import { Icon } from "../shell/Icon";
import type { IsoAnswer, IsoRequest } from "./iso.worker";
import { type DensityMap, enclosedVolume, proteinMassKda, quantile } from "./mrc";
import { SurfaceRenderer } from "./renderer";
import { aboutAxis, multiply, type Rotation, VIEWS } from "./rotation";

type Camera = { rotation: Rotation; zoom: number; shift: [number, number] };
const START: Camera = { rotation: multiply(aboutAxis([1, 0, 0], 0.35), aboutAxis([0, 1, 0], -0.5)), zoom: 1.25, shift: [0, 0] };

/** Level at which a map is shown first: 3 σ above the mean, kept between 0.3 % and 4 % of the voxels; 0.5 for a mask. */
export function startLevel(map: DensityMap): number {
  if (map.min >= -0.01 && map.max <= 1.01 && map.max > 0.5 && quantile(map, 0.5) < 0.02) return 0.5;
  const wish = map.mean + 3 * map.sigma;
  return Math.min(Math.max(wish, quantile(map, 0.96)), quantile(map, 0.997));
}

/** The isosurface of a map with threshold, clip plane and a scale bar. */
export function SurfaceView({ map, name }: { map: DensityMap; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const renderer = useRef<SurfaceRenderer | null>(null);
  const worker = useRef<Worker | null>(null);
  const busy = useRef(false);
  const waiting = useRef<number | null>(null);
  const first = useMemo(() => startLevel(map), [map]);
  const [level, setLevel] = useState(first);
  const [clip, setClip] = useState(100);
  const [camera, setCamera] = useState<Camera>(START);
  const [mesh, setMesh] = useState<{ triangles: number; level: number; milliseconds: number } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [scalebar, setScalebar] = useState<{ pixels: number; text: string } | null>(null);
  const dark = useComputedColorScheme("light") === "dark";

  const ask = useCallback((value: number) => {
    if (busy.current) {
      // only the newest level is worth computing
      waiting.current = value;
      return;
    }
    busy.current = true;
    worker.current?.postMessage({ level: value } satisfies IsoRequest);
  }, []);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    setLevel(first);
    try {
      renderer.current = SurfaceRenderer.on(element, [map.nx, map.ny, map.nz]);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "the surface cannot be drawn");
      return;
    }
    const thread = new Worker(new URL("./iso.worker.ts", import.meta.url), { type: "module" });
    worker.current = thread;
    busy.current = false;
    thread.onmessage = (message: MessageEvent<IsoAnswer>) => {
      busy.current = false;
      renderer.current?.setMesh(message.data);
      setMesh({ triangles: message.data.triangles.length / 3, level: message.data.level, milliseconds: message.data.milliseconds });
      if (waiting.current !== null) {
        const next = waiting.current;
        waiting.current = null;
        ask(next);
      }
    };
    thread.onerror = () => setProblem("the surface could not be computed; a smaller map may help");
    thread.postMessage({ map: map.data, nx: map.nx, ny: map.ny, nz: map.nz } satisfies IsoRequest);
    ask(first);
    return () => {
      thread.terminate();
      worker.current = null;
      renderer.current?.dispose();
      renderer.current = null;
    };
  }, [map, first, ask]);

  const draw = useCallback(() => {
    const r = renderer.current;
    if (!r) return;
    r.draw({
      ...camera,
      clip: clip / 100 >= 1 ? 2 : (clip / 100) * 1.15 - 0.575,
      colour: dark ? [0.45, 0.8, 0.93] : [0.3, 0.6, 0.74],
      ground: dark ? [0.043, 0.063, 0.075] : [0.914, 0.933, 0.945],
    });
    const perAngstrom = r.pixelsPerVoxel(camera.zoom) / map.voxelSize;
    const length = scaleBarLength((canvas.current?.clientWidth ?? 1) / perAngstrom, 0.25);
    setScalebar({ pixels: length * perAngstrom, text: formatLength(length) });
  }, [camera, clip, dark, map]);
  useEffect(() => {
    const frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [draw, mesh]);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const observer = new ResizeObserver(() => draw());
    observer.observe(element);
    // React listens passively, and a passive listener can't keep the page from scrolling
    const wheel = (e: WheelEvent) => {
      e.preventDefault();
      setCamera((c) => ({ ...c, zoom: clampZoom(c.zoom * Math.exp(-e.deltaY * 0.0015)) }));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener("wheel", wheel);
    };
  }, [draw]);

  const fingers = useRef(new Map<number, { x: number; y: number }>());
  const onPointerDown = (e: PointerEvent<HTMLCanvasElement>) => {
    e.currentTarget.setPointerCapture(e.pointerId);
    fingers.current.set(e.pointerId, { x: e.clientX, y: e.clientY });
  };
  const onPointerMove = (e: PointerEvent<HTMLCanvasElement>) => {
    const last = fingers.current.get(e.pointerId);
    if (!last) return;
    const [dx, dy] = [e.clientX - last.x, e.clientY - last.y];
    const size = e.currentTarget.clientWidth;
    const others = [...fingers.current].filter(([id]) => id !== e.pointerId).map(([, p]) => p);
    fingers.current.set(e.pointerId, { x: e.clientX, y: e.clientY });
    const other = others[0];
    if (other) {
      const before = Math.hypot(last.x - other.x, last.y - other.y);
      const after = Math.hypot(e.clientX - other.x, e.clientY - other.y);
      if (before > 0) setCamera((c) => ({ ...c, zoom: clampZoom((c.zoom * after) / before) }));
    } else if (e.shiftKey || e.buttons === 2 || e.buttons === 4) {
      setCamera((c) => ({ ...c, shift: [c.shift[0] + (2 * dx) / size, c.shift[1] - (2 * dy) / size] }));
    } else if (dx !== 0 || dy !== 0) {
      setCamera((c) => ({ ...c, rotation: multiply(aboutAxis([dy, dx, 0], Math.hypot(dx, dy) * (4.5 / size)), c.rotation) }));
    }
  };
  const onPointerUp = (e: PointerEvent) => fingers.current.delete(e.pointerId);
  const onKeyDown = (e: KeyboardEvent) => {
    const turn = (axis: [number, number, number]) => setCamera((c) => ({ ...c, rotation: multiply(aboutAxis(axis, 0.12), c.rotation) }));
    const zoom = (f: number) => setCamera((c) => ({ ...c, zoom: clampZoom(c.zoom * f) }));
    const actions: Record<string, () => void> = {
      ArrowLeft: () => turn([0, -1, 0]), ArrowRight: () => turn([0, 1, 0]), ArrowUp: () => turn([-1, 0, 0]), ArrowDown: () => turn([1, 0, 0]),
      "+": () => zoom(1.15), "=": () => zoom(1.15), "-": () => zoom(1 / 1.15), "0": () => setCamera(START),
    };
    const action = actions[e.key];
    if (action) {
      e.preventDefault();
      action();
    }
  };
  const change = (value: number) => {
    setLevel(value);
    ask(value);
  };
  const volume = useMemo(() => enclosedVolume(map, level), [map, level]);
  const sigmas = map.sigma > 0 ? (level - map.mean) / map.sigma : 0;
  const save = async () => {
    if (canvas.current) saveFile(`${name}_surface.png`, await canvasBlob(canvas.current));
  };

  return (
    <div className="stack">
      <div className="surface">
        <canvas
          ref={canvas}
          tabIndex={0}
          role="img"
          aria-label="Isosurface. Drag or arrow keys turn, wheel or plus and minus zoom, shift and drag moves, 0 resets."
          data-triangles={mesh?.triangles ?? ""}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={onPointerUp}
          onContextMenu={(e) => e.preventDefault()}
          onKeyDown={onKeyDown}
        />
        {problem && <div className="over" style={{ inset: 16 }}><div className="notice" data-tone="warn" role="alert">{problem}</div></div>}
        {mesh?.triangles === 0 && <div className="over" style={{ top: 14, left: 14 }}>No density above this threshold.</div>}
        {scalebar && !problem && <div className="over bar-a" style={{ width: scalebar.pixels }}>{scalebar.text}<i /></div>}
        {mesh && <div className="over" style={{ right: 12, bottom: 10 }}>{formatValue(mesh.triangles)} triangles</div>}
        <div style={{ position: "absolute", right: 8, top: 8, display: "flex", gap: 4 }}>
          {(["X", "Y", "Z"] as const).map((axis) => (
            <Tooltip key={axis} label={`View along ${axis.toLowerCase()}`}>
              <ActionIcon variant="default" size="md" aria-label={`View along ${axis.toLowerCase()}`} onClick={() => setCamera((c) => ({ ...c, rotation: VIEWS[axis] }))}>{axis.toLowerCase()}</ActionIcon>
            </Tooltip>
          ))}
          <ActionIcon variant="default" size="md" aria-label="Reset view" title="Reset view" onClick={() => setCamera(START)}><Icon name="restart" /></ActionIcon>
          <ActionIcon variant="default" size="md" aria-label="Save image" title="Save image" onClick={() => void save()}><Icon name="download" /></ActionIcon>
        </div>
      </div>
      <div>
        <div className="row between">
          <Text size="sm" fw={500}>Threshold</Text>
          <span className="small num">{formatValue(Number(level.toPrecision(4)))} = {sigmas.toFixed(1)} σ</span>
        </div>
        <Slider thumbLabel="Threshold" label={null} min={map.min} max={map.max} step={(map.max - map.min) / 600 || 1} value={level} onChange={change} size="sm" />
        <p className="small muted num" style={{ marginTop: 6 }}>
          The surface encloses {formatValue(Number(volume.toPrecision(3)))} Å³, as much as {formatValue(Number(proteinMassKda(volume).toPrecision(2)))} kDa of protein (1.21 Å³/Da).{" "}
          {level !== first && <Button variant="subtle" size="compact-xs" onClick={() => change(first)}>Reset threshold</Button>}
        </p>
      </div>
      <div>
        <Text size="sm" fw={500}>Clip from the front</Text>
        <Slider thumbLabel="Clip from the front" label={null} min={0} max={100} value={100 - clip} onChange={(v) => setClip(100 - v)} size="sm" />
      </div>
    </div>
  );
}

function clampZoom(zoom: number): number {
  return Math.min(20, Math.max(0.3, zoom));
}
