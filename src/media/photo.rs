//! Makes the copies of a picture that others may see (`design.md §7`, `pump-api.md §3.8.3`): upright, without any
//! metadata, at most 320, 960 and 1920 pixels on the longest side. The original is not touched.
//!
//! One job at a time is the caller's care: a job may hold up to [`BYTES_IN_MEMORY_MAX`] and a third more.

use crate::media::Variant;
use crate::media::orientation::Orientation;
use crate::media::pixels::Pixels;
use crate::media::source::Deadline;
use crate::media::{Error, Kind, encode, gif, jpeg, raster};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Largest file that is taken as a picture, in bytes.
pub const PICTURE_BYTES_MAX: u64 = 64 << 20;

/// Most memory that decoding one picture may take, in bytes; known from the header. 24 megapixels of PNG or WebP, any
/// usual photo of up to 200 megapixels (which are decoded at 1/8), progressive photos of up to about 28 megapixels.
pub const BYTES_IN_MEMORY_MAX: u64 = 96 << 20;

/// Largest colour profile that copies keep, in bytes. Those of phones have about 500.
const PROFILE_BYTES_MAX: usize = 4096;

/// Longest side of the picture from which a placeholder is made, in pixels; at most 100.
const PLACEHOLDER_SIDE: u32 = 64;

/// The sizes: variant and longest side in pixels, largest first.
const SIZES: [(Variant, u32); 3] = [
    (Variant::Large, 1920),
    (Variant::Medium, 960),
    (Variant::Small, 320),
];

/// What somebody reads whose picture cannot be decoded.
pub(super) const DAMAGED: &str = "The picture cannot be read. It may be damaged or cut off.";

/// What somebody reads whose picture takes longer than a picture may.
const TOO_SLOW: &str = "The picture takes too long to read. Save it again or make it smaller.";

/// A picture and what others may see of it.
#[derive(Clone, Debug)]
pub struct Photo {
    /// Width of the original as shown, that is upright, in pixels.
    pub width: u32,
    /// Height of the original as shown, in pixels.
    pub height: u32,
    /// The copies, smallest first, at least one. The first fits in 320 pixels, the last is the best that others see;
    /// a picture of at most 1920 pixels has its last copy at its own size.
    pub renditions: Vec<Rendition>,
    /// A placeholder of some 25 bytes in base64 (ThumbHash), to be drawn until the picture is there.
    pub thumbhash: String,
}

/// One copy.
#[derive(Clone, Debug)]
pub struct Rendition {
    /// Which one.
    pub variant: Variant,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// `image/jpeg`, `image/png` or `image/gif`; not always the original's.
    pub mime: &'static str,
    /// The ending for its name in URLs, without the dot.
    pub extension: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A decoded picture.
pub(super) struct Decoded {
    /// As stored, perhaps at a reduced scale.
    pub(super) pixels: Pixels,
    /// Width as stored, at full scale.
    pub(super) full_width: u32,
    /// Height as stored, at full scale.
    pub(super) full_height: u32,
    pub(super) orientation: Orientation,
    /// A small RGB profile.
    pub(super) profile: Option<Vec<u8>>,
    /// Whether colours may be coarser than brightness.
    pub(super) is_photo: bool,
}

/// Makes the copies of the picture in `file`, whose kind was recognised as `kind`. [`Error::TooLarge`],
/// [`Error::TooManyPixels`] and [`Error::Unreadable`] are the picture's fault; a decoder's panic is one of them.
pub fn show(file: &File, kind: Kind) -> Result<Photo, Error> {
    guarded(|| show_within(file, kind, Deadline::start()))
}

/// Runs work on an untrusted file; a panic in it becomes [`Error::Unreadable`].
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or(Err(Error::Unreadable(DAMAGED)))
}

/// Decodes a picture so that one side is at least `side_min` pixels, if it is that large: the longer one, or for
/// squares the shorter one.
pub(super) fn decode(
    file: &File,
    kind: Kind,
    side_min: u32,
    is_for_square: bool,
    deadline: Deadline,
) -> Result<Decoded, Error> {
    if file.metadata()?.len() > PICTURE_BYTES_MAX {
        return Err(Error::TooLarge {
            bytes_max: PICTURE_BYTES_MAX,
        });
    }
    match kind.mime {
        "image/jpeg" => {
            let side_min = u16::try_from(side_min).unwrap_or(u16::MAX);
            jpeg::decode(file, side_min, is_for_square, deadline)
        }
        mime => raster::decode(file, mime, deadline),
    }
}

