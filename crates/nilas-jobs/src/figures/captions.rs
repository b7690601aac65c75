//! One sentence for each figure that says what it shows and how to read it, where the job type gives none of its own.

use nilas_model::Figure;

/// By the figure's id without the numbers at its end (classes, iterations).
const CAPTIONS: &[(&str, &str)] = &[
    (
        "slices",
        "Cuts through the middle of the map, across its three axes; protein is white.",
    ),
    (
        "slices_sharp",
        "The same cuts after sharpening: the fall-off of fine detail is undone up to the resolution, and everything beyond is cut.",
    ),
    (
        "slices_mask",
        "Where the half maps are compared: white is inside, grey the soft edge, black outside.",
    ),
    (
        "truth_slices",
        "Cuts through the middle of the density that was imaged, across its three axes.",
    ),
    (
        "half_map_slices",
        "Cuts through one of the two independent half maps: its grain is the noise that the merged map averages out.",
    ),
    (
        "sample_particles",
        "Single images as they are stored, with their noise and contrast transfer.",
    ),
    (
        "defocus",
        "Mean of the two defoci of each particle. A spread fills the zeros of one contrast transfer with the maxima of others.",
    ),
    ("checks", "What was looked at in the file, and what was found."),
    (
        "expected_correlation",
        "How well the merged map should agree with a perfect one, shell by shell: √(2 FSC / (1 + FSC)) of the corrected curve of \
         the half maps.",
    ),
    (
        "resolution_trace",
        "Resolution of the half maps after each iteration, and the finest detail that poses were looked for with, which must not run \
         ahead of it.",
    ),
    (
        "rotation_trace",
        "How far orientations turned in each iteration, and how sharply the images determine them. It has converged when the change is \
         small against the width.",
    ),
    (
        "shift_trace",
        "How far particles were shifted in each iteration, and how sharply the images determine it.",
    ),
    (
        "likelihood_trace",
        "How much better the map explains an image than noise alone, as a mean over the particles: it should rise and level off.",
    ),
    (
        "audit_trace",
        "Some particles are searched over all orientations once more: the share that has a clearly better pose elsewhere. It should \
         fall towards 0.",
    ),
    (
        "scale",
        "Contrast of each particle against the mean. Thick ice and carbon lower it; a second hump may be another kind of particle.",
    ),
    (
        "rotation_sigma",
        "How precisely each image determines its orientation (standard deviation of the posterior): smaller is better.",
    ),
    (
        "shift_sigma",
        "How precisely each image determines its centre (standard deviation of the posterior): smaller is better.",
    ),
    (
        "posterior",
        "Probability of each particle's pose among all that were found for it: near 1 it has no rival.",
    ),
    (
        "likelihood",
        "How much better the map explains each image than noise alone. Images at the low end are often junk.",
    ),
    (
        "evidence",
        "How much better the maps explain an image than noise alone, as a mean over the images: it should rise and level off. One line \
         for each random start; the best one goes on alone.",
    ),
    (
        "evidence_histogram",
        "How much better the maps explain each image than noise alone. Images at the low end are often junk.",
    ),
    (
        "posterior_width",
        "How undecided the poses are. It falls as the map becomes clear; a curve that stays high has found no consistent poses.",
    ),
    (
        "resolution",
        "The finest detail that poses are looked for with; it becomes finer step by step.",
    ),
    (
        "class_posterior",
        "Probability of each particle's best class: near 1 the classes are told apart well.",
    ),
    (
        "class_shares",
        "How the particles are shared out over the classes.",
    ),
    (
        "class_similarity",
        "Correlation of the classes' maps with each other, without turning them. Classes that are all alike have nothing to tell apart.",
    ),
    (
        "starts",
        "Each random start by how well it explains images that it has not used; the best one is continued.",
    ),
];

/// The figure with a sentence that explains it: its own note, or that of its kind before what the note says.
pub fn explained(mut figure: Figure) -> Figure {
    let stem = figure.id.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = stem.strip_suffix('_').unwrap_or(stem);
    if let Some((_, caption)) = CAPTIONS.iter().find(|(name, _)| *name == stem)
        && (figure.note.is_empty() || is_count(&figure.note))
    {
        figure.note = format!("{caption} {}", figure.note).trim_end().to_owned();
    }
    figure
}

/// Whether a note says only how many values there are.
fn is_count(note: &str) -> bool {
    note.strip_suffix(" values.")
        .is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{figure, histogram, with_note};
    use nilas_model::FigureData;

    fn empty(id: &str) -> Figure {
        let data = FigureData::Table {
            columns: Vec::new(),
            rows: Vec::new(),
        };
        figure(id, "", data)
    }

    #[test]
    fn a_caption_is_found_by_the_kind_and_own_words_stay() {
        let plain = explained(empty("slices")).note;
        assert!(plain.starts_with("Cuts through the middle of the map"), "{plain}");
        for id in ["slices_0", "slices_12", "slices_003"] {
            assert_eq!(explained(empty(id)).note, plain, "{id}");
        }
        assert_ne!(explained(empty("slices_mask")).note, plain);
        let own = with_note(empty("slices"), "Of the third class.");
        assert_eq!(explained(own.clone()), own);
        let counted = explained(histogram("scale", "", "", &[1.0, 2.0], 3, &[])).note;
        assert!(
            counted.starts_with("Contrast") && counted.ends_with(" 2 values."),
            "{counted}"
        );
        assert_eq!(explained(empty("something_else")).note, "");
    }

    #[test]
    fn captions_are_sentences_and_named_once() {
        for (i, (name, caption)) in CAPTIONS.iter().enumerate() {
            assert!(
                CAPTIONS[..i].iter().all(|(other, _)| other != name),
                "{name} twice"
            );
            assert!(
                caption.ends_with('.') && caption.len() < 220 && !caption.contains("  "),
                "{caption}"
            );
        }
    }
}
