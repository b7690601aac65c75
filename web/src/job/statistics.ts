/** How the numbers of a job's result are called and what they mean. Names that are not here are spelt out from their field. */
import { formatStatistic, splitUnit } from "../api/format";

interface Meaning {
  title: string;
  help: string;
  /** Unit where the field's name does not hold it. */
  unit?: string;
}

const MEANINGS: Record<string, Meaning> = {
  resolution_angstrom: { title: "Resolution", help: "Where the corrected Fourier shell correlation of the two half maps falls below 0.143." },
  resolution_at_half_angstrom: { title: "Resolution at FSC 0.5", help: "Where the corrected Fourier shell correlation of the half maps falls below 0.5." },
  resolution_unmasked_angstrom: { title: "Resolution without mask", help: "Where the half maps' correlation over the whole box falls below 0.143." },
  half_map_resolution_angstrom: { title: "Half-map resolution", help: "Resolution of the half maps after the last iteration shown; the line is its course." },
  mean_log_likelihood: { title: "Likelihood gain per image", unit: "nats", help: "How much better the map explains an image than noise alone, as a mean over the particles." },
  mask_volume_angstrom3: { title: "Volume of the mask", help: "Volume inside of the mask within which the half maps are compared." },
  held_out_support_sigma: { title: "Support by unused images", unit: "σ", help: "By how many standard errors images that had no part in a map fit it better than noise would. Below about 5 a map is not to be trusted." },
  median_rotation_sigma_deg: { title: "Orientation uncertainty", help: "How precisely the images determine their orientations: median standard deviation." },
  median_shift_sigma_angstrom: { title: "Shift uncertainty", help: "How precisely the images determine their centres: median standard deviation." },
  b_factor_angstrom2: { title: "B-factor", help: "Fall-off of the map that sharpening undoes, from the Guinier plot." },
  iterations: { title: "Iterations", help: "Iterations until the result no longer changed." },
  particles: { title: "Particles", help: "Particles that went into the result." },
  starts: { title: "Random starts", help: "Independent attempts from random maps." },
  agreeing_starts: { title: "Starts that agree", help: "How many other random starts found the same map as the chosen one. 0 means: look at the map with doubt, or use more starts." },
  compared_resolution_angstrom: { title: "Resolution of the search", help: "Finest detail with which poses were looked for. It is not the resolution of the map." },
  log_evidence: { title: "Log evidence per image", unit: "nats", help: "How much better the maps explain an image than noise alone; the line is its course." },
  held_out_log_evidence: { title: "Evidence on unused images", unit: "nats", help: "How much better the map explains images that had no part in it than noise alone." },
  specimen_diameter_angstrom: { title: "Specimen diameter", help: "Largest extent of the density that was imaged." },
  spectral_snr_to_10_angstrom: { title: "Spectral SNR to 10 Å", help: "Signal power over noise power, summed over the spatial frequencies up to 1/(10 Å)." },
  mean_defocus_angstrom: { title: "Mean defocus", help: "Mean over all particles; underfocus is positive." },
  mask_fraction: { title: "Share inside the mask", help: "Share of the box that the mask lets through." },
  box_size_px: { title: "Box size", help: "Edge of the images." },
  pixel_size_angstrom: { title: "Pixel size", help: "Edge of a pixel of the images." },
  voxel_size_angstrom: { title: "Voxel size", help: "Edge of a voxel of the map." },
  warnings: { title: "Warnings", help: "Things in the file that deserve a look; the event log names them." },
};

const SHARE = /^share_(\d+)$/;

/** Title and explanation of a number. */
export function meaning(name: string): { title: string; help: string } {
  const known = MEANINGS[name];
  if (known) return known;
  const share = SHARE.exec(name);
  if (share) return { title: `Share of class ${share[1]}`, help: "Share of the particles that belong to this class." };
  return { title: splitUnit(name).words, help: "" };
}

/** A number with its unit. */
export function statisticText(name: string, value: number): string {
  if (SHARE.test(name)) return `${(100 * value).toFixed(1)} %`;
  const unit = MEANINGS[name]?.unit;
  return unit ? `${formatStatistic(name, value)}\u00a0${unit}` : formatStatistic(name, value);
}

const FIRST = ["resolution_angstrom", "resolution_at_half_angstrom", "resolution_unmasked_angstrom"];

/** The numbers that are shown, the most telling first. The share of an only class says nothing. */
export function shown(values: Iterable<[string, number]>): [string, number][] {
  const list = [...values];
  const shares = list.filter(([name]) => SHARE.test(name)).length;
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return list.filter(([name]) => name !== "seed" && !(shares === 1 && SHARE.test(name))).sort(([a], [b]) => rank(a) - rank(b));
}
