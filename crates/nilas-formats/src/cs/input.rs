//! A reader that knows where it is and how much is left.

use crate::Result;
use crate::error::FormatError;
use std::io::Read;
use std::path::Path;

/// Bytes of a file in order. Nothing is allocated that the file does not hold.
pub(crate) struct Input<'a, R> {
    path: &'a Path,
    reader: R,
    at: u64,
    length: u64,
}

impl<'a, R: Read> Input<'a, R> {
    pub(crate) fn new(path: &'a Path, reader: R, length: u64) -> Self {
        Self {
            path,
            reader,
            at: 0,
            length,
        }
    }

    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    pub(crate) fn left(&self) -> u64 {
        self.length.saturating_sub(self.at)
    }

    /// Refuses where fewer than `count` bytes are left.
    pub(crate) fn need(&self, count: u64, what: &str) -> Result<()> {
        if count > self.left() {
            return Err(FormatError::Truncated {
                path: self.path.into(),
                what: what.into(),
                expected: self.at.saturating_add(count),
                found: self.length,
            });
        }
        Ok(())
    }

    /// The next `count` bytes.
    pub(crate) fn take(&mut self, count: u64, what: &str) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.take_into(count, what, &mut out)?;
        Ok(out)
    }

    /// The next `count` bytes into a buffer that is used again.
    pub(crate) fn take_into(&mut self, count: u64, what: &str, out: &mut Vec<u8>) -> Result<()> {
        self.need(count, what)?;
        out.resize(count as usize, 0);
        self.reader
            .read_exact(out)
            .map_err(|e| FormatError::io(self.path, e))?;
        self.at += count;
        Ok(())
    }

    pub(crate) fn u32(&mut self, what: &str) -> Result<u32> {
        let bytes = self.take(4, what)?;
        Ok(bytes.iter().rev().fold(0, |v, &b| v << 8 | u32::from(b)))
    }

    pub(crate) fn bad(&self, offset: u64, message: impl Into<String>) -> FormatError {
        FormatError::byte(self.path, offset, message)
    }

    pub(crate) fn unsupported(&self, message: impl Into<String>) -> FormatError {
        FormatError::Unsupported {
            path: self.path.into(),
            message: message.into(),
        }
    }
}
