//! Tar as everybody reads it: plain files only, headers of POSIX's ustar, and GNU's form of lengths that do not fit there
//! (POSIX.1-2017, pax, "ustar Interchange Format"). Knows blocks, nothing of what is in the files.

use crate::clock::Timestamp;
use std::io::{self, Read, Write};

/// Bytes of a block: headers are one, files fill whole ones.
const BLOCK_BYTES: usize = 512;

/// Largest length that is written in octal digits: GNU's binary form begins above.
const OCTAL_MAX: u64 = 0o77_777_777_777;

/// Longest name of a file, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 100;

/// Blocks of zeros at the end.
const END_BYTES: usize = 2 * BLOCK_BYTES;

/// Bytes that a file of a length takes in an archive, with its header.
pub(super) fn taken_bytes(length: u64) -> u64 {
    BLOCK_BYTES as u64 + length.next_multiple_of(BLOCK_BYTES as u64)
}

/// Bytes that an archive takes beside its files.
pub(super) const FRAME_BYTES: u64 = END_BYTES as u64;

/// The header of a file.
pub(super) fn header(name: &str, length: u64, at: Timestamp) -> io::Result<[u8; BLOCK_BYTES]> {
    if name.len() > NAME_BYTES_MAX {
        let long = format!("the name {name} is too long for an archive");
        return Err(io::Error::other(long));
    }
    let mut block = [0; BLOCK_BYTES];
    let mut put = |start: usize, bytes: &[u8]| {
        for (to, from) in block.iter_mut().skip(start).zip(bytes) {
            *to = *from;
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    if length <= OCTAL_MAX {
        put(124, format!("{length:011o}\0").as_bytes());
    } else {
        put(124, &[0x80, 0, 0, 0]);
        put(128, &length.to_be_bytes());
    }
    let seconds = u64::try_from(at.0).unwrap_or(0).min(OCTAL_MAX);
    put(136, format!("{seconds:011o}\0").as_bytes());
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum = checksum(&block);
    let mut put = |start: usize, bytes: &[u8]| {
        for (to, from) in block.iter_mut().skip(start).zip(bytes) {
            *to = *from;
        }
    };
    put(148, format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// Fills the last block of a file.
pub(super) fn pad(out: &mut dyn Write, length: u64) -> io::Result<()> {
    let short = length.next_multiple_of(BLOCK_BYTES as u64) - length;
    io::copy(&mut io::repeat(0).take(short), &mut &mut *out).map(|_| ())
}

/// Ends an archive.
pub(super) fn end(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&[0; END_BYTES])
}

/// Whether an archive begins so.
pub(super) fn is_start(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(b"ustar")
}

/// What the next block of an archive is.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::domain) enum Next {
    /// A file of this name and length follows.
    File(String, u64),
    /// The archive ends.
    End,
    /// No block of an archive, or one of something that is no plain file.
    Nonsense,
}

/// Reads the next header.
pub(in crate::domain) fn next(from: &mut dyn Read) -> io::Result<Next> {
    let mut block = [0; BLOCK_BYTES];
    from.read_exact(&mut block)?;
    if block.iter().all(|byte| *byte == 0) {
        from.read_exact(&mut block)?;
        let is_end = block.iter().all(|byte| *byte == 0);
        return Ok(if is_end { Next::End } else { Next::Nonsense });
    }
    Ok(read_header(&block).map_or(Next::Nonsense, |(name, length)| Next::File(name, length)))
}

/// Reads what fills the last block of a file.
pub(in crate::domain) fn skip_pad(from: &mut dyn Read, length: u64) -> io::Result<()> {
    let short = length.next_multiple_of(BLOCK_BYTES as u64) - length;
    let mut rest = [0; BLOCK_BYTES];
    let short = usize::try_from(short).unwrap_or(0);
    from.read_exact(rest.get_mut(..short).unwrap_or_default())
}

fn read_header(block: &[u8; BLOCK_BYTES]) -> Option<(String, u64)> {
    let field = |start: usize, length: usize| block.get(start..start + length);
    let is_plain = matches!(block[156], b'0' | 0);
    if field(257, 5)? != b"ustar" || !is_plain || octal(field(148, 8)?)? != checksum(block) {
        return None;
    }
    let name = field(0, NAME_BYTES_MAX)?.split(|byte| *byte == 0).next()?;
    let name = String::from_utf8(name.to_vec()).ok()?;
    let length = match field(124, 12)? {
        [0x80, 0, 0, 0, rest @ ..] => u64::from_be_bytes(rest.try_into().ok()?),
        digits => octal(digits)?,
    };
    Some((name, length))
}

fn octal(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    let text = text.trim_matches(|c| c == ' ' || c == '\0');
    u64::from_str_radix(text, 8).ok()
}

/// The sum of the bytes of a header, its own place taken for spaces.
fn checksum(block: &[u8; BLOCK_BYTES]) -> u64 {
    let bytes = block.iter().enumerate().map(|(at, byte)| match at {
        148..156 => u64::from(b' '),
        _ => u64::from(*byte),
    });
    bytes.sum()
}

#[cfg(test)]
mod tests {
    use super::{NAME_BYTES_MAX, Next, header, next, taken_bytes};
    use crate::clock::Timestamp;

    const AT: Timestamp = Timestamp(1_795_217_900);

    #[test]
    fn headers_are_read_as_they_were_written() {
        let long = "x".repeat(NAME_BYTES_MAX);
        for (name, length) in [
            ("a", 0),
            ("dir/file", 512),
            (&long, 1 << 33),
            ("b", u64::MAX),
        ] {
            let block = header(name, length, AT).expect("a name that fits");
            let read = next(&mut &block[..]).expect("a whole block");
            assert_eq!(read, Next::File(name.to_owned(), length));
        }
        header(&"x".repeat(NAME_BYTES_MAX + 1), 1, AT).expect_err("too long");
    }

    #[test]
    fn what_is_no_header_is_told_from_the_end() {
        let mut block = header("name", 3, AT).expect("fits");
        block[0] = b'l';
        assert_eq!(next(&mut &block[..]).expect("a block"), Next::Nonsense);
        assert_eq!(next(&mut &[0; 1024][..]).expect("two"), Next::End);
        let half = next(&mut &[0; 700][..]).expect_err("cut short");
        assert_eq!(half.kind(), std::io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn files_take_whole_blocks() {
        for (length, taken) in [(0, 512), (1, 1024), (512, 1024), (513, 1536)] {
            assert_eq!(taken_bytes(length), taken);
        }
    }
}
