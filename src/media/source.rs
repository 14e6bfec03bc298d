//! The file that a decoder reads: from its start, whatever the file's own cursor says, and only until a deadline.
//! Decoders cannot be interrupted from outside, but all of them come back here for more bytes.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// Longest time that one picture may take, in seconds. A small board needs about three for the largest photos.
pub(super) const JOB_SECS_MAX: u64 = 30;

/// Bytes read at a time: small, so that a file of endless cheap scans comes back often enough to be stopped.
const CHUNK_BYTES: usize = 16 * 1024;

/// When a job must be over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// [`JOB_SECS_MAX`] from now.
    pub(super) fn start() -> Deadline {
        Deadline(Instant::now() + Duration::from_secs(JOB_SECS_MAX))
    }

    /// One that is over already.
    #[cfg(test)]
    pub(super) fn over() -> Deadline {
        Deadline(Instant::now())
    }

    /// Whether no time is left.
    pub(super) fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

/// A file read from a position of its own, until a deadline.
pub(super) struct Source<'a> {
    file: &'a File,
    at: u64,
    len: u64,
    deadline: Deadline,
}

impl<'a> Source<'a> {
    /// Reads `file` from its start, in pieces.
    pub(super) fn open(file: &'a File, deadline: Deadline) -> io::Result<BufReader<Source<'a>>> {
        let source = Source {
            file,
            at: 0,
            len: file.metadata()?.len(),
            deadline,
        };
        Ok(BufReader::with_capacity(CHUNK_BYTES, source))
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.deadline.is_over() {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
