//! Compressed answers (RFC 1952). A compressor takes about 300 KiB, so one is kept and used again.

use flate2::read::GzDecoder;
use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use std::io::Read as _;
use std::sync::{Mutex, PoisonError};

/// Level of compression: the fastest; feeds still shrink to a quarter.
const LEVEL: u32 = 1;

/// A compressor that lies ready; another is made when it is in use.
#[derive(Default)]
pub(super) struct Gzip {
    spare: Mutex<Option<Compress>>,
}

impl Gzip {
    /// The bytes in gzip's form.
    pub(super) fn compress(&self, bytes: &[u8]) -> Vec<u8> {
        let spare = self.slot().take();
        let mut compress = spare.unwrap_or_else(|| Compress::new(Compression::new(LEVEL), false));
        // Identification, deflate, no flags, no time, fastest algorithm, unknown system.
        let mut out = Vec::with_capacity(bytes.len() / 3 + 64);
        out.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
        loop {
            let taken = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
            out.reserve(bytes.len() / 8 + 64);
            let rest = bytes.get(taken..).unwrap_or_default();
            match compress.compress_vec(rest, &mut out, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => break,
                Ok(_) => {}
                Err(error) => unreachable!("compressing into memory: {error}"),
            }
        }
        let mut checksum = Crc::new();
        checksum.update(bytes);
        out.extend_from_slice(&checksum.sum().to_le_bytes());
        out.extend_from_slice(&checksum.amount().to_le_bytes());
        compress.reset();
        *self.slot() = Some(compress);
        out
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Compress>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was compressed, as it was before.
pub(super) fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    match GzDecoder::new(packed).read_to_end(&mut bytes) {
        Ok(_) => bytes,
        Err(error) => unreachable!("what handlers compress is whole: {error}"),
    }
}

/// Whether an `Accept-Encoding` takes gzip (RFC 9110 §12.5.3).
pub(super) fn is_accepted(accept_encoding: &str) -> bool {
    accept_encoding.split(',').any(|coding| {
        let mut parts = coding.split(';');
        let name = parts.next().unwrap_or("").trim();
        let refused = parts.any(|part| {
            part.trim()
                .strip_prefix("q=")
                .is_some_and(|q| q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0))
        });
        name.eq_ignore_ascii_case("gzip") && !refused
    })
}

/// Whether bytes of a content type become fewer.
pub(super) fn is_worth_it(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or("").trim();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind,
            "application/json" | "application/javascript" | "application/xml"
        )
}

#[cfg(test)]
mod tests {
    use super::{Gzip, is_accepted};
    use flate2::read::GzDecoder;
    use std::io::Read as _;

    #[test]
    fn gzip_is_only_sent_to_who_takes_it() {
        for no in ["", "br", "gzip;q=0", "deflate, gzip; q=0.0", "xgzip"] {
            assert!(!is_accepted(no), "{no}");
        }
        for yes in ["gzip", "br, GZIP;q=0.5", "deflate,gzip"] {
            assert!(is_accepted(yes), "{yes}");
        }
    }

    #[test]
    fn what_is_compressed_can_be_read_also_with_a_used_compressor() {
        let gzip = Gzip::default();
        let noise: Vec<u8> = (0..100_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0])
            .collect();
        let words = "a feed of notes, ".repeat(5000).into_bytes();
        for bytes in [noise, words, Vec::new(), b"short".to_vec()] {
            let packed = gzip.compress(&bytes);
            let mut unpacked = Vec::new();
            GzDecoder::new(packed.as_slice())
                .read_to_end(&mut unpacked)
                .expect("gzip");
            assert_eq!(unpacked, bytes);
        }
    }
}
