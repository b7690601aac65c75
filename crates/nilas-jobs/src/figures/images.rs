//! Grey images: slices, projections, particles.

use super::{figure, with_note};
use nilas_model::figure::GreyImage;
use nilas_model::{Figure, FigureData};

/// Longest edge of an image in a figure; larger ones are averaged down.
const MAX_EDGE: usize = 160;

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .enumerate()
            .fold(0u32, |w, (i, b)| w | u32::from(*b) << (16 - 8 * i));
        for i in 0..4 {
            if i <= chunk.len() {
                text.push(ALPHABET[(word >> (18 - 6 * i)) as usize & 63] as char);
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// A grey image of `data` (row 0 first, `width` columns), averaged down to a size fit for a page and
/// scaled between the 0.5 and 99.5 percentiles. Infinite and undefined values are drawn black.
pub fn grey_image(data: &[f32], width: usize, label: &str) -> GreyImage {
    let height = data.len().checked_div(width).unwrap_or(0);
    let bin = width.max(height).div_ceil(MAX_EDGE).max(1);
    let (w, h) = (width / bin, height / bin);
    let mut small = vec![0.0f32; w * h];
    for (y, row) in small.chunks_exact_mut(w.max(1)).enumerate() {
        for (x, value) in row.iter_mut().enumerate() {
            let mut sum = 0.0;
            for dy in 0..bin {
                let start = (y * bin + dy) * width + x * bin;
                sum += data[start..start + bin].iter().sum::<f32>();
            }
            *value = sum / (bin * bin) as f32;
        }
    }
    let mut sorted: Vec<f32> = small.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let at = |fraction: f64| {
        sorted.get(((sorted.len() as f64 * fraction) as usize).min(sorted.len().saturating_sub(1)))
    };
    let black = at(0.005).copied().unwrap_or(0.0);
    let white = at(0.995).copied().unwrap_or(1.0);
    let scale = if white > black {
        255.0 / (white - black)
    } else {
        0.0
    };
    let pixels: Vec<u8> = small
        .iter()
        .map(|v| ((v - black) * scale).clamp(0.0, 255.0).round() as u8)
        .collect();
    GreyImage {
        width: w as u32,
        height: h as u32,
        pixels_base64: base64(&pixels),
        black: f64::from(black),
        white: f64::from(white),
        label: label.to_owned(),
    }
}

/// Images side by side.
pub fn montage(id: &str, title: &str, images: Vec<GreyImage>, pixel_size_angstrom: Option<f64>) -> Figure {
    figure(
        id,
        title,
        FigureData::Montage {
            images,
            pixel_size_angstrom,
        },
    )
}

/// Pixel size of a drawn image of a box of `n` pixels.
fn drawn_pixel_size(n: usize, voxel_size_angstrom: f64) -> f64 {
    voxel_size_angstrom * n.div_ceil(MAX_EDGE).max(1) as f64
}

/// The three central slices of a map of shape `[z][y][x]` with edge `n`.
pub fn orthogonal_slices(id: &str, title: &str, map: &[f32], n: usize, voxel_size_angstrom: f64) -> Figure {
    let c = n / 2;
    let at = |z: usize, y: usize, x: usize| map[(z * n + y) * n + x];
    let plane = |f: &dyn Fn(usize, usize) -> f32| -> Vec<f32> {
        (0..n)
            .flat_map(|row| (0..n).map(move |column| (row, column)))
            .map(|(row, column)| f(row, column))
            .collect()
    };
    let images = vec![
        grey_image(&plane(&|y, x| at(c, y, x)), n, "xy (x right, y up)"),
        grey_image(&plane(&|z, x| at(z, c, x)), n, "xz (x right, z up)"),
        grey_image(&plane(&|z, y| at(z, y, c)), n, "yz (y right, z up)"),
    ];
    montage(id, title, images, Some(drawn_pixel_size(n, voxel_size_angstrom)))
}

/// Sums of a map of shape `[z][y][x]` along its three axes.
pub fn projections(id: &str, title: &str, map: &[f32], n: usize, voxel_size_angstrom: f64) -> Figure {
    let mut along = [vec![0.0f32; n * n], vec![0.0f32; n * n], vec![0.0f32; n * n]];
    for z in 0..n {
        for y in 0..n {
            let row = &map[(z * n + y) * n..][..n];
            for (x, value) in row.iter().enumerate() {
                along[0][y * n + x] += value;
                along[1][z * n + x] += value;
            }
            along[2][z * n + y] += row.iter().sum::<f32>();
        }
    }
    let labels = [
        "along z (x right, y up)",
        "along y (x right, z up)",
        "along x (y right, z up)",
    ];
    let images = along
        .iter()
        .zip(labels)
        .map(|(image, label)| grey_image(image, n, label))
        .collect();
    let made = montage(id, title, images, Some(drawn_pixel_size(n, voxel_size_angstrom)));
    with_note(made, "Sums of the density along the three axes of the map.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_vectors_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn projections_keep_the_sum_and_large_images_shrink() {
        let n = 6;
        let mut map = vec![0.0f32; n * n * n];
        map[(n + 2) * n + 3] = 1.0; // z 1, y 2, x 3
        let FigureData::Montage { images, .. } = projections("p", "", &map, n, 1.0).data else {
            panic!("not a montage");
        };
        assert!(images.iter().all(|i| i.width == 6 && i.height == 6));
        let big = grey_image(&vec![1.0; 500 * 500], 500, "");
        assert!(big.width <= 160 && big.height == big.width);
        let with_nan = grey_image(&[f32::NAN, 1.0, 2.0, 3.0], 2, "");
        assert!(with_nan.black.is_finite() && with_nan.white.is_finite());
    }
}
