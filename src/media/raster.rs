//! Reads pictures that are not JPEG: PNG, WebP, BMP and the first frame of a GIF. They are decoded whole, so the bound
//! on bytes is checked from the header first.

use crate::media::Error;
use crate::media::orientation::Orientation;
use crate::media::photo::{
    BYTES_IN_MEMORY_MAX, DAMAGED, Decoded, check_bytes, failed_reading, profile_of,
};
use crate::media::pixels::Pixels;
use crate::media::source::{Deadline, Source};
use image::codecs::{bmp::BmpDecoder, gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{ColorType, ImageDecoder, ImageError, Limits};
use std::fs::File;

/// Decodes a picture of the given media type.
pub(super) fn decode(file: &File, mime: &str, deadline: Deadline) -> Result<Decoded, Error> {
    let source = Source::open(file, deadline)?;
    match mime {
        "image/png" => {
            let mut limits = Limits::no_limits();
            limits.max_alloc = Some(BYTES_IN_MEMORY_MAX);
            read(PngDecoder::with_limits(source, limits).map_err(failed)?)
        }
        "image/gif" => read(GifDecoder::new(source).map_err(failed)?),
        "image/webp" => read(WebPDecoder::new(source).map_err(failed)?),
        "image/bmp" => read(BmpDecoder::new(source).map_err(failed)?),
        _ => Err(Error::Unreadable(
            "This kind of picture cannot be shown here. Save it as JPEG or PNG and upload that.",
        )),
    }
}

fn read(mut decoder: impl ImageDecoder) -> Result<Decoded, Error> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Error::Unreadable(DAMAGED));
    }
    check_bytes(decoder.total_bytes(), width, height)?;
    let color = decoder.color_type();
    let len = usize::try_from(decoder.total_bytes()).map_err(|_| Error::Unreadable(DAMAGED))?;
    let orientation = decoder
        .exif_metadata()
        .ok()
        .flatten()
        .map_or(Orientation::UPRIGHT, Orientation::of_exif);
    let profile = decoder.icc_profile().ok().flatten();
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
        orientation,
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
