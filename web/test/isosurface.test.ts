import { describe, expect, it } from "vitest";
import { isosurface } from "../src/volume/isosurface";

function ball(n: number, radius: number): Float32Array {
  const data = new Float32Array(n ** 3);
  const c = n / 2 + 0.137;
  for (let z = 0; z < n; z++) for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) data[(z * n + y) * n + x] = radius - Math.hypot(x - c, y - c, z - c);
  return data;
}

describe("isosurface", () => {
  const n = 40;
  const radius = 13.3;
  const mesh = isosurface(ball(n, radius), n, n, n, 0);

  it("lies on the sphere", () => {
    const c = n / 2 + 0.137;
    let worst = 0;
    for (let i = 0; i < mesh.positions.length; i += 3) {
      const r = Math.hypot(mesh.positions[i]! - c, mesh.positions[i + 1]! - c, mesh.positions[i + 2]! - c);
      worst = Math.max(worst, Math.abs(r - radius));
    }
    expect(mesh.positions.length).toBeGreaterThan(3000);
    expect(worst).toBeLessThan(0.05);
  });

  it("is closed and has the topology of a sphere", () => {
    const edges = new Map<string, number>();
    const t = mesh.triangles;
    for (let i = 0; i < t.length; i += 3) {
      for (const [a, b] of [[t[i]!, t[i + 1]!], [t[i + 1]!, t[i + 2]!], [t[i + 2]!, t[i]!]]) {
        // a closed, consistently oriented surface walks each edge once in each direction
        edges.set(`${a}>${b}`, (edges.get(`${a}>${b}`) ?? 0) + 1);
      }
    }
    for (const [key, times] of edges) {
      const [a, b] = key.split(">");
      expect(times).toBe(1);
      expect(edges.get(`${b}>${a}`)).toBe(1);
    }
    const [vertices, faces] = [mesh.positions.length / 3, t.length / 3];
    expect(vertices - edges.size / 2 + faces).toBe(2);
  });

  it("encloses the volume of the ball, with triangles and normals facing out", () => {
    const p = (v: number) => [mesh.positions[3 * v]!, mesh.positions[3 * v + 1]!, mesh.positions[3 * v + 2]!] as const;
    let volume = 0;
    for (let i = 0; i < mesh.triangles.length; i += 3) {
      const [a, b, c] = [p(mesh.triangles[i]!), p(mesh.triangles[i + 1]!), p(mesh.triangles[i + 2]!)];
      volume += (a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])) / 6;
    }
    const exact = (4 / 3) * Math.PI * radius ** 3;
    expect(volume / exact).toBeGreaterThan(0.99);
    expect(volume / exact).toBeLessThan(1.005);
    const c = n / 2 + 0.137;
    for (let i = 0; i < mesh.normals.length; i += 3) {
      const out = mesh.normals[i]! * (mesh.positions[i]! - c) + mesh.normals[i + 1]! * (mesh.positions[i + 1]! - c) + mesh.normals[i + 2]! * (mesh.positions[i + 2]! - c);
      expect(out / radius).toBeGreaterThan(0.98);
    }
  });

  it("is empty above the maximum", () => {
    expect(isosurface(ball(12, 4), 12, 12, 12, 100).triangles.length).toBe(0);
  });
});
