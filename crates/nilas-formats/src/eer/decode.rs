//! The event stream of one detector frame.
//!
//! Bits are taken least significant first. A run length of `run_bits` says how many pixels to step over; unless it is the
//! largest one, an electron hit the pixel that is reached and its position within that pixel follows, `horizontal_bits`
//! for x and `vertical_bits` for y, each a signed number whose sign bit we turn so that 0 is the lower edge. The largest
//! run length steps without an electron. In the oldest form (65000) the position's bits follow it all the same. The
//! stream ends when all pixels of the frame were passed.

/// Sizes of the fields of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventCode {
    pub(crate) run_bits: u32,
    pub(crate) horizontal_bits: u32,
    pub(crate) vertical_bits: u32,
    /// A step without an electron has position bits, too.
    pub(crate) always_position: bool,
}

impl EventCode {
    /// Compression 65000: 8 + 2 + 2 bits.
    pub(crate) const OLD: EventCode = EventCode {
        run_bits: 8,
        horizontal_bits: 2,
        vertical_bits: 2,
        always_position: true,
    };
    /// Compression 65001: 7 + 2 + 2 bits.
    pub(crate) const SEVEN: EventCode = EventCode {
        run_bits: 7,
        horizontal_bits: 2,
        vertical_bits: 2,
        always_position: false,
    };

    /// Whether the fields can be read: a word takes at least two events.
    pub(crate) fn is_sane(&self) -> bool {
        (1..=16).contains(&self.run_bits) && self.horizontal_bits <= 4 && self.vertical_bits <= 4
    }

    fn position_bits(&self) -> u32 {
        self.horizontal_bits + self.vertical_bits
    }

    /// Pixels that `bytes` bytes of events can pass at most.
    pub(crate) fn most_pixels(&self, bytes: u64) -> u64 {
        // Either all steps are empty, or each brings one pixel more for its position bits.
        let step = u64::from(self.run_bits)
            + if self.always_position {
                u64::from(self.position_bits())
            } else {
                0
            };
        (bytes.saturating_mul(8) / step + 1).saturating_mul(1 << self.run_bits)
    }
}

/// An electron: pixel number in the frame (`y * width + x`) and position within it, of four steps each way.
///
/// 28 bits of pixel, 2 of y, 2 of x: `pixel << 4 | y << 2 | x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Electron(u32);

impl Electron {
    /// Pixels a frame may have so that their numbers fit.
    pub const MAX_PIXELS: u64 = 1 << 28;

    /// An electron in pixel number `pixel` at quarter `x`, `y` (0 to 3) of it; larger values lose their upper bits.
    pub fn new(pixel: u32, x: u32, y: u32) -> Self {
        Self(pixel << 4 | (y & 3) << 2 | x & 3)
    }

    /// Pixel number, `y * width + x`.
    pub fn pixel(self) -> u32 {
        self.0 >> 4
    }

    /// Quarter of the pixel along x, 0 at the lower edge.
    pub fn x_quarter(self) -> u32 {
        self.0 & 3
    }

    /// Quarter of the pixel along y, 0 at the lower edge.
    pub fn y_quarter(self) -> u32 {
        self.0 >> 2 & 3
    }
}

/// Takes the events of a frame of `pixels` pixels apart and appends its electrons to `out`, in the order of their pixels.
///
/// # Errors
/// `(byte, message)` where the stream ends early or steps over the end. `out` has the electrons up to there.
pub(crate) fn decode(
    data: &[u8],
    code: EventCode,
    pixels: u64,
    out: &mut Vec<Electron>,
) -> Result<(), (usize, String)> {
    if code == EventCode::SEVEN {
        // The form of nearly all files: constants make shifts of known length.
        return run(data, EventCode::SEVEN, pixels, out);
    }
    run(data, code, pixels, out)
}

