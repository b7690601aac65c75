//! Against the library's own reader, and on damaged files.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use std::io::Write;

fn pack(data: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(level));
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn unpack(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    ParallelReader::new(bytes).read_to_end(&mut out)?;
    Ok(out)
}

fn noise(len: usize, levels: u64, seed: u64) -> Vec<u8> {
    let mut s = seed | 1;
    (0..len)
        .map(|_| {
            s = s
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            ((s >> 33) % levels) as u8
        })
        .collect()
}

#[test]
fn files_of_many_blocks_streams_and_levels() {
    for (len, levels, level) in [
        (0, 1, 9),
        (1, 1, 9),
        (700_000, 3, 1),
        (2_500_000, 256, 9),
        (1_000_000, 5, 5),
        (3_000_000, 1, 1),
    ] {
        let data = noise(len, levels, 3);
        assert!(
            unpack(&pack(&data, level)).unwrap() == data,
            "{len} {levels} {level}"
        );
    }
    // Several streams one after the other, as parallel packers write them, and junk at the end, which bzip2 ignores.
    let parts = [noise(300_000, 9, 1), Vec::new(), noise(250_000, 200, 2)];
    let mut bytes: Vec<u8> = parts.iter().flat_map(|p| pack(p, 1)).collect();
    assert!(unpack(&bytes).unwrap() == parts.concat());
    bytes.extend(b"junk");
    assert!(unpack(&bytes).unwrap() == parts.concat());
}

#[test]
fn damage_is_found() {
    let data = noise(1_200_000, 7, 5);
    let bytes = pack(&data, 2);
    for at in [0, 5, 14, bytes.len() / 3, bytes.len() / 2, bytes.len() - 3] {
        let mut bad = bytes.clone();
        bad[at] ^= 0x10;
        let e = unpack(&bad).unwrap_err().to_string();
        assert!(e.contains("byte"), "{at}: {e}");
    }
    for cut in [0, 3, 20, bytes.len() / 2, bytes.len() - 1] {
        let mut out = Vec::new();
        let e = ParallelReader::new(&bytes[..cut]).read_to_end(&mut out);
        assert!(e.is_err(), "cut at {cut}");
        // Blocks before the cut come first.
        assert!(
            data.starts_with(&out) && (cut < bytes.len() / 2 || out.len() > 300_000),
            "cut at {cut}: {}",
            out.len()
        );
    }
    // Two streams' blocks exchanged: every block is sound, the sum is not.
    let mut other = pack(&noise(100, 7, 6), 2);
    let end = other.len();
    other[end - 4] ^= 0x08;
    assert!(unpack(&other).unwrap_err().to_string().contains("sum"));
}

#[test]
fn an_end_that_was_found_by_mistake_is_passed_over() {
    let data = noise(500_000, 9, 8);
    let bytes = pack(&data, 1);
    let mut reader = ParallelReader::new(bytes.as_slice());
    reader.find(100).unwrap();
    let items: Vec<Item> = reader.items.iter().copied().collect();
    assert!(items.len() > 4, "{items:?}");
    let mut tried = 0;
    for victim in 0..items.len() - 1 {
        // Cut a block in two, as if its bits held a magic number.
        let mut reader = ParallelReader::new(bytes.as_slice());
        reader.find(100).unwrap();
        let Item::Block { start, end } = reader.items[victim] else {
            panic!("{items:?}");
        };
        if end - start < 9000 {
            continue;
        }
        tried += 1;
        reader.items[victim] = Item::Block {
            start,
            end: start + 4001,
        };
        reader.items.insert(
            victim + 1,
            Item::Block {
                start: start + 4001,
                end,
            },
        );
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        assert!(out == data, "block {victim}");
    }
    assert!(tried > 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn nonsense_never_panics(mut flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in any::<Option<prop::sample::Index>>()) {
        let mut bytes = pack(&noise(150_000, 11, 4), 1);
        for (at, value) in flips.drain(..) {
            let i = at.index(bytes.len());
            bytes[i] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let theirs = {
            let mut out = Vec::new();
            bzip2::read::MultiBzDecoder::new(bytes.as_slice()).read_to_end(&mut out).map(|_| out)
        };
        if let Ok(ours) = unpack(&bytes) {
            // What we accept the library accepts, too, but for junk behind the end.
            if let Ok(theirs) = theirs {
                prop_assert!(ours == theirs);
            }
        }
    }
}
