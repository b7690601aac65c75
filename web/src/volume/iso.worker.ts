/** Computes isosurfaces off the page's thread. It keeps one map and answers each level with a mesh. */
import { isosurface } from "./isosurface";

/** A new map, or a level of the map that the worker has. */
export type IsoRequest = { map: Float32Array; nx: number; ny: number; nz: number } | { level: number };

/** The mesh of a level. */
export interface IsoAnswer {
  level: number;
  positions: Float32Array;
  normals: Float32Array;
  triangles: Uint32Array;
  milliseconds: number;
}

let map: { map: Float32Array; nx: number; ny: number; nz: number } | null = null;

self.onmessage = (message: MessageEvent<IsoRequest>) => {
  const request = message.data;
  if ("map" in request) {
    map = request;
    return;
  }
  if (!map) return;
  const began = performance.now();
  const mesh = isosurface(map.map, map.nx, map.ny, map.nz, request.level);
  const answer: IsoAnswer = { level: request.level, ...mesh, milliseconds: performance.now() - began };
  self.postMessage(answer, { transfer: [mesh.positions.buffer, mesh.normals.buffer, mesh.triangles.buffer] });
};
