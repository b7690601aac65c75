//! The decoder against a plain one, and against data that lie.
#![allow(clippy::unwrap_used)]

use super::{LzwDecoder, encode};
use proptest::prelude::*;

fn decode(input: &[u8], expected: usize) -> Result<Vec<u8>, super::LzwError> {
    let mut out = Vec::new();
    LzwDecoder::new().decode(input, expected, &mut |p| out.extend_from_slice(p))?;
    Ok(out)
}

/// Codes of the old form: least significant bit first, width grows when the table is full, not one code before.
fn encode_old(data: &[u8]) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |code: usize, width: usize| (0..width).for_each(|i| bits.push(code >> i & 1 == 1));
    let mut table: std::collections::HashMap<Vec<u8>, usize> = (0..256).map(|i| (vec![i as u8], i)).collect();
    let (mut next, mut width) = (258, 9);
    put(256, width);
    let mut current: Vec<u8> = Vec::new();
    for &b in data {
        let mut longer = current.clone();
        longer.push(b);
        if table.contains_key(&longer) {
            current = longer;
            continue;
        }
        put(table[&current], width);
        table.insert(longer, next);
        next += 1;
        if next == 4094 {
            put(256, width);
            table.retain(|k, _| k.len() == 1);
            (next, width) = (258, 9);
        } else if next > 1 << width {
            width += 1;
        }
        current = vec![b];
    }
    if !current.is_empty() {
        put(table[&current], width);
    }
    put(257, width);
    bits.chunks(8)
        .map(|c| c.iter().enumerate().map(|(i, &b)| u8::from(b) << i).sum())
        .collect()
}

fn patterned(kind: usize, len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    (0..len)
        .map(|i| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let r = (state >> 33) as usize;
            match kind {
                0 => 0,
                1 => (r % 3) as u8,
                2 => r as u8,
                3 => (i % 5) as u8,
                _ => (i / 300) as u8,
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(kind in 0usize..5, len in 0usize..60_000, seed in any::<u64>()) {
        let data = patterned(kind, len, seed);
        let mut packed = Vec::new();
        encode(&data, &mut packed);
        prop_assert_eq!(decode(&packed, len).unwrap(), data.clone());
        prop_assert_eq!(decode(&encode_old(&data), len).unwrap(), data.clone());
        // A reader that wants less stops there; one that wants more hears of it.
        prop_assert_eq!(&decode(&packed, len / 2).unwrap(), &data[..len / 2]);
        prop_assert!(decode(&packed, len + 1).is_err());
    }

    #[test]
    fn nonsense_is_an_error_or_bytes_of_the_wanted_length(
        input in prop::collection::vec(any::<u8>(), 0..4000),
        expected in 0usize..100_000,
    ) {
        for head in [&[][..], &[0x80], &[0x00, 0x01]] {
            let input = [head, &input].concat();
            match decode(&input, expected) {
                Ok(out) => prop_assert_eq!(out.len(), expected),
                Err(e) => prop_assert!(e.at <= input.len() && !e.message.is_empty()),
            }
        }
    }
}

#[test]
fn a_table_that_is_never_cleared_stays_full() {
    // 4096 entries and more codes of 12 bits: a writer may go on without a clear code.
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |code: usize, width: usize| (0..width).rev().for_each(|i| bits.push(code >> i & 1 == 1));
    put(256, 9);
    let mut want = Vec::new();
    let mut next = 257;
    for i in 0..6000usize {
        let code = i * 7 % 256;
        let width = (9..12).find(|w| next < (1 << w) - 1).unwrap_or(12);
        put(code, width);
        next = (next + 1).min(4096);
        want.push(code as u8);
    }
    // The last entry that fits.
    put(4095, 12);
    let at = 4095 - 258;
    want.extend([(at * 7 % 256) as u8, ((at + 1) * 7 % 256) as u8]);
    let packed: Vec<u8> = bits
        .chunks(8)
        .map(|c| c.iter().enumerate().map(|(i, &b)| u8::from(b) << (7 - i)).sum())
        .collect();
    assert_eq!(decode(&packed, want.len()).unwrap(), want);
}
