//! Reads pictures that are not JPEG: PNG, WebP, BMP and the first frame of a GIF. They are decoded whole, so the bound
//! on bytes is checked from the header first.

use crate::media::orientation::Orientation;
use crate::media::photo::{
    BYTES_IN_MEMORY_MAX, DAMAGED, Decoded, check_bytes, failed_reading, profile_of,
};
use crate::media::pixels::Pixels;
use crate::media::source::{Deadline, Source};
use crate::media::{Error, webp};
use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{ColorType, ImageDecoder, ImageError, Limits};
use std::fs::File;

/// Most memory for what a PNG holds beside its pixels, in bytes.
const METADATA_BYTES_MAX: u64 = 8 << 20;

/// Decodes a picture of the given media type.
pub(super) fn decode(file: &File, mime: &str, deadline: Deadline) -> Result<Decoded, Error> {
    let source = Source::open(file, deadline)?;
    match mime {
        "image/png" => {
            let limits = limits(METADATA_BYTES_MAX);
            read(PngDecoder::with_limits(source, limits).map_err(failed)?)
        }
        "image/gif" => read(GifDecoder::new(source).map_err(failed)?),
        "image/bmp" => read(BmpDecoder::new(source).map_err(failed)?),
        "image/webp" => {
            let layout = webp::layout(&mut Source::open(file, deadline)?)?;
            let decoder = WebPDecoder::new(source).map_err(failed)?;
            let (width, height) = decoder.dimensions();
            if layout.frame_width > width || layout.frame_height > height {
                return Err(Error::TooManyPixels {
                    width: layout.frame_width,
                    height: layout.frame_height,
                });
            }
            let pixels = u64::from(width) * u64::from(height);
            check_bytes(decoder.total_bytes() + pixels * 4, width, height)?;
            let (exif, profile) = (layout.exif, layout.profile);
            read_with(decoder, exif, profile)
        }
        _ => Err(Error::Unreadable(
            "This kind of picture cannot be shown here. Save it as JPEG or PNG and upload that.",
        )),
    }
}

fn limits(bytes_max: u64) -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(bytes_max);
    limits
}

fn read(mut decoder: impl ImageDecoder) -> Result<Decoded, Error> {
    let exif = decoder.exif_metadata().ok().flatten();
    let profile = decoder.icc_profile().ok().flatten();
    read_with(decoder, exif, profile)
}

fn read_with(
    mut decoder: impl ImageDecoder,
    exif: Option<Vec<u8>>,
    profile: Option<Vec<u8>>,
) -> Result<Decoded, Error> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Error::Unreadable(DAMAGED));
    }
    check_bytes(decoder.total_bytes(), width, height)?;
    let color = decoder.color_type();
    let len = usize::try_from(decoder.total_bytes()).map_err(|_| Error::Unreadable(DAMAGED))?;
    decoder
        .set_limits(limits(BYTES_IN_MEMORY_MAX))
        .map_err(failed)?;
    let mut bytes = vec![0; len];
    decoder.read_image(&mut bytes).map_err(failed)?;
    let channels = usize::from(color.channel_count());
    if matches!(
        color,
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16
    ) {
        drop_low_bytes(&mut bytes);
    }
    Ok(Decoded {
        profile: profile.and_then(|icc| profile_of(icc, channels)),
        pixels: Pixels {
            width,
            height,
            channels,
            bytes,
        },
        full_width: width,
        full_height: height,
        orientation: exif.map_or(Orientation::UPRIGHT, Orientation::of_exif),
        is_photo: false,
    })
}

/// 16 bits per channel to 8, in place.
fn drop_low_bytes(bytes: &mut Vec<u8>) {
    let high = usize::from(cfg!(target_endian = "little"));
    let half = bytes.len() / 2;
    for at in 0..half {
        bytes[at] = bytes[2 * at + high];
    }
    bytes.truncate(half);
}

fn failed(error: ImageError) -> Error {
    match error {
        ImageError::IoError(error) => failed_reading(error),
        _ => Error::Unreadable(DAMAGED),
    }
}