#[inline(always)]
fn run(data: &[u8], code: EventCode, pixels: u64, out: &mut Vec<Electron>) -> Result<(), (usize, String)> {
    let longest = (1u64 << code.run_bits) - 1;
    let position_bits = code.position_bits();
    let event = code.run_bits + position_bits;
    let horizontal = Axis::new(code.horizontal_bits);
    let vertical = Axis::new(code.vertical_bits);
    let mut bit = 0usize;
    let mut at = 0u64;
    let bits = data.len() * 8;
    while at < pixels {
        // 57 bits or more of the stream, from one load; zeros beyond its end.
        let mut word = match data.get(bit / 8..).and_then(|d| d.first_chunk::<8>()) {
            Some(eight) => u64::from_le_bytes(*eight),
            None => {
                let mut eight = [0u8; 8];
                let rest = data.get(bit / 8..).unwrap_or_default();
                eight[..rest.len()].copy_from_slice(rest);
                u64::from_le_bytes(eight)
            }
        } >> (bit % 8);
        let mut left = 57;
        while left >= event {
            let step = word & longest;
            at += step;
            if at >= pixels {
                // The last pixel was hit: the stream may end there, what follows is no event.
                if at - step == pixels {
                    at = pixels;
                } else {
                    bit += code.run_bits as usize;
                }
                break;
            }
            let used = if step == longest && !code.always_position {
                code.run_bits
            } else {
                if step != longest {
                    let position = (word >> code.run_bits) as u32;
                    let x = horizontal.quarter(position);
                    let y = vertical.quarter(position >> code.horizontal_bits);
                    out.push(Electron((at as u32) << 4 | y << 2 | x));
                    at += 1;
                }
                event
            };
            word >>= used;
            left -= used;
            bit += used as usize;
        }
        if bit > bits {
            break;
        }
    }
    if bit > bits {
        // The zeros beyond the end were taken for events.
        return Err((
            data.len(),
            format!("the events end after at most {at} of {pixels} pixels"),
        ));
    }
    if at != pixels {
        return Err((bit / 8, format!("the events step to pixel {at} of {pixels}")));
    }
    Ok(())
}

/// A position's bits to quarters.
#[derive(Clone, Copy)]
struct Axis {
    mask: u32,
    sign: u32,
    up: u32,
    down: u32,
}

impl Axis {
    fn new(bits: u32) -> Self {
        Self {
            mask: (1 << bits) - 1,
            // A signed number of this many bits, counted from its lowest value.
            sign: if bits > 0 { 1 << (bits - 1) } else { 0 },
            up: 2u32.saturating_sub(bits),
            down: bits.saturating_sub(2),
        }
    }

    #[inline(always)]
    fn quarter(self, bits: u32) -> u32 {
        ((bits & self.mask) ^ self.sign) << self.up >> self.down
    }
}

/// The events of a frame: electrons in ascending order of their pixels, one a pixel at most.
///
/// # Errors
/// What is wrong with the electrons.
pub(crate) fn encode(electrons: &[Electron], pixels: u64, out: &mut Vec<u8>) -> Result<(), String> {
    let mut held = 0u64;
    let mut count = 0;
    let mut put = |value: u64, bits: u32, out: &mut Vec<u8>| {
        held |= value << count;
        count += bits;
        while count >= 8 {
            out.push(held as u8);
            held >>= 8;
            count -= 8;
        }
        (held, count)
    };
    let mut at = 0u64;
    for e in electrons {
        let pixel = u64::from(e.pixel());
        if pixel < at || pixel >= pixels {
            return Err(format!(
                "an electron in pixel {pixel} where {at} to {} can come",
                pixels - 1
            ));
        }
        let mut step = pixel - at;
        while step >= 127 {
            put(127, 7, out);
            step -= 127;
        }
        let (x, y) = (u64::from(e.x_quarter()), u64::from(e.y_quarter()));
        put(step | (x ^ 2) << 7 | (y ^ 2) << 9, 11, out);
        at = pixel + 1;
    }
    let mut step = pixels - at;
    while step >= 127 {
        put(127, 7, out);
        step -= 127;
    }
    let (held, count) = put(step, 7, out);
    if count > 0 {
        out.push(held as u8);
    }
    // Some readers take run length and position from the stream together, and want both to be there at the end, too;
    // some read whole words.
    out.push(0);
    out.resize(out.len().next_multiple_of(8), 0);
    Ok(())
}
