//! Magic numbers at any bit.

/// What 48 bits announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Magic {
    Block,
    End,
}

impl Magic {
    const BLOCK: u64 = 0x3141_5926_5359;
    pub(crate) const END: u64 = 0x1772_4538_5090;

    pub(crate) fn of(bits: u64) -> Option<Magic> {
        match bits {
            Magic::BLOCK => Some(Magic::Block),
            Magic::END => Some(Magic::End),
            _ => None,
        }
    }
}

/// `count` (up to 56) bits from bit `at` on, most significant first; zeros beyond the end.
pub(crate) fn bits_at(data: &[u8], at: usize, count: usize) -> u64 {
    if count == 0 {
        return 0;
    }
    let word = match data.get(at / 8..).and_then(|d| d.first_chunk::<8>()) {
        Some(eight) => u64::from_be_bytes(*eight),
        None => {
            let mut eight = [0u8; 8];
            let rest = data.get(at / 8..).unwrap_or_default();
            eight[..rest.len()].copy_from_slice(rest);
            u64::from_be_bytes(eight)
        }
    };
    word << (at % 8) >> (64 - count)
}

/// Finds magic numbers.
pub(crate) struct Finder {
    /// For a byte that lies wholly within a magic number, second byte at shift s: bit s is set where it fits one.
    fits: [u8; 256],
}

impl Finder {
    pub(crate) fn new() -> Self {
        let mut fits = [0u8; 256];
        for magic in [Magic::BLOCK, Magic::END] {
            for shift in 0..8 {
                // A magic number that begins `shift` bits into a byte fills the next byte with these of its bits.
                let byte = magic >> (32 + shift) & 0xff;
                fits[byte as usize] |= 1 << shift;
            }
        }
        Self { fits }
    }

    /// The first magic number at bit `from` or later that lies wholly in `data`.
    pub(crate) fn find(&self, data: &[u8], from: usize) -> Option<usize> {
        let last = (data.len() * 8).checked_sub(48)?;
        for byte in from / 8..=last / 8 {
            // The last position may have no byte after the next: it ends with the data.
            let mut shifts = self.fits[usize::from(*data.get(byte + 1)?)];
            while shifts != 0 {
                let at = byte * 8 + shifts.trailing_zeros() as usize;
                shifts &= shifts - 1;
                if at >= from && at <= last && Magic::of(bits_at(data, at, 48)).is_some() {
                    return Some(at);
                }
            }
        }
        None
    }
}
