//! Frames one after the other.

use super::mrc::Stream;
use super::reader::{MovieReader, Source};
use super::{Frame, Pixels};
use crate::Result;
use crate::movie::MovieFormat;
use rayon::prelude::*;
use std::collections::VecDeque;
use std::ops::Range;

/// Iterator over frames of a movie, in order. A broken frame is an error and the next one follows; where a packed file
/// breaks, nothing follows.
pub struct Frames<'a> {
    movie: &'a MovieReader,
    range: Range<usize>,
    at_once: usize,
    ready: VecDeque<Result<Frame>>,
    spare: Vec<Pixels>,
    stream: Option<Stream<'a>>,
}

impl<'a> Frames<'a> {
    pub(crate) fn new(movie: &'a MovieReader, range: Range<usize>) -> Result<Self> {
        let stream = match (&movie.source, movie.format()) {
            (Source::Mrc(m), MovieFormat::MrcGzip | MovieFormat::MrcBzip2) => Some(m.stream()?),
            _ => None,
        };
        Ok(Self {
            movie,
            range,
            at_once: movie.natural_at_once(),
            ready: VecDeque::new(),
            spare: Vec::new(),
            stream,
        })
    }

    /// Decodes `count` frames side by side and holds no more than these (and what the caller keeps). One is the least;
    /// without this call it is one frame, or one a core where a frame is one piece.
    #[must_use]
    pub fn at_once(mut self, count: usize) -> Self {
        self.at_once = count.max(1);
        self
    }

    /// Frames that are held at once.
    pub fn held(&self) -> usize {
        self.at_once
    }

    /// Gives a frame's memory back, to be used for the next ones.
    pub fn recycle(&mut self, frame: Frame) {
        if self.spare.len() < self.at_once {
            self.spare.push(frame.pixels);
        }
    }

    fn buffer(&mut self) -> Pixels {
        self.spare.pop().unwrap_or(Pixels::U8(Vec::new()))
    }

    fn next_of_stream(&mut self) -> Option<Result<Frame>> {
        let buffer = self.buffer();
        let stream = self.stream.as_mut()?;
        let gap = self.range.start.saturating_sub(stream.next());
        let got = stream.skip(gap).and_then(|()| stream.read(buffer));
        // What comes after a break cannot be told.
        self.range.start = if got.is_ok() {
            self.range.start + 1
        } else {
            self.range.end
        };
        Some(got)
    }
}

impl Iterator for Frames<'_> {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(frame) = self.ready.pop_front() {
            return Some(frame);
        }
        if self.range.is_empty() {
            return None;
        }
        if self.stream.is_some() {
            return self.next_of_stream();
        }
        let count = self.at_once.min(self.range.len());
        let first = self.range.start;
        self.range.start += count;
        if count == 1 {
            let buffer = self.buffer();
            return Some(self.movie.read_with(first, buffer));
        }
        let buffers: Vec<Pixels> = (0..count).map(|_| self.buffer()).collect();
        let movie = self.movie;
        let frames: Vec<Result<Frame>> = buffers
            .into_par_iter()
            .enumerate()
            .map(|(i, buffer)| movie.read_with(first + i, buffer))
            .collect();
        self.ready.extend(frames);
        self.ready.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.ready.len() + self.range.len();
        (if self.stream.is_some() { 0 } else { left }, Some(left))
    }
}
