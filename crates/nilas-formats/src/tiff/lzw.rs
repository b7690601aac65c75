//! TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, most significant bit first, 256 = clear, 257 = end, width
//! grows one code early. Also the form of very old writers: least significant bit first, width grows on time.
//!
//! Every string of the table is a piece of what was decoded already: entry n is the string of the code before it and one
//! byte more, which is what follows it in the output. So an entry is a position and a length, and a code is one copy.

/// What is wrong, and at which byte of the compressed data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LzwError {
    pub(crate) at: usize,
    pub(crate) message: String,
}

const CLEAR: usize = 256;
const END: usize = 257;
const FIRST: usize = 258;
const TABLE: usize = 4096;
/// Bytes that are moved at once; a copy may write as many beyond its end.
const STEP: usize = 16;
/// Literals stand before the output in the window, so that a literal is a copy like any other.
const LITERALS: usize = 256;
/// No string is longer.
const LONGEST: usize = TABLE;
/// Decoded bytes are handed on at a clear code once there are this many.
const HAND_ON: usize = 16 << 10;

/// Position in the window in the low half, length in the high half.
type Entry = u64;

fn entry(position: usize, length: usize) -> Entry {
    position as u64 | (length as u64) << 32
}

/// Buffers of a decoder, to be used again and again.
pub(crate) struct LzwDecoder {
    table: Box<[Entry; TABLE]>,
    /// Literals, then what was decoded since the last clear code that emptied it, then room to write into.
    window: Vec<u8>,
}

impl LzwDecoder {
    pub(crate) fn new() -> Self {
        let mut table = Box::new([0; TABLE]);
        for (code, e) in table.iter_mut().take(LITERALS).enumerate() {
            *e = entry(code, 1);
        }
        let mut window = vec![0; LITERALS + 4 * HAND_ON + 8 * LONGEST];
        for (code, b) in window.iter_mut().take(LITERALS).enumerate() {
            *b = code as u8;
        }
        Self { table, window }
    }

    /// Decodes `expected` bytes and hands them to `sink` in order, piece by piece. What follows them is not looked at.
    ///
    /// # Errors
    /// A code that cannot be, or too few codes for `expected` bytes. `sink` may have got some bytes by then.
    pub(crate) fn decode(
        &mut self,
        input: &[u8],
        expected: usize,
        sink: &mut impl FnMut(&[u8]),
    ) -> Result<(), LzwError> {
        // The old form begins with the clear code in 9 bits, least significant first: 0x00, then a set lowest bit.
        if input.len() >= 2 && input[0] == 0 && input[1] & 1 == 1 {
            self.run::<false>(input, expected, sink)
        } else {
            self.run::<true>(input, expected, sink)
        }
    }

    fn run<const MODERN: bool>(
        &mut self,
        input: &[u8],
        expected: usize,
        sink: &mut impl FnMut(&[u8]),
    ) -> Result<(), LzwError> {
        let mut bit = 0usize;
        let mut handed = 0usize;
        // Bytes of the window up to here were handed on.
        let mut from = LITERALS;
        let mut to = LITERALS;
        // The entry that the next code adds; 0: the next code follows a clear code and adds none.
        let mut next = 0usize;
        let (mut last_at, mut last_len) = (0usize, 0usize);
        let bits = input.len() * 8;
        while handed + (to - from) < expected {
            if self.window.len() - to < 8 * LONGEST {
                let more = self.window.len();
                self.window.resize(more * 2, 0);
            }
            let (width, until) = width_and_limit::<MODERN>(next);
            // Four codes from one load, while the width stays and the input has eight more bytes.
            let mut special = None;
            if MODERN && next >= FIRST {
                let table = &mut *self.table;
                let window = self.window.as_mut_slice();
                let enough = window.len() - 5 * LONGEST;
                let mask = (1u64 << width) - 1;
                'fast: while next + 4 <= until && to < enough {
                    let Some(eight) = input.get(bit / 8..).and_then(|i| i.first_chunk::<8>()) else {
                        break;
                    };
                    let word = u64::from_be_bytes(*eight) << (bit % 8);
                    let mut shift = 64 - width;
                    for _ in 0..4 {
                        let code = (word >> shift & mask) as usize;
                        if code >= next || code & !1 == CLEAR {
                            special = Some(code);
                            break 'fast;
                        }
                        bit += width;
                        shift -= width;
                        table[next & (TABLE - 1)] = entry(last_at, last_len + 1);
                        next += 1;
                        let e = table[code & (TABLE - 1)];
                        let (at, len) = (e as u32 as usize, (e >> 32) as usize);
                        move_step(window, at, to);
                        if len > STEP {
                            move_rest(window, at, to, len);
                        }
                        (last_at, last_len) = (to, len);
                        to += len;
                    }
                    if handed + (to - from) >= expected {
                        break;
                    }
                }
                if special.is_none() && (next + 4 <= until && to >= enough) {
                    continue;
                }
                if handed + (to - from) >= expected {
                    break;
                }
            }
            // One code, with care.
            let (width, _) = width_and_limit::<MODERN>(next);
            if bit + width > bits {
                return Err(LzwError {
                    at: input.len(),
                    message: format!("the data end after {} of {expected} bytes", handed + (to - from)),
                });
            }
            let code = code_at::<MODERN>(input, bit, width);
            let at_byte = bit / 8;
            bit += width;
            match code {
                CLEAR => {
                    next = 0;
                    if to - from >= HAND_ON {
                        sink(&self.window[from..to]);
                        handed += to - from;
                        (from, to) = (LITERALS, LITERALS);
                    }
                }
                END => {
                    return Err(LzwError {
                        at: at_byte,
                        message: format!(
                            "the end code comes after {} of {expected} bytes",
                            handed + (to - from)
                        ),
                    });
                }
                _ => {
                    let known = if next == 0 {
                        LITERALS
                    } else {
                        (next + 1).min(TABLE)
                    };
                    if code >= known {
                        return Err(LzwError {
                            at: at_byte,
                            message: format!("code {code} where the table ends at {}", known - 1),
                        });
                    }
                    if next == 0 {
                        next = FIRST;
                    } else {
                        if next < TABLE {
                            self.table[next] = entry(last_at, last_len + 1);
                        }
                        // Kept counting one beyond the table, so that the width stays.
                        next = (next + 1).min(TABLE);
                    }
                    let e = self.table[code];
                    let (at, len) = (e as u32 as usize, (e >> 32) as usize);
                    // A code that was added just now ends with the byte that it begins with, which is not there yet.
                    let known = len.min(to - at);
                    self.window.copy_within(at..at + known, to);
                    if known < len {
                        self.window[to + known] = self.window[at];
                    }
                    (last_at, last_len) = (to, len);
                    to += len;
                }
            }
        }
        let rest = expected - handed;
        sink(&self.window[from..from + rest]);
        Ok(())
    }
}

