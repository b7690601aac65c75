import { describe, expect, it } from "vitest";
import { formatBytes, formatDuration, formatStatistic, splitUnit } from "../src/api/format";
import type { Figure } from "../src/api/model";
import { curvePath, nearest } from "../src/plot/CurvesFigure";
import { csvCell, figureCsv } from "../src/plot/csv";
import { decodeGrey, greyToRgba, scaleBarLength } from "../src/plot/grey";
import { axisDomain, extent, formatTick, formatValue, logTicks, makeScale, niceTicks, resolutionTicks } from "../src/plot/scale";

describe("ticks", () => {
  it("are round and inside", () => {
    expect(niceTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(niceTicks(-0.05, 0.31, 4)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(niceTicks(3, 3)).toEqual([3]);
    expect(logTicks(0.5, 2000)).toEqual([1, 10, 100, 1000]);
    expect(logTicks(1, 40)).toEqual([1, 2, 5, 10, 20]);
    expect(logTicks(-1, 10)).toEqual([]);
  });
  it("of a 1/Å axis are round resolutions, apart, and ascending in k", () => {
    const scale = makeScale([0, 0.25], [0, 500]);
    const ticks = resolutionTicks(scale, 34);
    const angstroms = ticks.map((t) => t.angstrom);
    expect(angstroms).toContain(10);
    expect(angstroms).toContain(5);
    for (let i = 1; i < ticks.length; i++) {
      expect(ticks[i]!.angstrom).toBeLessThan(ticks[i - 1]!.angstrom);
      expect(scale(ticks[i]!.k) - scale(ticks[i - 1]!.k)).toBeGreaterThanOrEqual(34);
    }
    for (const t of ticks) expect(t.k * t.angstrom).toBeCloseTo(1, 9);
  });
  it("write as many decimals as the step needs", () => {
    expect(formatTick(0.25, 0.05)).toBe("0.25");
    expect(formatTick(-3, 1)).toBe("−3");
    expect(formatTick(25000, 5000)).toBe("25\u202f000");
    expect(formatTick(2e-7, 1e-7)).toBe("2×10⁻⁷");
  });
});

describe("scales", () => {
  it("invert", () => {
    for (const log of [false, true]) {
      const s = makeScale([0.1, 300], [40, 600], log);
      for (const v of [0.1, 1, 77, 300]) expect(s.invert(s(v))).toBeCloseTo(v, 8);
    }
  });
  it("have a domain even without data, with one value, or with zeros on a log axis", () => {
    expect(extent([])).toEqual([0, 1]);
    expect(extent([null, NaN, 4])).toEqual([4, 4]);
    const one = axisDomain({}, [4, 4], 0.04);
    expect(one[1]).toBeGreaterThan(one[0]);
    expect(axisDomain({ log: true }, [0, 100], 0, 2)).toEqual([2, 100]);
    expect(axisDomain({ min: 0, max: 1 }, [-5, 7], 0.1)).toEqual([0, 1]);
  });
});

describe("curves", () => {
  it("leave gaps where a value is missing", () => {
    const scales = { x: makeScale([0, 3], [0, 3]), y: makeScale([0, 1], [0, 1]) };
    expect(curvePath([0, 1, 2, 3], [0, null, 1, 1], scales)).toBe("M0.00 0.00M2.00 1.00L3.00 1.00");
  });
  it("find the nearest abscissa", () => {
    expect(nearest([], 1)).toBe(-1);
    expect(nearest([0, 1, 2, 5], 3.4)).toBe(2);
    expect(nearest([0, 1, 2, 5], 99)).toBe(3);
  });
});

describe("CSV", () => {
  it("quotes what must be quoted", () => {
    expect(csvCell('a "b", c')).toBe('"a ""b"", c"');
    expect(csvCell(null)).toBe("");
  });
  it("puts curves over one abscissa side by side, others below each other", () => {
    const figure = (second: number[]): Figure => ({
      id: "fsc", title: "FSC", note: "",
      data: { type: "curves", x: { label: "k (1/Å)" }, y: { label: "FSC" }, guides: [], curves: [{ name: "a", x: [0, 1], y: [1, 0.5] }, { name: "b", x: second, y: [0.25, 0] }] },
    });
    expect(figureCsv(figure([0, 1]))).toBe("k (1/Å),a,b\r\n0,1,0.25\r\n1,0.5,0\r\n");
    expect(figureCsv(figure([0, 2]))).toBe("curve,k (1/Å),FSC\r\na,0,1\r\na,1,0.5\r\nb,0,0.25\r\nb,2,0\r\n");
  });
  it("gives the centres of heat-map cells", () => {
    const figure: Figure = { id: "h", title: "", data: { type: "heat_map", x: { label: "x", min: 0, max: 4 }, y: { label: "y", min: 0, max: 1 }, value_label: "n", columns: 2, values: [1, 2] } };
    expect(figureCsv(figure)).toBe("x,y,n\r\n1,0.5,1\r\n3,0.5,2\r\n");
  });
});

describe("grey images", () => {
  const image = { width: 2, height: 2, pixels_base64: btoa("\x00\x40\x80\xff"), black: 0, white: 1, label: "" };
  it("decode, and refuse a wrong number of bytes", () => {
    expect([...decodeGrey(image)]).toEqual([0, 0x40, 0x80, 0xff]);
    expect(() => decodeGrey({ ...image, height: 3 })).toThrow(/2 × 3 pixels has 4 bytes instead of 6/);
  });
  it("are drawn with row 0 at the bottom", () => {
    const rgba = greyToRgba(decodeGrey(image), 2, 2);
    expect([rgba[0], rgba[4], rgba[8], rgba[12]]).toEqual([0x80, 0xff, 0, 0x40]);
    expect(greyToRgba(decodeGrey(image), 2, 2, 0x40, 0x80)[12]).toBe(0);
  });
  it("have round scale bars", () => {
    expect(scaleBarLength(282)).toBe(100);
    expect(scaleBarLength(0)).toBe(0);
  });
});

describe("formats", () => {
  it("write durations, sizes and statistics with units", () => {
    expect([0.42, 42.4, 185, 7800, 273600, NaN].map(formatDuration)).toEqual(["0.4 s", "42 s", "3 min 05 s", "2 h 10 min", "3 d 4 h", "–"]);
    expect(formatBytes(1536 * 1024 * 1024)).toBe("1.5 GiB");
    expect(splitUnit("resolution_angstrom")).toEqual({ words: "Resolution", unit: "Å" });
    expect(splitUnit("spectral_snr_to_10_angstrom")).toEqual({ words: "Spectral SNR to 10 Å", unit: "" });
    expect(formatStatistic("resolution_angstrom", 4.126)).toBe("4.13 Å");
    expect(formatStatistic("particles", 20000)).toBe("20\u202f000");
    expect(formatValue(0.00001234)).toBe("1.23×10⁻⁵");
  });
});
