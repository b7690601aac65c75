/** How numbers, times and sizes are written in the app. */
import { formatValue } from "../plot/scale";

/** Bytes with a binary unit: `1.4 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** A duration: `0.4 s`, `42 s`, `3 min 05 s`, `2 h 10 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

/** A point in time: the clock for today, else date and clock, in the reader's zone. */
export function formatTime(ms: number, now = Date.now()): string {
  const date = new Date(ms);
  const clock = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  return new Date(now).toDateString() === date.toDateString() ? clock : `${date.toLocaleDateString("sv")} ${clock}`;
}

const UNITS: [suffix: string, unit: string][] = [
  ["_angstrom_per_pixel", "Å/px"], ["_square_angstrom", "Å²"], ["_cubic_angstrom", "Å³"], ["_angstrom2", "Å²"], ["_angstrom3", "Å³"], ["_angstrom", "Å"], ["_deg", "°"], ["_rad", "rad"],
  ["_kv", "kV"], ["_mm", "mm"], ["_kda", "kDa"], ["_bytes", "B"], ["_px", "px"], ["_percent", "%"], ["_s", "s"], ["_a2", "Å²"],
];

/** Splits a field name into words and its unit: `resolution_angstrom` -> `resolution`, `Å`. */
export function splitUnit(name: string): { words: string; unit: string } {
  for (const [suffix, unit] of UNITS) {
    if (!name.endsWith(suffix) || name.length === suffix.length) continue;
    // a suffix after a number belongs to that number: `fsc_at_8_angstrom` is a bare value at 8 Å
    if (/_\d+$/.test(name.slice(0, -suffix.length))) return { words: `${spaced(name.slice(0, -suffix.length))} ${unit}`, unit: "" };
    return { words: spaced(name.slice(0, -suffix.length)), unit };
  }
  return { words: spaced(name), unit: "" };
}

const ACRONYMS = new Map([["fsc", "FSC"], ["ctf", "CTF"], ["snr", "SNR"], ["ssnr", "SSNR"], ["b", "B"], ["3d", "3D"], ["2d", "2D"]]);

function spaced(name: string): string {
  const words = name.split("_").map((w) => ACRONYMS.get(w) ?? w).join(" ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A statistic's value with its unit. */
export function formatStatistic(name: string, value: number): string {
  const { unit } = splitUnit(name);
  if (unit === "B") return formatBytes(value);
  if (unit === "s") return formatDuration(value);
  if (unit === "Å" && /^(pixel|voxel)_size_/.test(name)) return `${Number(value.toFixed(4))} Å`;
  if (unit === "Å") return Math.abs(value) >= 1000 ? `${formatValue(Math.round(value))} Å` : `${value.toFixed(2)} Å`;
  return unit === "°" || unit === "%" ? `${formatValue(value)}${unit}` : `${formatValue(value)}${unit && ` ${unit}`}`;
}

/** `1 particle`, `5 000 particles`. */
export function count(n: number, noun: string): string {
  return `${formatValue(n)} ${noun}${n === 1 ? "" : "s"}`;
}
