/** Scales and ticks of axes. Pure functions. */

/** Maps data to pixels and back. */
export interface Scale {
  (value: number): number;
  invert(pixel: number): number;
  domain: [number, number];
  log: boolean;
}

/** A linear or base-10 logarithmic scale; a log scale needs a positive domain. */
export function makeScale(domain: [number, number], range: [number, number], log = false): Scale {
  const f = log ? Math.log10 : (v: number) => v;
  const g = log ? (v: number) => 10 ** v : (v: number) => v;
  const a = f(domain[0]);
  const b = f(domain[1]);
  const span = b - a || 1;
  const scale = ((v: number) => range[0] + ((f(v) - a) / span) * (range[1] - range[0])) as Scale;
  scale.invert = (p) => g(a + ((p - range[0]) / (range[1] - range[0] || 1)) * span);
  scale.domain = domain;
  scale.log = log;
  return scale;
}

/** Distance of neighbouring round ticks (1, 2 or 5 times a power of ten) so that about `target` fit. */
export function niceStep(min: number, max: number, target: number): number {
  const raw = (max - min) / Math.max(1, target);
  if (!(raw > 0) || !Number.isFinite(raw)) return 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return (lead <= 1.0001 ? 1 : lead <= 2.0001 ? 2 : lead <= 5.0001 ? 5 : 10) * power;
}

/** Round values inside [min, max]. */
export function niceTicks(min: number, max: number, target = 6): number[] {
  if (!(max > min) || !Number.isFinite(max - min)) return [min];
  const step = niceStep(min, max, target);
  const ticks: number[] = [];
  const last = Math.floor(max / step + 1e-9);
  for (let i = Math.ceil(min / step - 1e-9); i <= last; i++) {
    // `i * step` alone would print 0.30000000000000004
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

/** Ticks of a logarithmic axis: powers of ten, with 2 and 5 where few powers fit. */
export function logTicks(min: number, max: number): number[] {
  if (!(min > 0) || !(max > min)) return [];
  const leads = Math.log10(max / min) < 2.5 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let p = Math.floor(Math.log10(min)); p <= Math.ceil(Math.log10(max)); p++) {
    for (const lead of leads) {
      const v = Number((lead * 10 ** p).toPrecision(12));
      if (v >= min * 0.999999 && v <= max * 1.000001) ticks.push(v);
    }
  }
  return ticks;
}

const LEADS = [9, 8, 7, 6, 5, 4.5, 4, 3.5, 3, 2.8, 2.5, 2.2, 2, 1.8, 1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1];

/**
 * Round resolutions (Å) for an axis in 1/Å, at least `minGap` pixels apart.
 * Rounder numbers win: 10 is placed before 9 or 8.
 */
export function resolutionTicks(scale: Scale, minGap = 34): { k: number; angstrom: number }[] {
  const [k0, k1] = scale.domain;
  const lo = Math.max(Math.min(k0, k1), 1e-4);
  const hi = Math.max(k0, k1);
  const rank = (lead: number) => (lead === 1 ? 0 : lead === 2 || lead === 5 ? 1 : lead === 3 || lead === 4 ? 2 : lead % 1 === 0 ? 3 : lead === 1.5 || lead === 2.5 ? 3 : 4);
  const candidates: { k: number; angstrom: number; rank: number }[] = [];
  for (let power = 3; power >= -1; power--) {
    for (const lead of LEADS) {
      const angstrom = Number((lead * 10 ** power).toPrecision(6));
      const k = 1 / angstrom;
      // the first pixels of an axis that begins at zero hold all of 1/100 Å and less: leave them empty
      if (k0 === 0 && scale(k) - scale(0) < minGap / 2) continue;
      if (k >= lo * 0.9999 && k <= hi * 1.0001) candidates.push({ k, angstrom, rank: rank(lead) });
    }
  }
  candidates.sort((a, b) => a.rank - b.rank || a.k - b.k);
  const chosen: typeof candidates = [];
  for (const c of candidates) {
    if (chosen.every((d) => Math.abs(scale(d.k) - scale(c.k)) >= minGap)) chosen.push(c);
  }
  chosen.sort((a, b) => a.k - b.k);
  return chosen.map(({ k, angstrom }) => ({ k, angstrom }));
}

/** A tick's text, with as many decimals as its step needs. */
export function formatTick(value: number, step: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return powerOfTen(value);
  const decimals = Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));
  const text = value.toFixed(decimals);
  return size >= 10000 ? groupDigits(text) : text.replace("-", "−");
}

/** A number in a tooltip or table: four significant digits, no trailing zeros. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return powerOfTen(value);
  if (Number.isInteger(value)) return groupDigits(String(value));
  const text = size >= 10_000 ? value.toFixed(0) : size >= 1000 ? value.toFixed(1) : Number(value.toPrecision(4)).toString();
  return groupDigits(text);
}

/** Thin spaces between groups of three digits from 10 000 on. */
function groupDigits(text: string): string {
  const [whole = "", fraction] = text.replace("-", "−").split(".");
  const digits = whole.replace("−", "");
  const grouped = digits.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

const SUPERSCRIPTS: Record<string, string> = { "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹" };

function powerOfTen(value: number): string {
  const [mantissa = "", exponent = "0"] = value.toExponential(2).split("e");
  const m = String(Number(mantissa)).replace("-", "−");
  const e = [...String(Number(exponent))].map((c) => SUPERSCRIPTS[c] ?? c).join("");
  return m === "1" ? `10${e}` : m === "−1" ? `−10${e}` : `${m}×10${e}`;
}

/** Least and greatest finite value, or [0, 1] when there is none. */
export function extent(...lists: (readonly (number | null)[])[]): [number, number] {
  let min = Infinity;
  let max = -Infinity;
  for (const list of lists) {
    for (const v of list) {
      if (v === null || !Number.isFinite(v)) continue;
      if (v < min) min = v;
      if (v > max) max = v;
    }
  }
  return min <= max ? [min, max] : [0, 1];
}

/** Least positive finite value, or null. */
export function leastPositive(...lists: (readonly (number | null)[])[]): number | null {
  let min = Infinity;
  for (const list of lists) for (const v of list) if (v !== null && v > 0 && v < min) min = v;
  return min < Infinity ? min : null;
}

/**
 * The domain of an axis: fixed ends where they are given, else the data's, padded by `pad` of the span.
 * A log axis never reaches zero; an empty span is widened.
 */
export function axisDomain(
  axis: { min?: number | null; max?: number | null; log?: boolean },
  data: [number, number],
  pad = 0,
  leastAboveZero: number | null = null,
): [number, number] {
  let [lo, hi] = data;
  if (axis.log) {
    hi = axis.max ?? hi;
    lo = axis.min ?? (lo > 0 ? lo : (leastAboveZero ?? hi / 1e3));
    if (!(hi > 0)) return [0.1, 1];
    if (!(lo > 0) || lo >= hi) lo = hi / 10;
    return [lo, hi];
  }
  const span = hi - lo || Math.abs(hi) || 1;
  lo = axis.min ?? lo - pad * span;
  hi = axis.max ?? hi + pad * span;
  if (!(hi > lo)) {
    const half = Math.abs(lo) * 0.5 || 0.5;
    return [lo - half, lo + half];
  }
  return [lo, hi];
}
