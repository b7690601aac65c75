//! bzip2 files unpacked on all cores.
//!
//! A file is a row of blocks of up to 900,000 bytes that do not depend on each other, but nothing says where they begin:
//! each starts with 48 bits that are unlikely to occur by chance, at any bit. We look for those, give each block to the
//! library as a little file of its own, and check both the block's and the file's sum.

mod scan;

use rayon::prelude::*;
use scan::{Finder, Magic, bits_at};
use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Read, Result};

/// No compressed block is longer, bytes: 900,000 bytes that did not compress, and tables.
const MAX_BLOCK: usize = 1_200_000;
/// The file is read in pieces of this size.
const PIECE: usize = 1 << 20;

/// Something found in the stream, by bits from the beginning of the bytes that are held.
#[derive(Debug, Clone, Copy)]
enum Item {
    /// A block, from its magic number to the next one.
    Block { start: usize, end: usize },
    /// The end of a stream and the sum over its blocks.
    End { sum: u32 },
}

/// What the scanner expects next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// `BZh` and a digit, at a whole byte; `first`: the file must have it.
    Header { first: bool },
    /// A magic number.
    Magic,
    /// Nothing: the file ended.
    Nothing,
}

/// Reads a bzip2 file as what was packed.
pub(crate) struct ParallelReader<R> {
    input: R,
    at_end: bool,
    /// Compressed bytes from byte `base` of the file on.
    held: Vec<u8>,
    base: u64,
    /// Where in `held` the next item begins, in bits.
    cursor: usize,
    expect: Expect,
    items: VecDeque<Item>,
    sum: u32,
    finder: Finder,
    /// Why no more items can be found.
    broken: Option<Error>,
    ready: VecDeque<Vec<u8>>,
    /// Bytes of the first of `ready` that were handed out.
    taken: usize,
}

