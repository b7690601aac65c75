/** Grey images of figures: base64 bytes, row 0 at the bottom. */
import type { GreyImage } from "../api/model";

/** The bytes of an image, row 0 first. Throws when their number does not fit `width * height`. */
export function decodeGrey(image: GreyImage): Uint8Array {
  const binary = atob(image.pixels_base64);
  const expected = image.width * image.height;
  if (binary.length !== expected) {
    throw new Error(`image of ${image.width} × ${image.height} pixels has ${binary.length} bytes instead of ${expected}`);
  }
  const bytes = new Uint8Array(expected);
  for (let i = 0; i < expected; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * RGBA pixels for a canvas, top row first (MRC images have row 0 at the bottom).
 * `low` and `high` are the bytes shown as black and white.
 */
export function greyToRgba(bytes: Uint8Array, width: number, height: number, low = 0, high = 255): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(width * height * 4);
  const gain = 255 / Math.max(1, high - low);
  for (let row = 0; row < height; row++) {
    const source = (height - 1 - row) * width;
    for (let column = 0; column < width; column++) {
      const v = (bytes[source + column]! - low) * gain;
      const o = (row * width + column) * 4;
      out[o] = v;
      out[o + 1] = v;
      out[o + 2] = v;
      out[o + 3] = 255;
    }
  }
  return out;
}

/** A round length (Å) for a scale bar that covers at most `fraction` of an image `widthAngstrom` wide. */
export function scaleBarLength(widthAngstrom: number, fraction = 0.4): number {
  const limit = widthAngstrom * fraction;
  if (!(limit > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(limit));
  for (const lead of [5, 2, 1]) if (lead * power <= limit * 1.0001) return lead * power;
  return power;
}

/** A length in Å, from 1000 Å on in nm. */
export function formatLength(angstrom: number): string {
  return angstrom >= 1000 ? `${Number((angstrom / 10).toPrecision(3))} nm` : `${Number(angstrom.toPrecision(3))} Å`;
}
