/** Reads the MRC maps that the server sends to the viewer: mode 2, 32-bit float. */

/** A map: `data[(z * ny + y) * nx + x]`. */
export interface DensityMap {
  nx: number;
  ny: number;
  nz: number;
  /** Å per voxel along x. */
  voxelSize: number;
  data: Float32Array;
  min: number;
  max: number;
  mean: number;
  /** Standard deviation. */
  sigma: number;
}

const HEADER = 1024;

/** Reads a little- or big-endian MRC2014 map of mode 2. Throws an Error that says what is wrong. */
export function parseMrc(buffer: ArrayBuffer): DensityMap {
  if (buffer.byteLength < HEADER) throw new Error(`the file has ${buffer.byteLength} bytes, fewer than an MRC header`);
  const view = new DataView(buffer);
  const little = view.getUint8(212) !== 0x11;
  const int = (word: number) => view.getInt32(word * 4, little);
  const real = (word: number) => view.getFloat32(word * 4, little);
  const [nx, ny, nz, mode] = [int(0), int(1), int(2), int(3)];
  if (mode !== 2) throw new Error(`MRC mode ${mode}: the viewer reads 32-bit float maps (mode 2)`);
  if (!(nx > 0 && ny > 0 && nz > 0 && nx <= 4096 && ny <= 4096 && nz <= 4096)) throw new Error(`MRC header gives an impossible size ${nx} × ${ny} × ${nz}`);
  const start = HEADER + Math.max(0, int(23));
  const count = nx * ny * nz;
  if (buffer.byteLength < start + count * 4) {
    throw new Error(`the map is cut short: ${nx} × ${ny} × ${nz} voxels need ${start + count * 4} bytes, the file has ${buffer.byteLength}`);
  }
  let data: Float32Array;
  if (little && start % 4 === 0) data = new Float32Array(buffer, start, count);
  else {
    data = new Float32Array(count);
    for (let i = 0; i < count; i++) data[i] = view.getFloat32(start + i * 4, little);
  }
  const mx = int(7);
  const voxelSize = mx > 0 && real(10) > 0 ? real(10) / mx : 1;
  let [min, max, sum, square] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < count; i++) {
    const v = data[i]!;
    if (!Number.isFinite(v)) throw new Error(`voxel ${i} of the map is not a finite number`);
    if (v < min) min = v;
    if (v > max) max = v;
    sum += v;
    square += v * v;
  }
  const mean = sum / count;
  return { nx, ny, nz, voxelSize, data, min, max, mean, sigma: Math.sqrt(Math.max(0, square / count - mean * mean)) };
}

/** Value above which a fraction `1 - q` of the voxels lies, from a histogram of 4096 bins. */
export function quantile(map: DensityMap, q: number): number {
  const bins = new Uint32Array(4096);
  const gain = 4095 / (map.max - map.min || 1);
  for (let i = 0; i < map.data.length; i++) bins[Math.floor((map.data[i]! - map.min) * gain)]!++;
  let left = q * map.data.length;
  for (let b = 0; b < 4096; b++) {
    left -= bins[b]!;
    if (left <= 0) return map.min + (b + 0.5) / gain;
  }
  return map.max;
}

/** Volume in Å³ of the voxels at or above a value. */
export function enclosedVolume(map: DensityMap, threshold: number): number {
  let n = 0;
  for (let i = 0; i < map.data.length; i++) if (map.data[i]! >= threshold) n++;
  return n * map.voxelSize ** 3;
}

/** Mass of protein that fills a volume, at 1.21 Å³/Da (0.73 cm³/g). */
export function proteinMassKda(volumeCubicAngstrom: number): number {
  return volumeCubicAngstrom / 1.21 / 1000;
}
