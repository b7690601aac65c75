//! Stored voxels to 32-bit floats and back.

use super::header::{ByteOrder, MrcMode};
use half::slice::HalfFloatSliceExt;

/// Decodes rows of `nx` values. `stored` has `rows * mode.row_bytes(nx)` bytes, `out` has `rows * nx` values.
pub(crate) fn decode(mode: MrcMode, order: ByteOrder, nx: usize, stored: &[u8], out: &mut [f32]) {
    match mode {
        MrcMode::I8 => out
            .iter_mut()
            .zip(stored)
            .for_each(|(o, &b)| *o = f32::from(b as i8)),
        MrcMode::U8 => out.iter_mut().zip(stored).for_each(|(o, &b)| *o = f32::from(b)),
        MrcMode::I16 => pairs(order, stored, out, |v| f32::from(v as i16)),
        MrcMode::U16 => pairs(order, stored, out, f32::from),
        MrcMode::F16 => decode_f16(order, stored, out),
        MrcMode::F32 => {
            for (o, b) in out.iter_mut().zip(stored.as_chunks::<4>().0) {
                *o = match order {
                    ByteOrder::Little => f32::from_le_bytes(*b),
                    ByteOrder::Big => f32::from_be_bytes(*b),
                };
            }
        }
        MrcMode::U4 => {
            for (row, bytes) in out.chunks_exact_mut(nx).zip(stored.chunks_exact(nx.div_ceil(2))) {
                for (x, o) in row.iter_mut().enumerate() {
                    *o = f32::from((bytes[x / 2] >> (4 * (x % 2))) & 15);
                }
            }
        }
    }
}

fn pairs(order: ByteOrder, stored: &[u8], out: &mut [f32], value: impl Fn(u16) -> f32) {
    for (o, b) in out.iter_mut().zip(stored.as_chunks::<2>().0) {
        *o = value(match order {
            ByteOrder::Little => u16::from_le_bytes(*b),
            ByteOrder::Big => u16::from_be_bytes(*b),
        });
    }
}

/// In blocks, because the conversion of a slice uses the processor's own instruction.
fn decode_f16(order: ByteOrder, stored: &[u8], out: &mut [f32]) {
    let mut block = [half::f16::ZERO; 1024];
    for (o, b) in out.chunks_mut(1024).zip(stored.chunks(2048)) {
        let block = &mut block[..o.len()];
        for (h, pair) in block.iter_mut().zip(b.as_chunks::<2>().0) {
            *h = half::f16::from_bits(match order {
                ByteOrder::Little => u16::from_le_bytes(*pair),
                ByteOrder::Big => u16::from_be_bytes(*pair),
            });
        }
        block.convert_to_f32_slice(o);
    }
}

/// Encodes little endian, appending to `out`.
///
/// # Errors
/// `(index, value)` of the first value that the mode cannot hold: not finite or out of range in an integer mode, finite but
/// beyond the largest number in mode 12. Integer modes round to nearest.
pub(crate) fn encode(mode: MrcMode, values: &[f32], out: &mut Vec<u8>) -> Result<(), (usize, f32)> {
    fn ints<const N: usize>(
        values: &[f32],
        out: &mut Vec<u8>,
        range: (f32, f32),
        bytes: impl Fn(f32) -> [u8; N],
    ) -> Result<(), (usize, f32)> {
        for (i, &v) in values.iter().enumerate() {
            let r = v.round_ties_even();
            if !(r >= range.0 && r <= range.1) {
                return Err((i, v));
            }
            out.extend_from_slice(&bytes(r));
        }
        Ok(())
    }
    match mode {
        MrcMode::I8 => ints(values, out, (-128.0, 127.0), |r| (r as i8).to_le_bytes()),
        MrcMode::U8 | MrcMode::U4 => ints(values, out, (0.0, 255.0), |r| (r as u8).to_le_bytes()),
        MrcMode::I16 => ints(values, out, (-32768.0, 32767.0), |r| (r as i16).to_le_bytes()),
        MrcMode::U16 => ints(values, out, (0.0, 65535.0), |r| (r as u16).to_le_bytes()),
        MrcMode::F32 => {
            let start = out.len();
            out.resize(start + values.len() * 4, 0);
            for (b, v) in out[start..].as_chunks_mut::<4>().0.iter_mut().zip(values) {
                *b = v.to_le_bytes();
            }
            Ok(())
        }
        MrcMode::F16 => {
            let start = out.len();
            out.resize(start + values.len() * 2, 0);
            let mut block = [half::f16::ZERO; 1024];
            for (at, (bytes, block_values)) in
                out[start..].chunks_mut(2048).zip(values.chunks(1024)).enumerate()
            {
                let block = &mut block[..block_values.len()];
                block.convert_from_f32_slice(block_values);
                let lost = block
                    .iter()
                    .zip(block_values)
                    .position(|(h, v)| v.is_finite() && !h.is_finite());
                if let Some(i) = lost {
                    return Err((at * 1024 + i, block_values[i]));
                }
                for (b, h) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(block.iter()) {
                    *b = h.to_le_bytes();
                }
            }
            Ok(())
        }
    }
}