impl<R: Read> ParallelReader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            at_end: false,
            held: Vec::new(),
            base: 0,
            cursor: 0,
            expect: Expect::Header { first: true },
            items: VecDeque::new(),
            sum: 0,
            finder: Finder::new(),
            broken: None,
            ready: VecDeque::new(),
            taken: 0,
        }
    }

    /// Reads more of the file; false at its end.
    fn more(&mut self) -> Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        let before = self.held.len();
        let got = (&mut self.input).take(PIECE as u64).read_to_end(&mut self.held)?;
        self.at_end = got < PIECE;
        Ok(self.held.len() > before)
    }

    fn wrong(&self, bit: usize, message: impl std::fmt::Display) -> Error {
        let byte = self.base + bit as u64 / 8;
        Error::new(ErrorKind::InvalidData, format!("bzip2 at byte {byte}: {message}"))
    }

    /// Makes sure that `bits` bits from the cursor on are held; false where the file ends before.
    fn have(&mut self, bits: usize) -> Result<bool> {
        while self.cursor + bits > self.held.len() * 8 {
            if !self.more()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Finds items until there are `count` blocks or the file ends.
    fn find(&mut self, count: usize) -> Result<()> {
        let blocks =
            |items: &VecDeque<Item>| items.iter().filter(|i| matches!(i, Item::Block { .. })).count();
        while blocks(&self.items) < count {
            match self.expect {
                Expect::Nothing => return Ok(()),
                Expect::Header { first } => {
                    self.cursor = self.cursor.next_multiple_of(8);
                    let head = self.have(32)?.then(|| bits_at(&self.held, self.cursor, 32));
                    match head.map(|h| (h >> 8, h as u8)) {
                        Some((0x42_5A68, b'1'..=b'9')) => {
                            self.cursor += 32;
                            self.expect = Expect::Magic;
                        }
                        // bzip2 itself ignores what follows the last stream.
                        _ if !first => self.expect = Expect::Nothing,
                        _ => return Err(self.wrong(self.cursor, "not a bzip2 file")),
                    }
                }
                Expect::Magic => {
                    if !self.have(80)? {
                        return Err(
                            self.wrong(self.held.len() * 8, "the file ends where a block should begin")
                        );
                    }
                    let sum = bits_at(&self.held, self.cursor + 48, 32) as u32;
                    match Magic::of(bits_at(&self.held, self.cursor, 48)) {
                        Some(Magic::End) => {
                            self.items.push_back(Item::End { sum });
                            self.cursor += 80;
                            self.expect = Expect::Header { first: false };
                        }
                        Some(Magic::Block) => {
                            let start = self.cursor;
                            let end = self.next_magic(start)?;
                            self.items.push_back(Item::Block { start, end });
                            self.cursor = end;
                        }
                        None => return Err(self.wrong(self.cursor, "no block begins where one should")),
                    }
                }
            }
        }
        Ok(())
    }

    /// Where the block that begins at bit `start` ends.
    fn next_magic(&mut self, start: usize) -> Result<usize> {
        let mut from = start + 80;
        loop {
            if let Some(end) = self.finder.find(&self.held, from) {
                return Ok(end);
            }
            if self.held.len() > start / 8 + MAX_BLOCK {
                return Err(self.wrong(start, "a block does not end where it must"));
            }
            // A magic number may lie across the border.
            from = from.max((self.held.len() * 8).saturating_sub(7 * 8));
            if !self.more()? {
                return Err(self.wrong(self.held.len() * 8, "the file ends within a block"));
            }
        }
    }

    /// Unpacks the next blocks, side by side.
    fn unpack(&mut self) -> Result<()> {
        self.ready.clear();
        self.taken = 0;
        // Forget what was unpacked.
        let first = match self.items.front() {
            Some(Item::Block { start, .. }) => *start,
            _ => self.cursor,
        };
        let gone = first / 8;
        self.held.drain(..gone.min(self.held.len()));
        self.base += gone as u64;
        self.cursor -= gone * 8;
        for item in &mut self.items {
            if let Item::Block { start, end } = item {
                *start -= gone * 8;
                *end -= gone * 8;
            }
        }
        let cores = rayon::current_num_threads().max(1);
        // One more than we unpack, so that a block whose end was found by mistake has a next one to be joined with.
        if self.broken.is_none() {
            self.broken = self.find(cores + 1).err();
        }
        // What was found before the break is handed out first.
        if self.items.is_empty()
            && let Some(e) = self.broken.take()
        {
            return Err(e);
        }
        let mut batch: Vec<Item> = Vec::new();
        let mut blocks = 0;
        while let Some(item) = self.items.front() {
            if matches!(item, Item::Block { .. }) {
                if blocks == cores && self.expect != Expect::Nothing {
                    break;
                }
                blocks += 1;
            }
            batch.push(*item);
            self.items.pop_front();
        }
        let held = &self.held;
        let unpacked: Vec<Option<Result<Vec<u8>>>> = batch
            .par_iter()
            .map(|item| match *item {
                Item::Block { start, end } => Some(unpack_block(held, start, end)),
                Item::End { .. } => None,
            })
            .collect();
        let mut skip = false;
        for (i, (item, bytes)) in batch.iter().zip(unpacked).enumerate() {
            match (*item, bytes) {
                (Item::Block { .. }, _) if skip => skip = false,
                (Item::Block { start, end }, Some(bytes)) => {
                    let bytes = match bytes {
                        Ok(bytes) => bytes,
                        // By chance a block's bits may look like the beginning of another one.
                        Err(e) => {
                            let after = batch.get(i + 1).or(self.items.front());
                            let joined = match after {
                                Some(Item::Block { end: later, .. }) if (later - start) / 8 <= MAX_BLOCK => {
                                    unpack_block(&self.held, start, *later).ok()
                                }
                                _ => None,
                            };
                            let Some(bytes) = joined else {
                                return Err(self.wrong(start, format!("{e} (up to bit {end} of it)")));
                            };
                            if i + 1 < batch.len() {
                                skip = true;
                            } else {
                                self.items.pop_front();
                            }
                            bytes
                        }
                    };
                    self.sum = self.sum.rotate_left(1) ^ bits_at(&self.held, start + 48, 32) as u32;
                    self.ready.push_back(bytes);
                }
                (Item::End { sum }, _) => {
                    if sum != self.sum {
                        return Err(self.wrong(self.cursor, "the sum over the whole file differs"));
                    }
                    self.sum = 0;
                }
                (Item::Block { .. }, None) => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for ParallelReader<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(front) = self.ready.front() {
                let rest = &front[self.taken..];
                if rest.is_empty() {
                    self.ready.pop_front();
                    self.taken = 0;
                    continue;
                }
                let count = rest.len().min(out.len());
                out[..count].copy_from_slice(&rest[..count]);
                self.taken += count;
                return Ok(count);
            }
            if self.expect == Expect::Nothing && self.items.is_empty() {
                return Ok(0);
            }
            self.unpack()?;
        }
    }
}

/// Unpacks one block: bits `start..end` of `held`, as a file with this block only.
fn unpack_block(held: &[u8], start: usize, end: usize) -> Result<Vec<u8>> {
    let mut file = Vec::with_capacity((end - start) / 8 + 32);
    file.extend_from_slice(b"BZh9");
    let mut at = start;
    while at + 56 <= end {
        file.extend_from_slice(&bits_at(held, at, 56).to_be_bytes()[1..]);
        at += 56;
    }
    // What is left of the block, the end's magic number and the sum, which over one block is the block's own.
    let mut rest: u128 = 0;
    let mut count = 0;
    let sum = bits_at(held, start + 48, 32);
    for (value, bits) in [
        (bits_at(held, at, end - at), end - at),
        (Magic::END, 48),
        (sum, 32),
    ] {
        // At most 55 + 48 + 32 bits: the first whole bytes leave before the last are added.
        while count >= 8 && count + bits > 127 {
            count -= 8;
            file.push((rest >> count) as u8);
        }
        rest = rest << bits | u128::from(value);
        count += bits;
    }
    while count >= 8 {
        count -= 8;
        file.push((rest >> count) as u8);
    }
    if count > 0 {
        file.push((rest << (8 - count)) as u8);
    }
    let mut out = Vec::with_capacity(1 << 20);
    let mut decoder = bzip2::Decompress::new(false);
    let mut read = 0;
    loop {
        if out.capacity() - out.len() < 1 << 16 {
            out.reserve(out.len().max(1 << 20));
        }
        let before = (decoder.total_in(), out.len());
        let status = decoder
            .decompress_vec(&file[read..], &mut out)
            .map_err(|e| Error::new(ErrorKind::InvalidData, format!("a damaged block: {e}")))?;
        read = decoder.total_in() as usize;
        if status == bzip2::Status::StreamEnd {
            return Ok(out);
        }
        if before == (decoder.total_in(), out.len()) {
            return Err(Error::new(
                ErrorKind::InvalidData,
                "a damaged block: it does not end",
            ));
        }
    }
}

#[cfg(test)]
mod tests;
