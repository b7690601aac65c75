/**
 * Isosurface of a map as a triangle mesh.
 *
 * A dual method: every cell of eight voxels that the surface crosses gets one vertex, near the mean of the
 * crossings on its edges, moved onto the surface by one Newton step; every voxel edge that the surface crosses
 * gets two triangles between the four cells around it. The mesh is closed wherever the surface does not leave
 * the box, has about half the triangles of marching cubes, and needs no case table.
 */

/** Triangles of a surface. Coordinates are in voxels. */
export interface Mesh {
  /** x, y, z of each vertex. */
  positions: Float32Array;
  /** Unit normals that point to lower density. */
  normals: Float32Array;
  /** Three vertex numbers a triangle, counter-clockwise seen from lower density. */
  triangles: Uint32Array;
}

/** The surface `data = level` of a map with `data[(z * ny + y) * nx + x]`; density is above `level` inside. */
export function isosurface(data: Float32Array, nx: number, ny: number, nz: number, level: number): Mesh {
  const positions = new Growing(Float32Array, 3 << 14);
  const normals = new Growing(Float32Array, 3 << 14);
  const triangles = new Growing(Uint32Array, 6 << 14);
  const row = nx;
  const plane = nx * ny;
  // vertex number of each cell of the current and the previous layer of cells, -1 for none
  let here = new Int32Array(plane).fill(-1);
  let below = new Int32Array(plane).fill(-1);
  const corner = new Float64Array(8);

  for (let z = 0; z < nz - 1; z++) {
    here.fill(-1);
    for (let y = 0; y < ny - 1; y++) {
      for (let x = 0; x < nx - 1; x++) {
        const at = z * plane + y * row + x;
        let inside = 0;
        for (let c = 0; c < 8; c++) {
          const v = data[at + (c & 1) + (c & 2 ? row : 0) + (c & 4 ? plane : 0)]! - level;
          corner[c] = v;
          if (v >= 0) inside |= 1 << c;
        }
        if (inside === 0 || inside === 255) continue;
        here[y * row + x] = positions.length / 3;
        addVertex(corner, x, y, z, positions, normals);

        // Each crossed edge is closed from the one cell that has it at its lower corner.
        const v = here[y * row + x]!;
        const first = (inside & 1) !== 0;
        if (y > 0 && z > 0 && first !== ((inside & 2) !== 0)) {
          quad(triangles, v, here[(y - 1) * row + x]!, below[(y - 1) * row + x]!, below[y * row + x]!, first);
        }
        if (x > 0 && z > 0 && first !== ((inside & 4) !== 0)) {
          quad(triangles, v, below[y * row + x]!, below[y * row + x - 1]!, here[y * row + x - 1]!, first);
        }
        if (x > 0 && y > 0 && first !== ((inside & 16) !== 0)) {
          quad(triangles, v, here[y * row + x - 1]!, here[(y - 1) * row + x - 1]!, here[(y - 1) * row + x]!, first);
        }
      }
    }
    [here, below] = [below, here];
  }
  return { positions: positions.done() as Float32Array, normals: normals.done() as Float32Array, triangles: triangles.done() as Uint32Array };
}

// the twelve edges of a cell as pairs of corners; bit 0 of a corner is x, bit 1 y, bit 2 z
const EDGES = [0, 1, 2, 3, 4, 5, 6, 7, 0, 2, 1, 3, 4, 6, 5, 7, 0, 4, 1, 5, 2, 6, 3, 7];

function addVertex(corner: Float64Array, x: number, y: number, z: number, positions: Growing, normals: Growing): void {
  let [u, v, w, n] = [0, 0, 0, 0];
  for (let e = 0; e < 24; e += 2) {
    const a = EDGES[e]!;
    const b = EDGES[e + 1]!;
    const fa = corner[a]!;
    const fb = corner[b]!;
    if (fa >= 0 === fb >= 0) continue;
    const t = fa / (fa - fb);
    u += (a & 1) + t * ((b & 1) - (a & 1));
    v += ((a >> 1) & 1) + t * (((b >> 1) & 1) - ((a >> 1) & 1));
    w += ((a >> 2) & 1) + t * (((b >> 2) & 1) - ((a >> 2) & 1));
    n++;
  }
  u /= n;
  v /= n;
  w /= n;
  // trilinear value and gradient at the mean of the crossings
  const c = corner;
  const c00 = c[0]! + u * (c[1]! - c[0]!);
  const c10 = c[2]! + u * (c[3]! - c[2]!);
  const c01 = c[4]! + u * (c[5]! - c[4]!);
  const c11 = c[6]! + u * (c[7]! - c[6]!);
  const f0 = c00 + v * (c10 - c00);
  const f1 = c01 + v * (c11 - c01);
  const f = f0 + w * (f1 - f0);
  const mix = (a: number, b: number, p: number, q: number) => (1 - v) * (1 - w) * a + v * (1 - w) * b + (1 - v) * w * p + v * w * q;
  const gx = mix(c[1]! - c[0]!, c[3]! - c[2]!, c[5]! - c[4]!, c[7]! - c[6]!);
  const gy = (1 - w) * (c10 - c00) + w * (c11 - c01);
  const gz = f1 - f0;
  const square = gx * gx + gy * gy + gz * gz;
  if (square > 1e-30) {
    const step = f / square;
    u = clamp01(u - step * gx);
    v = clamp01(v - step * gy);
    w = clamp01(w - step * gz);
  }
  const length = Math.sqrt(square) || 1;
  positions.push3(x + u, y + v, z + w);
  normals.push3(-gx / length, -gy / length, -gz / length);
}

function quad(out: Growing, a: number, b: number, c: number, d: number, flip: boolean): void {
  if (!flip) {
    out.push3(a, c, b);
    out.push3(a, d, c);
  } else {
    out.push3(a, b, c);
    out.push3(a, c, d);
  }
}

function clamp01(v: number): number {
  return v < 0 ? 0 : v > 1 ? 1 : v;
}

/** A typed array that grows by doubling. */
class Growing {
  length = 0;
  private items: Float32Array | Uint32Array;
  constructor(private readonly kind: Float32ArrayConstructor | Uint32ArrayConstructor, size: number) {
    this.items = new kind(size);
  }
  push3(a: number, b: number, c: number): void {
    if (this.length + 3 > this.items.length) {
      const larger = new this.kind(this.items.length * 2);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = a;
    this.items[this.length++] = b;
    this.items[this.length++] = c;
  }
  done(): Float32Array | Uint32Array {
    return this.items.slice(0, this.length);
  }
}
