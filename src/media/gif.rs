//! Animated GIFs keep moving: their blocks are copied as they are, without comments, foreign applications' data (XMP)
//! and whatever follows the end (GIF89a specification §17–§27). No frame is decoded here.

/// The largest animation that is shown moving, in bytes; a larger one is shown as its first frame.
pub(super) const ANIMATION_BYTES_MAX: u64 = 8 << 20;

/// The largest number of frames that is shown moving.
const FRAMES_MAX: u32 = 1000;

/// Applications whose blocks say how often an animation repeats.
const REPEATS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// A GIF without what nobody needs.
pub(super) struct Stripped {
    /// The file.
    pub(super) bytes: Vec<u8>,
    /// Whether it moves, within the bounds.
    pub(super) is_animation: bool,
}

/// Copies the blocks of a GIF; `None` when it is damaged or cut off.
pub(super) fn strip(gif: &[u8]) -> Option<Stripped> {
    let mut from = gif;
    let mut bytes = Vec::with_capacity(gif.len());
    let header = take(&mut from, 13)?;
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(take(&mut from, table_bytes(header[10]))?);
    let mut frames = 0_u32;
    loop {
        let start = from;
        match take(&mut from, 1)? {
            // image: descriptor, colours, code size, data
            [0x2c] => {
                let descriptor = take(&mut from, 9)?;
                take(&mut from, table_bytes(descriptor[8]) + 1)?;
                skip_blocks(&mut from)?;
                frames += 1;
            }
            // extension: control of the next image, comment, text or an application's own
            [0x21] => {
                let label = take(&mut from, 1)?[0];
                let is_kept = label == 0xf9
                    || (label == 0xff && REPEATS.iter().any(|name| from.get(1..12) == Some(*name)));
                skip_blocks(&mut from)?;
                if !is_kept {
                    continue;
                }
            }
            [0x3b] => {
                bytes.push(0x3b);
                return Some(Stripped {
                    bytes,
                    is_animation: (2..=FRAMES_MAX).contains(&frames),
                });
            }
            _ => return None,
        }
        bytes.extend_from_slice(start.get(..start.len() - from.len())?);
    }
}

/// Bytes of the table of colours that a packed field announces (§18, §20).
fn table_bytes(packed: u8) -> usize {
    if packed & 0x80 == 0 {
        0
    } else {
        3 << ((packed & 7) + 1)
    }
}

fn take<'a>(from: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = from.split_at_checked(count)?;
    *from = rest;
    Some(taken)
}

/// Skips sub-blocks up to the empty one that ends them (§15, §16).
fn skip_blocks(from: &mut &[u8]) -> Option<()> {
    loop {
        match take(from, 1)?[0] {
            0 => return Some(()),
            count => take(from, count.into())?,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::strip;
    use crate::media::samples;

    #[test]
    fn cut_off_animations_are_refused() {
        let gif = samples::animation(20, 10, 3);
        for len in [0, 12, 40, gif.len() - 1] {
            assert!(strip(&gif[..len]).is_none(), "{len}");
        }
    }

    #[test]
    fn comments_and_what_follows_the_end_are_left_out() {
        let mut gif = samples::animation(20, 10, 3);
        let clean = strip(&gif).expect("a whole file");
        assert!(clean.is_animation);
        let end = gif.len() - 1;
        gif.splice(
            end..end,
            *b"\x21\xfe\x04home\x00\x21\xff\x0bXMP DataXMP\x03<x>\x00",
        );
        gif.extend_from_slice(b"<script>");
        let stripped = strip(&gif).expect("a whole file");
        assert_eq!(stripped.bytes, clean.bytes);
        assert!(stripped.bytes.windows(11).any(|at| at == b"NETSCAPE2.0"));
    }
}
