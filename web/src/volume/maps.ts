/** Which files of a job are maps. Apart from the viewer, so that the viewer loads only when it is opened. */
import type { JobInfo } from "../api/model";

/** A map file of a job's outputs. */
export interface MapFile {
  /** Job whose directory holds it. */
  job: string;
  /** Path relative to that directory. */
  path: string;
  label: string;
}

const WORDS: Record<string, string> = {
  map: "map", map_sharp: "sharpened map", map_half_A: "half map A", map_half_B: "half map B", mask: "mask",
  mask_refine: "mask of the references", mask_fsc: "mask of the FSC",
};

/** Maps and masks among the outputs of a job; the main map of each output first. */
export function mapFiles(job: JobInfo): MapFile[] {
  const found: MapFile[] = [];
  for (const output of job.result?.outputs ?? []) {
    if (output.kind !== "volume" && output.kind !== "mask") continue;
    for (const file of output.files ?? []) {
      if (!/\.(mrc|map)$/i.test(file)) continue;
      const [, owner, path] = /^(J\d+)\/(.+)$/.exec(file) ?? [];
      const name = file.slice(file.lastIndexOf("/") + 1).replace(/\.(mrc|map)$/i, "").replace(/^J\d+_/, "");
      // `J3_volume_map_half_A.mrc` of the output `volume` is its `map_half_A`
      const slot = name.startsWith(`${output.name}_`) ? name.slice(output.name.length + 1) : name;
      found.push({ job: owner ?? job.id, path: path ?? file, label: `${output.title || output.name}: ${WORDS[slot] ?? slot.replaceAll("_", " ")}` });
    }
  }
  return found;
}
