//! Times the simulator on an atomic model and prints one JSON object.
//! `cargo run --release -p nilas-simulate --example simulate_speed -- [MODEL.pdb] [count] [box] [pixel Å] [SNR] [box|disc]`
//! Without a model the built-in demonstration molecule of 200 kDa is used.

use nilas_simulate::{
    Atom, Element, Molecule, SimulateError, Simulation, SimulationParams, SnrRegion, Specimen, demo_molecule,
};

/// Just enough of the fixed-column PDB format for a benchmark.
fn read_pdb(path: &str) -> std::io::Result<Molecule> {
    let text = std::fs::read_to_string(path)?;
    let number =
        |line: &str, from: usize, to: usize| line.get(from..to).and_then(|s| s.trim().parse::<f64>().ok());
    let atoms = text
        .lines()
        .filter(|line| line.starts_with("ATOM"))
        .filter_map(|line| {
            let position_angstrom = [
                number(line, 30, 38)?,
                number(line, 38, 46)?,
                number(line, 46, 54)?,
            ];
            let symbol = line
                .get(76..78)
                .filter(|s| !s.trim().is_empty())
                .or(line.get(13..14))?;
            Some(Atom {
                element: Element::from_symbol(symbol).ok()?,
                position_angstrom,
                b_factor: number(line, 60, 66).unwrap_or(50.0),
                occupancy: number(line, 54, 60).unwrap_or(1.0),
            })
        })
        .collect();
    Ok(Molecule { atoms })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let molecule = match arguments.first() {
        Some(path) => read_pdb(path)?,
        None => demo_molecule(200.0, 1),
    };
    let number = |i: usize, default: f64| arguments.get(i).and_then(|s| s.parse().ok()).unwrap_or(default);
    let params = SimulationParams {
        count: number(1, 500.0) as usize,
        box_size: number(2, 128.0) as usize,
        pixel_size_angstrom: number(3, 2.0),
        snr: number(4, 0.1),
        snr_region: if arguments.get(5).is_some_and(|s| s == "disc") {
            SnrRegion::ParticleDisc
        } else {
            SnrRegion::FullBox
        },
        ..Default::default()
    };
    let (atoms, mass) = (molecule.atoms.len(), molecule.mass_da() / 1e3);
    let start = std::time::Instant::now();
    let simulation = Simulation::new(vec![Specimen::molecule(molecule)], params)?;
    let prepare = start.elapsed().as_secs_f64();
    let map = simulation.truth_map(0)?;
    let truth_map = start.elapsed().as_secs_f64() - prepare;
    let mut count = 0;
    simulation.generate::<SimulateError>(256, |_, _, truths| {
        count += truths.len();
        Ok(())
    })?;
    let images = start.elapsed().as_secs_f64() - prepare - truth_map;
    let mut snr: Vec<f64> = (0..simulation.len().min(50))
        .map(|i| simulation.spectral_snr(i, 8.0))
        .collect::<Result<_, _>>()?;
    snr.sort_by(f64::total_cmp);
    println!(
        "{{\"atoms\": {atoms}, \"kda\": {mass:.1}, \"diameter_angstrom\": {:.1}, \"threads\": {}, \"prepare_s\": {prepare:.2}, \"truth_map_s\": {truth_map:.2}, \"map_max\": {:.4}, \"images\": {count}, \"images_s\": {images:.2}, \"ms_per_image\": {:.3}, \"snr2_to_8_angstrom_median\": {:.1}}}",
        simulation.diameter_angstrom(),
        rayon::current_num_threads(),
        map.data.iter().fold(0.0f32, |m, v| m.max(*v)),
        images / count as f64 * 1e3,
        snr[snr.len() / 2],
    );
    Ok(())
}