/// Bits of the code that is read when `next` is the entry to be added, and the first `next` for which that changes (or
/// for which no entry is added any more).
fn width_and_limit<const MODERN: bool>(next: usize) -> (usize, usize) {
    let early = usize::from(MODERN);
    for width in 9..12 {
        let limit = (1 << width) - early;
        if next < limit {
            return (width, limit);
        }
    }
    (12, TABLE)
}

/// One code at bit `bit`; the caller has checked that it is there.
fn code_at<const MODERN: bool>(input: &[u8], bit: usize, width: usize) -> usize {
    let byte = |i: usize| input.get(i).copied().map_or(0, u32::from);
    let first = bit / 8;
    if MODERN {
        let three = byte(first) << 16 | byte(first + 1) << 8 | byte(first + 2);
        (three >> (24 - bit % 8 - width) & ((1 << width) - 1)) as usize
    } else {
        let three = byte(first) | byte(first + 1) << 8 | byte(first + 2) << 16;
        (three >> (bit % 8) & ((1 << width) - 1)) as usize
    }
}

/// Copies `STEP` bytes.
#[inline(always)]
fn move_step(window: &mut [u8], from: usize, to: usize) {
    let mut piece = [0u8; STEP];
    piece.copy_from_slice(&window[from..from + STEP]);
    window[to..to + STEP].copy_from_slice(&piece);
}

/// The copy of a string from its second step on. Source and target do not overlap within the string's length.
#[inline(never)]
fn move_rest(window: &mut [u8], from: usize, to: usize, len: usize) {
    window.copy_within(from + STEP..from + len, to + STEP);
}

/// Encodes as libtiff's writers do: a clear code first, then one whenever the table is full. Appends to `out`.
pub(crate) fn encode(data: &[u8], out: &mut Vec<u8>) {
    let mut writer = BitWriter::new(out);
    let mut strings = Strings::new();
    let mut next = FIRST;
    let mut width = 9;
    writer.put(CLEAR as u32, width);
    let Some((&first, rest)) = data.split_first() else {
        writer.put(END as u32, width);
        writer.finish();
        return;
    };
    let mut current = u32::from(first);
    for &byte in rest {
        match strings.get_or_add(current, byte, next as u32) {
            Some(code) => current = code,
            None => {
                writer.put(current, width);
                current = u32::from(byte);
                next += 1;
                if next == TABLE - 2 {
                    // As libtiff does: no code is ever added that a reader without the early change could stumble on.
                    writer.put(CLEAR as u32, width);
                    strings.clear();
                    next = FIRST;
                    width = 9;
                } else if next + 1 > 1 << width {
                    width += 1;
                }
            }
        }
    }
    writer.put(current, width);
    if next + 2 > 1 << width && width < 12 {
        width += 1;
    }
    writer.put(END as u32, width);
    writer.finish();
}

/// Open-addressed map from (code, byte) to code.
struct Strings {
    keys: Vec<u32>,
    codes: Vec<u16>,
}

const SLOTS: usize = 1 << 14;

impl Strings {
    fn new() -> Self {
        Self {
            keys: vec![u32::MAX; SLOTS],
            codes: vec![0; SLOTS],
        }
    }

    fn clear(&mut self) {
        self.keys.fill(u32::MAX);
    }

    /// The code of the string, or none and the string gets the code `new`.
    fn get_or_add(&mut self, prefix: u32, byte: u8, new: u32) -> Option<u32> {
        let key = prefix << 8 | u32::from(byte);
        let mut slot = (key.wrapping_mul(0x9E37_79B1) >> 18) as usize;
        loop {
            if self.keys[slot] == key {
                return Some(u32::from(self.codes[slot]));
            }
            if self.keys[slot] == u32::MAX {
                self.keys[slot] = key;
                self.codes[slot] = new as u16;
                return None;
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

/// Most significant bit first.
struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    count: usize,
}

impl<'a> BitWriter<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            held: 0,
            count: 0,
        }
    }

    fn put(&mut self, code: u32, width: usize) {
        self.held = self.held << width | u64::from(code);
        self.count += width;
        while self.count >= 8 {
            self.count -= 8;
            self.out.push((self.held >> self.count) as u8);
        }
    }

    fn finish(self) {
        if self.count > 0 {
            self.out.push((self.held << (8 - self.count)) as u8);
        }
    }
}

#[cfg(test)]
#[path = "lzw_tests.rs"]
mod tests;
