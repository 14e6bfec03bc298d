//! How a WebP file is laid out (RFC 9649 §2): looked through before it is decoded, because the decoder believes the
//! lengths of chunks and the sizes of frames, and takes the memory for them before it has read them.

use crate::media::Error;
use crate::media::photo::{DAMAGED, failed_reading};
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// Longest chunk of metadata that is looked at, in bytes.
const METADATA_BYTES_MAX: u64 = 64 << 10;

/// What is said beside the pixels.
#[derive(Default)]
pub(super) struct Layout {
    /// Largest width of a lossy frame, in pixels; 0 if there is none.
    pub(super) frame_width: u32,
    /// Largest height of a lossy frame, in pixels; 0 if there is none.
    pub(super) frame_height: u32,
    /// EXIF data from its TIFF header.
    pub(super) exif: Option<Vec<u8>>,
    /// The colour profile.
    pub(super) profile: Option<Vec<u8>>,
}

/// Looks through all chunks. A file that is shorter than its chunks say is [`Error::Unreadable`].
pub(super) fn layout<R: BufRead + Seek>(source: &mut R) -> Result<Layout, Error> {
    let mut layout = Layout::default();
    let len = source.seek(SeekFrom::End(0))?;
    // the signature: RIFF, a length, WEBP
    chunks(source, 12, len, &mut layout).map_err(failed_reading)?;
    Ok(layout)
}

/// Looks through the chunks between two positions; what is left at the end is too short for one.
fn chunks<R: BufRead + Seek>(
    source: &mut R,
    start: u64,
    end: u64,
    layout: &mut Layout,
) -> io::Result<()> {
    let mut at = start;
    while at + 8 <= end {
        source.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        source.read_exact(&mut head)?;
        let [name @ .., a, b, c, d] = head;
        let len = u64::from(u32::from_le_bytes([a, b, c, d]));
        let (from, to) = (at + 8, at + 8 + len);
        if to > end {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, DAMAGED));
        }
        match &name {
            b"VP8 " => frame(source, layout)?,
            // a frame of an animation: its place and duration, then chunks
            b"ANMF" => chunks(source, (from + 16).min(to), to, layout)?,
            b"EXIF" if len <= METADATA_BYTES_MAX => {
                let exif = bytes(source, len)?;
                let tiff = exif.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec);
                layout.exif = Some(tiff.unwrap_or(exif));
            }
            b"ICCP" if len <= METADATA_BYTES_MAX => layout.profile = Some(bytes(source, len)?),
            _ => {}
        }
        at = to + len % 2;
    }
    Ok(())
}

/// The size in the header of a lossy frame (RFC 6386 §9.1).
fn frame<R: Read>(source: &mut R, layout: &mut Layout) -> io::Result<()> {
    let head = bytes(source, 10)?;
    if let [.., w0, w1, h0, h1] = *head {
        let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
        layout.frame_width = layout.frame_width.max(side(w0, w1));
        layout.frame_height = layout.frame_height.max(side(h0, h1));
    }
    Ok(())
}

fn bytes<R: Read>(source: &mut R, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::layout;
    use crate::media::{Error, photo, samples};
    use std::io::Cursor;

    /// A WebP of the given chunks.
    fn riff(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut body = b"WEBP".to_vec();
        for (name, data) in chunks {
            body.extend_from_slice(*name);
            body.extend(u32::try_from(data.len()).expect("short").to_le_bytes());
            body.extend_from_slice(data);
        }
        let len = u32::try_from(body.len()).expect("short").to_le_bytes();
        [b"RIFF".as_slice(), &len, &body].concat()
    }

    /// An extended header for a picture of 16 × 16 pixels with EXIF data.
    const SIXTEEN: &[u8] = &[8, 0, 0, 0, 15, 0, 0, 15, 0, 0];

    #[test]
    fn lengths_and_sizes_that_cannot_be_are_refused_before_decoding() {
        let mut long = riff(&[(b"VP8X", SIXTEEN), (b"EXIF", b"1234")]);
        let at = long.len() - 8;
        long[at..at + 4].copy_from_slice(&[0xf0, 0xff, 0xff, 0xff]);
        let refused = layout(&mut Cursor::new(&long));
        assert!(matches!(refused, Err(Error::Unreadable(_))));

        // A small picture with a frame of 16 383 × 16 383 pixels, at the top and in an animation.
        let frame: &[u8] = &[0, 0, 0, 0x9d, 1, 0x2a, 0xff, 0x3f, 0xff, 0x3f];
        let inner = [&[0; 16], b"VP8 \x0a\0\0\0".as_slice(), frame].concat();
        let still = riff(&[
            (b"VP8X", &[0, 0, 0, 0, 15, 0, 0, 15, 0, 0]),
            (b"VP8 ", frame),
        ]);
        let moving = riff(&[
            (b"VP8X", &[2, 0, 0, 0, 15, 0, 0, 15, 0, 0]),
            (b"ANIM", &[0; 6]),
            (b"ANMF", &inner),
        ]);
        for bytes in [still, moving] {
            let (file, kind) = samples::stored(&bytes);
            assert_eq!(kind.mime, "image/webp");
            let refused = photo::show(&file, kind);
            assert!(
                matches!(refused, Err(Error::TooManyPixels { width: 16_383, .. })),
                "{refused:?}"
            );
        }
    }
}
