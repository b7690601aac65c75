/** Rotations of the 3D view as row-major 3 x 3 matrices. */

/** Nine numbers, row by row. */
export type Rotation = readonly number[];

/** Product `a b`. */
export function multiply(a: Rotation, b: Rotation): Rotation {
  const out = new Array<number>(9);
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) out[3 * i + j] = a[3 * i]! * b[j]! + a[3 * i + 1]! * b[3 + j]! + a[3 * i + 2]! * b[6 + j]!;
  return out;
}

/** Rotation about an axis of the screen (any length above zero) by an angle in radians. */
export function aboutAxis(axis: readonly [number, number, number], angle: number): Rotation {
  const length = Math.hypot(...axis);
  if (!(length > 0)) return IDENTITY;
  const [x, y, z] = axis.map((v) => v / length) as [number, number, number];
  const c = Math.cos(angle);
  const s = Math.sin(angle);
  const t = 1 - c;
  return [t * x * x + c, t * x * y - s * z, t * x * z + s * y, t * x * y + s * z, t * y * y + c, t * y * z - s * x, t * x * z - s * y, t * y * z + s * x, t * z * z + c];
}

/** The map's x to the right, y up, z to the viewer. */
export const IDENTITY: Rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Views along the map's axes: from +z, +x and −y. */
export const VIEWS: Record<"Z" | "X" | "Y", Rotation> = {
  Z: IDENTITY,
  X: [0, 1, 0, 0, 0, 1, 1, 0, 0],
  Y: [1, 0, 0, 0, 0, 1, 0, -1, 0],
};
