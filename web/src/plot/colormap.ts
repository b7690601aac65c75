/** Colour scale of heat maps: dark blue over green to yellow, even in lightness, safe for colour-blind eyes. */

// anchors at equal distances, between which sRGB is interpolated
const ANCHORS: [number, number, number][] = [
  [13, 19, 51], [36, 45, 105], [33, 84, 135], [25, 121, 143], [39, 157, 133], [98, 189, 104], [178, 212, 72], [250, 231, 85],
];

/** Colour for t in [0, 1] as bytes; values outside are clamped. */
export function colour(t: number): [number, number, number] {
  const u = Math.min(1, Math.max(0, Number.isFinite(t) ? t : 0)) * (ANCHORS.length - 1);
  const i = Math.min(ANCHORS.length - 2, Math.floor(u));
  const f = u - i;
  const a = ANCHORS[i]!;
  const b = ANCHORS[i + 1]!;
  return [0, 1, 2].map((c) => Math.round(a[c]! + (b[c]! - a[c]!) * f)) as [number, number, number];
}
