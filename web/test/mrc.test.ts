import { describe, expect, it } from "vitest";
import { enclosedVolume, parseMrc, proteinMassKda, quantile } from "../src/volume/mrc";
import { aboutAxis, IDENTITY, multiply, VIEWS } from "../src/volume/rotation";

/** An MRC2014 file by its specification, apart from the reader under test. */
function mrc(n: number, value: (i: number) => number, little = true, extended = 0, mode = 2): ArrayBuffer {
  const buffer = new ArrayBuffer(1024 + extended + n ** 3 * 4);
  const view = new DataView(buffer);
  [n, n, n, mode, 0, 0, 0, n, n, n].forEach((v, word) => view.setInt32(word * 4, v, little));
  for (const word of [10, 11, 12]) view.setFloat32(word * 4, n * 1.5, little);
  view.setInt32(23 * 4, extended, little);
  new Uint8Array(buffer, 208, 6).set([77, 65, 80, 32, little ? 0x44 : 0x11, little ? 0x44 : 0x11]);
  for (let i = 0; i < n ** 3; i++) view.setFloat32(1024 + extended + i * 4, value(i), little);
  return buffer;
}

describe("MRC", () => {
  it("is read in both byte orders, behind an extended header of any length", () => {
    for (const [little, extended] of [[true, 0], [false, 0], [true, 6], [false, 80]] as const) {
      const map = parseMrc(mrc(4, (i) => i - 10, little, extended));
      expect([map.nx, map.ny, map.nz, map.voxelSize]).toEqual([4, 4, 4, 1.5]);
      expect([map.data[0], map.data[63], map.min, map.max]).toEqual([-10, 53, -10, 53]);
      expect(map.mean).toBeCloseTo(21.5, 6);
      expect(map.sigma).toBeCloseTo(Math.sqrt((64 ** 2 - 1) / 12), 4);
    }
  });
  it("that is wrong is refused with what is wrong", () => {
    expect(() => parseMrc(new ArrayBuffer(10))).toThrow(/fewer than an MRC header/);
    expect(() => parseMrc(mrc(4, () => 0).slice(0, 1100))).toThrow(/cut short.*1280 bytes, the file has 1100/);
    expect(() => parseMrc(mrc(4, () => 0, true, 0, 12))).toThrow(/mode 12/);
    expect(() => parseMrc(mrc(4, (i) => (i === 5 ? NaN : 1)))).toThrow(/voxel 5/);
    const huge = mrc(2, () => 0);
    new DataView(huge).setInt32(0, 1 << 30, true);
    expect(() => parseMrc(huge)).toThrow(/impossible size/);
  });
});

describe("threshold", () => {
  const map = parseMrc(mrc(10, (i) => i));
  it("has quantiles and an enclosed volume", () => {
    expect(quantile(map, 0.9)).toBeGreaterThan(890);
    expect(quantile(map, 0.9)).toBeLessThan(910);
    expect(enclosedVolume(map, 900)).toBeCloseTo(100 * 1.5 ** 3, 6);
    expect(proteinMassKda(121_000)).toBeCloseTo(100, 6);
  });
});

describe("views", () => {
  it("are rotations", () => {
    for (const r of [...Object.values(VIEWS), multiply(aboutAxis([1, 2, 3], 0.7), VIEWS.X)]) {
      const transposed = [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => r[i]!);
      multiply(r, transposed).forEach((v, i) => expect(v).toBeCloseTo(IDENTITY[i]!, 9));
      const det = r[0]! * (r[4]! * r[8]! - r[5]! * r[7]!) - r[1]! * (r[3]! * r[8]! - r[5]! * r[6]!) + r[2]! * (r[3]! * r[7]! - r[4]! * r[6]!);
      expect(det).toBeCloseTo(1, 9);
    }
  });
});
