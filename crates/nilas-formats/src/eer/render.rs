//! Electrons to counts.

use super::decode::Electron;
use crate::movie::Pixels;
use rayon::prelude::*;

/// Bytes of the image that one core draws at a time, for all lists: they stay in its cache.
const BAND_BYTES: usize = 256 << 10;

/// A pixel that can be counted up.
trait Count: Copy + Send {
    fn up(&mut self);
}

impl Count for u8 {
    #[inline(always)]
    fn up(&mut self) {
        *self = self.saturating_add(1);
    }
}

impl Count for u16 {
    #[inline(always)]
    fn up(&mut self) {
        *self = self.saturating_add(1);
    }
}

impl Count for u32 {
    #[inline(always)]
    fn up(&mut self) {
        *self = self.saturating_add(1);
    }
}

/// Adds lists of electrons (each in ascending order of pixels) of a `[ny, nx]` detector to counts on a grid that is
/// `upsampling` times as fine. Other pixel types than unsigned integers are left as they are.
pub(crate) fn add(lists: &[Vec<Electron>], detector: [usize; 2], upsampling: usize, pixels: &mut Pixels) {
    match pixels {
        Pixels::U8(v) => draw(lists, detector, upsampling, v),
        Pixels::U16(v) => draw(lists, detector, upsampling, v),
        Pixels::U32(v) => draw(lists, detector, upsampling, v),
        _ => {}
    }
}

fn draw<T: Count>(lists: &[Vec<Electron>], [_, nx]: [usize; 2], upsampling: usize, out: &mut [T]) {
    let row = nx * upsampling;
    // Rows of the detector in a band.
    let rows = (BAND_BYTES / size_of::<T>() / (row * upsampling)).max(1);
    out.par_chunks_mut(rows * row * upsampling)
        .enumerate()
        .for_each(|(band, image)| {
            let first = (band * rows * nx) as u32;
            let end = first.saturating_add((rows * nx) as u32);
            for list in lists {
                let from = list.partition_point(|e| e.pixel() < first);
                let to = from + list[from..].partition_point(|e| e.pixel() < end);
                match upsampling {
                    1 => {
                        for e in &list[from..to] {
                            if let Some(p) = image.get_mut((e.pixel() - first) as usize) {
                                p.up();
                            }
                        }
                    }
                    2 => fine::<T, 1>(&list[from..to], first, nx, image),
                    _ => fine::<T, 2>(&list[from..to], first, nx, image),
                }
            }
        });
}

/// On a grid `2^SHIFT` times as fine. Rows are counted up instead of dividing by the width.
#[inline(always)]
fn fine<T: Count, const SHIFT: u32>(list: &[Electron], first: u32, nx: usize, image: &mut [T]) {
    let row = nx << SHIFT;
    let (mut row_start, mut row_end) = (first as usize, first as usize + nx);
    let mut at = 0;
    for e in list {
        let pixel = e.pixel() as usize;
        while pixel >= row_end {
            row_start += nx;
            row_end += nx;
            at += row << SHIFT;
        }
        let x = (pixel - row_start) << SHIFT | (e.x_quarter() >> (2 - SHIFT)) as usize;
        let y = (e.y_quarter() >> (2 - SHIFT)) as usize;
        if let Some(p) = image.get_mut(at + y * row + x) {
            p.up();
        }
    }
}
