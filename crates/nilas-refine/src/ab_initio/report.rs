//! What a run tells.

use nilas_geometry::Rotation;

/// One iteration, for traces and live pictures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IterationReport {
    /// Random start, from 0.
    pub start: usize,
    /// Iteration of that start, from 0.
    pub iteration: usize,
    /// Iterations that this start will have.
    pub iterations: usize,
    /// Resolution that was compared, Å.
    pub resolution_angstrom: f64,
    /// Images used.
    pub images: usize,
    /// Mean log evidence per image over that of an empty map, nats.
    pub log_evidence: f64,
    /// Mean entropy of the posteriors, nats.
    pub entropy: f64,
    /// Share of each class.
    pub class_shares: Vec<f64>,
    /// Fourier shell correlation of the two interleaved halves of each class, per Fourier pixel from 0. The halves share
    /// their reference: a sign of convergence, not of resolution.
    pub half_fsc: Vec<Vec<f64>>,
    /// Noise variance per ring relative to the background's.
    pub noise: Vec<f32>,
    /// Side of the maps below, voxels.
    pub map_size: usize,
    /// Voxel size of the maps below, Å.
    pub map_voxel_size_angstrom: f64,
    /// Current maps of shape `[z][y][x]`.
    pub maps: Vec<Vec<f32>>,
    /// Best pose of each image of the batch.
    pub poses: Vec<Rotation>,
}

/// How one random start did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeedReport {
    /// Random start, from 0.
    pub start: usize,
    /// Mean log evidence per held-out image over that of an empty map, nats.
    pub held_out_log_evidence: f64,
    /// Its standard error, nats.
    pub standard_error: f64,
    /// The same for the spherical average of the start's maps, nats.
    pub sphere_log_evidence: f64,
    /// Mean entropy of the held-out posteriors, nats.
    pub entropy: f64,
    /// Resolution at which the aligned map of this start agrees with the chosen one's (FSC 0.5), Å; none where it
    /// could not be measured or for the chosen one.
    pub agreement_angstrom: Option<f64>,
}

/// A map with its statistics.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassResult {
    /// Side of the map, voxels: the images' box.
    pub n: usize,
    /// Voxel size, Å.
    pub voxel_size_angstrom: f64,
    /// Values of shape `[z][y][x]`.
    pub map: Vec<f32>,
    /// Share of the particles, 0 to 1.
    pub share: f64,
    /// Correlation of the interleaved halves per Fourier pixel from 0; see [`IterationReport::half_fsc`].
    pub half_fsc: Vec<f64>,
}

/// How far two halves of the particles agree that were refined apart from the finished maps at low resolution.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HalfSets {
    /// Resolution of the maps that both halves began with, Å. Agreement beyond it is their own.
    pub shared_angstrom: f64,
    /// Where their correlation falls below 0.143, Å; at best the resolution that was compared.
    pub resolution_angstrom: f64,
    /// Fourier shell correlation of the largest class's two maps (inside the particle's sphere) per Fourier pixel from
    /// 0 to the last that was compared.
    pub correlation: Vec<f64>,
}

/// What is known of one particle.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticleResult {
    /// Pose A: image from volume.
    pub rotation: Rotation,
    /// Translation to apply to the image to centre the particle, Å.
    pub shift_angstrom: [f64; 2],
    /// Most likely class.
    pub class: usize,
    /// Posterior of each class.
    pub class_posterior: Vec<f32>,
    /// Log evidence over that of an empty map, nats.
    pub log_evidence: f32,
    /// Entropy of the pose posterior, nats.
    pub entropy: f32,
}

/// Factor in resolution by which halves must get beyond what they shared.
const BEYOND: f64 = 1.3;

/// What looks wrong about a finished run (algorithms.md 7, failure detectors).
pub(super) fn warnings(
    starts: &[SeedReport],
    chosen: usize,
    particles: &[ParticleResult],
    classes: &[ClassResult],
    halves: &HalfSets,
) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(best) = starts.iter().find(|s| s.start == chosen) {
        let gain = best.held_out_log_evidence - best.sphere_log_evidence;
        if gain < 3.0 * best.standard_error {
            out.push(format!(
                "The map explains particles it has not seen hardly better than a sphere does ({gain:.2} ± {:.2} nats per \
                 image): it may be wrong. Look at the particles, the defocus values and the diameter.",
                best.standard_error
            ));
        }
    }
    if halves.resolution_angstrom * BEYOND > halves.shared_angstrom {
        out.push(format!(
            "Two halves of the particles, refined apart from this map at {:.0} Å, agree only to {:.0} Å: the map is \
             mostly fitted noise. Look at the particles, the defocus values, the diameter and the symmetry; more starts or \
             particles may help.",
            halves.shared_angstrom, halves.resolution_angstrom
        ));
    }
    let others: Vec<f64> = starts
        .iter()
        .filter(|s| s.start != chosen)
        .map(|s| s.agreement_angstrom.unwrap_or(f64::INFINITY))
        .collect();
    if others.is_empty() {
        out.push(
            "There was only one random start: nothing shows that others would find the same map. Use several before you \
             believe it."
                .into(),
        );
    } else if others.iter().all(|a| *a > 20.0) {
        out.push(
            "No other random start found the same map to 20 Å: it may be wrong. Run again with more starts or iterations, and compare."
                .into(),
        );
    }
    const AZIMUTHS: usize = 24;
    const ELEVATIONS: usize = 12;
    let poses: Vec<Rotation> = particles.iter().map(|p| p.rotation).collect();
    let mut views = nilas_geometry::sphere::view_histogram(&poses, AZIMUTHS, ELEVATIONS);
    views.sort_by(|a, b| b.total_cmp(a));
    let total: f64 = views.iter().sum();
    let few = views.len().div_ceil(20);
    if total > 0.0 && views[..few].iter().sum::<f64>() > 0.8 * total {
        out.push("More than 80 % of the particles were given views within 5 % of the sphere.".into());
    }
    for (k, class) in classes.iter().enumerate() {
        if spherical_share(&class.map, class.n) > 0.95 {
            out.push(format!("Map {k} is nearly spherical: it shows no structure."));
        }
    }
    out
}

/// Share of a map's variance inside the inscribed sphere that its mean over shells explains.
fn spherical_share(map: &[f32], n: usize) -> f64 {
    let half = (n / 2) as f64;
    let mut shells = vec![[0.0f64; 3]; n];
    for (i, v) in map.iter().enumerate() {
        let r2: f64 = [i % n, i / n % n, i / (n * n)]
            .iter()
            .map(|v| (*v as f64 - half).powi(2))
            .sum();
        let shell = r2.sqrt().round() as usize;
        if shell < n / 2 {
            let v = f64::from(*v);
            shells[shell][0] += 1.0;
            shells[shell][1] += v;
            shells[shell][2] += v * v;
        }
    }
    let all = shells
        .iter()
        .fold([0.0f64; 3], |a, s| [a[0] + s[0], a[1] + s[1], a[2] + s[2]]);
    let variance = all[2] - all[1] * all[1] / all[0].max(1.0);
    let within: f64 = shells
        .iter()
        .filter(|s| s[0] > 0.0)
        .map(|s| s[2] - s[1] * s[1] / s[0])
        .sum();
    if variance > 0.0 {
        1.0 - within / variance
    } else {
        1.0
    }
}