fn show_within(file: &File, kind: Kind, deadline: Deadline) -> Result<Photo, Error> {
    let Decoded {
        pixels,
        full_width,
        full_height,
        orientation,
        profile,
        is_photo,
    } = decode(file, kind, SIZES[0].1, false, deadline)?;
    let (width, height) = orientation.shown_size(full_width, full_height);
    let longest = width.max(height);
    let profile = profile.as_deref();

    let mut shown = reduced(pixels, SIZES[0].1)?
        .upright(orientation)
        .simplified();
    let mut renditions = Vec::with_capacity(SIZES.len());
    for (index, (variant, side)) in SIZES.into_iter().enumerate() {
        let is_needed = SIZES.get(index + 1).is_none_or(|next| longest > next.1);
        if is_needed {
            shown = reduced(shown, side)?;
            renditions.push(encode::encode(variant, &shown, profile, is_photo)?);
        }
        if deadline.is_over() {
            return Err(Error::Unreadable(TOO_SLOW));
        }
    }
    let small = reduced(shown, PLACEHOLDER_SIDE)?;
    renditions.reverse();
    if kind.mime == "image/gif" {
        keep_moving(file, (width, height), &mut renditions)?;
    }
    Ok(Photo {
        width,
        height,
        renditions,
        thumbhash: thumbhash(&small),
    })
}

/// The picture with a longest side of at most `longest` pixels; as it is where it is not larger.
fn reduced(pixels: Pixels, longest: u32) -> Result<Pixels, Error> {
    if pixels.longest() <= longest {
        return Ok(pixels);
    }
    pixels.scaled(longest)
}

/// Replaces the largest copy of an animation by the animation itself, so that it moves; the small one stays still.
fn keep_moving(
    file: &File,
    (width, height): (u32, u32),
    renditions: &mut Vec<Rendition>,
) -> Result<(), Error> {
    let len = file.metadata()?.len();
    if len > gif::ANIMATION_BYTES_MAX || width.max(height) > SIZES[0].1 {
        return Ok(());
    }
    let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
    file.read_exact_at(&mut bytes, 0)?;
    let stripped = gif::strip(&bytes).ok_or(Error::Unreadable(DAMAGED))?;
    if !stripped.is_animation {
        return Ok(());
    }
    if let Some(largest) = renditions.pop() {
        renditions.retain(|rendition| rendition.variant == Variant::Small);
        renditions.push(Rendition {
            variant: largest.variant,
            width,
            height,
            mime: "image/gif",
            extension: "gif",
            bytes: stripped.bytes,
        });
    }
    Ok(())
}

fn thumbhash(pixels: &Pixels) -> String {
    let hash = thumbhash::rgba_to_thumb_hash(
        pixels.width as usize,
        pixels.height as usize,
        &pixels.rgba(),
    );
    STANDARD.encode(hash)
}

/// Refuses what would take more than [`BYTES_IN_MEMORY_MAX`].
pub(super) fn check_bytes(bytes: u64, width: u32, height: u32) -> Result<(), Error> {
    if bytes > BYTES_IN_MEMORY_MAX {
        return Err(Error::TooManyPixels { width, height });
    }
    Ok(())
}

/// A colour profile that copies keep: small, and of the same colours as the pixels (ICC.1:2022 §7.2). It tells which
/// red is meant, nothing about a person or a place.
pub(super) fn profile_of(icc: Vec<u8>, channels: usize) -> Option<Vec<u8>> {
    let space: &[u8] = if channels < 3 { b"GRAY" } else { b"RGB " };
    let is_fitting = icc.len() <= PROFILE_BYTES_MAX
        && icc.get(36..40) == Some(b"acsp")
        && icc.get(16..20) == Some(space);
    is_fitting.then_some(icc)
}

/// What a failure to read means: the file's end too early and the deadline are the picture's fault.
pub(super) fn failed_reading(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut => Error::Unreadable(TOO_SLOW),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::InvalidData
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::Other => Error::Unreadable(DAMAGED),
        _ => Error::Io(error),
    }
}

#[cfg(test)]
mod tests;
