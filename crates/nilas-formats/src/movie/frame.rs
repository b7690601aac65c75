//! One frame with its pixels in the type that the file has.

use bytemuck::Pod;

/// How a pixel is held in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelType {
    /// 8-bit unsigned; 4-bit data too.
    U8,
    /// 8-bit signed.
    I8,
    /// 16-bit unsigned.
    U16,
    /// 16-bit signed.
    I16,
    /// 32-bit unsigned.
    U32,
    /// 32-bit signed.
    I32,
    /// 32-bit float; 16-bit and 64-bit floats too.
    F32,
}

impl PixelType {
    /// Bytes of a pixel.
    pub fn bytes(self) -> usize {
        match self {
            PixelType::U8 | PixelType::I8 => 1,
            PixelType::U16 | PixelType::I16 => 2,
            PixelType::U32 | PixelType::I32 | PixelType::F32 => 4,
        }
    }

    /// A word for people.
    pub fn name(self) -> &'static str {
        match self {
            PixelType::U8 => "uint8",
            PixelType::I8 => "int8",
            PixelType::U16 => "uint16",
            PixelType::I16 => "int16",
            PixelType::U32 => "uint32",
            PixelType::I32 => "int32",
            PixelType::F32 => "float32",
        }
    }
}

/// Pixels of a frame, `[y][x]`, x fastest, in the type of the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// 8-bit unsigned.
    U8(Vec<u8>),
    /// 8-bit signed.
    I8(Vec<i8>),
    /// 16-bit unsigned.
    U16(Vec<u16>),
    /// 16-bit signed.
    I16(Vec<i16>),
    /// 32-bit unsigned.
    U32(Vec<u32>),
    /// 32-bit signed.
    I32(Vec<i32>),
    /// 32-bit float.
    F32(Vec<f32>),
}

/// Runs the same expression on whichever vector the pixels are.
macro_rules! each {
    ($pixels:expr, $v:ident => $body:expr) => {
        match $pixels {
            Pixels::U8($v) => $body,
            Pixels::I8($v) => $body,
            Pixels::U16($v) => $body,
            Pixels::I16($v) => $body,
            Pixels::U32($v) => $body,
            Pixels::I32($v) => $body,
            Pixels::F32($v) => $body,
        }
    };
}

impl Pixels {
    /// `count` zeros of a type.
    pub fn zeros(kind: PixelType, count: usize) -> Self {
        match kind {
            PixelType::U8 => Pixels::U8(vec![0; count]),
            PixelType::I8 => Pixels::I8(vec![0; count]),
            PixelType::U16 => Pixels::U16(vec![0; count]),
            PixelType::I16 => Pixels::I16(vec![0; count]),
            PixelType::U32 => Pixels::U32(vec![0; count]),
            PixelType::I32 => Pixels::I32(vec![0; count]),
            PixelType::F32 => Pixels::F32(vec![0.0; count]),
        }
    }

    /// The type.
    pub fn kind(&self) -> PixelType {
        match self {
            Pixels::U8(_) => PixelType::U8,
            Pixels::I8(_) => PixelType::I8,
            Pixels::U16(_) => PixelType::U16,
            Pixels::I16(_) => PixelType::I16,
            Pixels::U32(_) => PixelType::U32,
            Pixels::I32(_) => PixelType::I32,
            Pixels::F32(_) => PixelType::F32,
        }
    }

    /// Number of pixels.
    pub fn len(&self) -> usize {
        each!(self, v => v.len())
    }

    /// No pixels.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pixels as bytes in the machine's own order.
    pub fn bytes(&self) -> &[u8] {
        each!(self, v => bytemuck::cast_slice(v))
    }

    /// As [`Pixels::bytes`], to be written.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        each!(self, v => bytemuck::cast_slice_mut(v))
    }

    /// The same buffer where type and length fit, else a new one of zeros.
    pub(crate) fn fitted(self, kind: PixelType, count: usize) -> Self {
        if self.kind() == kind && self.len() == count {
            self
        } else {
            Pixels::zeros(kind, count)
        }
    }

    /// Value `index` as a float; integers above 2^24 are rounded.
    pub fn value(&self, index: usize) -> Option<f32> {
        match self {
            Pixels::F32(v) => v.get(index).copied(),
            Pixels::U8(v) => v.get(index).map(|&p| f32::from(p)),
            Pixels::I8(v) => v.get(index).map(|&p| f32::from(p)),
            Pixels::U16(v) => v.get(index).map(|&p| f32::from(p)),
            Pixels::I16(v) => v.get(index).map(|&p| f32::from(p)),
            Pixels::U32(v) => v.get(index).map(|&p| p as f32),
            Pixels::I32(v) => v.get(index).map(|&p| p as f32),
        }
    }

    /// Writes the values as floats; `out` gets as many as both have. Integers above 2^24 are rounded.
    pub fn write_f32(&self, out: &mut [f32]) {
        fn all<T: Copy>(from: &[T], out: &mut [f32], as_float: impl Fn(T) -> f32) {
            for (o, &v) in out.iter_mut().zip(from) {
                *o = as_float(v);
            }
        }
        match self {
            Pixels::F32(v) => all(v, out, |v| v),
            Pixels::U8(v) => all(v, out, f32::from),
            Pixels::I8(v) => all(v, out, f32::from),
            Pixels::U16(v) => all(v, out, f32::from),
            Pixels::I16(v) => all(v, out, f32::from),
            Pixels::U32(v) => all(v, out, |v| v as f32),
            Pixels::I32(v) => all(v, out, |v| v as f32),
        }
    }

    /// The values as floats.
    pub fn to_f32(&self) -> Vec<f32> {
        if let Pixels::F32(v) = self {
            return v.clone();
        }
        let mut out = vec![0.0; self.len()];
        self.write_f32(&mut out);
        out
    }
}

/// Swaps the bytes of every value of `T`'s size.
pub(crate) fn swap_bytes<T: Pod>(bytes: &mut [u8]) {
    for value in bytes.chunks_exact_mut(size_of::<T>()) {
        value.reverse();
    }
}

/// Turns an image upside down in place: `bytes` holds rows of `row` bytes.
pub(crate) fn reverse_rows(bytes: &mut [u8], row: usize) {
    let rows = bytes.len() / row.max(1);
    for y in 0..rows / 2 {
        let (top, bottom) = bytes.split_at_mut((rows - 1 - y) * row);
        top[y * row..(y + 1) * row].swap_with_slice(&mut bottom[..row]);
    }
}

/// A frame of a movie.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Number in the movie, from 0.
    pub index: usize,
    /// `[ny, nx]`.
    pub shape: [usize; 2],
    /// Values, `[y][x]`; row order as the movie's reader states.
    pub pixels: Pixels,
    /// Electrons that an EER file lists for this frame; none for other formats.
    pub electrons: Option<u64>,
    /// Raw EER frames that were broken and left out of this frame.
    pub left_out: usize,
}
