//! Writes copies: JPEG, or PNG where something shines through. They carry pixels and, if it is small, the colour
//! profile; nothing else of the original.

use crate::media::Error;
use crate::media::Variant;
use crate::media::photo::Rendition;
use crate::media::pixels::Pixels;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Quality of JPEG copies, of 100 (`pump-api.md §3.8.3`: 80; a little more keeps skies smooth).
const JPEG_QUALITY: u8 = 82;

/// Writes pixels of 1, 3 or 4 channels. Drawings (not `is_photo`) keep the full resolution of their colours.
pub(super) fn encode(
    variant: Variant,
    pixels: &Pixels,
    profile: Option<&[u8]>,
    is_photo: bool,
) -> Result<Rendition, Error> {
    let rendition = |mime, extension, bytes| Rendition {
        variant,
        width: pixels.width,
        height: pixels.height,
        mime,
        extension,
        bytes,
    };
    if pixels.channels == 4 {
        Ok(rendition("image/png", "png", png(pixels, profile)?))
    } else {
        Ok(rendition(
            "image/jpeg",
            "jpg",
            jpeg(pixels, profile, is_photo)?,
        ))
    }
}

fn jpeg(pixels: &Pixels, profile: Option<&[u8]>, is_photo: bool) -> Result<Vec<u8>, Error> {
    let failed = |error| Error::Io(std::io::Error::other(format!("JPEG copy: {error:?}")));
    let side = |side: u32| u16::try_from(side).unwrap_or(u16::MAX);
    let color = match pixels.channels {
        1 => ColorType::Luma,
        _ => ColorType::Rgb,
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, JPEG_QUALITY);
    encoder.set_sampling_factor(if is_photo {
        SamplingFactor::F_2_2
    } else {
        SamplingFactor::F_1_1
    });
    if let Some(profile) = profile {
        encoder.add_icc_profile(profile).map_err(failed)?;
    }
    encoder
        .encode(
            &pixels.bytes,
            side(pixels.width),
            side(pixels.height),
            color,
        )
        .map_err(failed)?;
    Ok(bytes)
}

fn png(pixels: &Pixels, profile: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut encoder =
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    if let Some(profile) = profile {
        // A profile that PNG cannot carry is left out: colours are then a little off, nothing else.
        encoder.set_icc_profile(profile.to_vec()).ok();
    }
    encoder
        .write_image(
            &pixels.bytes,
            pixels.width,
            pixels.height,
            ExtendedColorType::Rgba8,
        )
        .map_err(|error| Error::Io(std::io::Error::other(format!("PNG copy: {error}"))))?;
    Ok(bytes)
}
