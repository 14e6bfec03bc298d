//! Reads JPEG photos at a reduced scale, so that a 48-megapixel photo costs the memory of a 3-megapixel one. All bounds
//! are checked from the header. Arithmetic coding and 12 bits are not read.

use crate::media::Error;
use crate::media::orientation::Orientation;
use crate::media::photo::{DAMAGED, Decoded, check_bytes, failed_reading, profile_of};
use crate::media::pixels::Pixels;
use crate::media::source::{Deadline, Source};
use jpeg_decoder::{CodingProcess, Decoder, PixelFormat};
use std::fs::File;
use std::io::{BufRead, Read};

/// Bytes in memory for each decoded pixel and channel: the planes of the channels, then the picture made of them.
const COPIES: u64 = 2;

/// The least that is tried, in pixels, when the wanted size would take too much memory.
const SIDE_MIN: u16 = 640;

/// What somebody reads whose JPEG is of a kind that no browser shows either.
const UNUSUAL: &str =
    "This kind of JPEG cannot be shown here. Save it as a usual JPEG and upload that.";

/// Decodes at the smallest of the scales 1/8, 1/4, 1/2 and 1 at which the picture's longer side (or, for squares, its
/// shorter side) is still at least `side_min` pixels; at a smaller one where that would take too much memory.
pub(super) fn decode(
    file: &File,
    side_min: u16,
    is_for_square: bool,
    deadline: Deadline,
) -> Result<Decoded, Error> {
    let mut decoder = Decoder::new(Source::open(file, deadline)?);
    decoder.read_info().map_err(failed)?;
    let info = decoder.info().ok_or(Error::Unreadable(DAMAGED))?;
    let (width, height) = (info.width, info.height);
    if width == 0 || height == 0 {
        return Err(Error::Unreadable(DAMAGED));
    }
    // Lossless JPEG cannot be read at a reduced scale.
    if info.coding_process == CodingProcess::Lossless {
        return Err(Error::Unreadable(UNUSUAL));
    }

    let kept = if info.coding_process == CodingProcess::DctProgressive {
        coefficient_bytes(&mut Source::open(file, deadline)?, (width, height))?
    } else {
        0
    };
    // The decoder stops at the first side that is large enough; the other one is asked for what it can never reach.
    let by_width = (width >= height) != is_for_square;
    let channels = info.pixel_format.pixel_bytes() as u64;
    let mut side_min = side_min;
    let (scaled_width, scaled_height) = loop {
        let (scaled_width, scaled_height) = if by_width {
            decoder.scale(side_min, u16::MAX)
        } else {
            decoder.scale(u16::MAX, side_min)
        }
        .map_err(failed)?;
        let bytes = u64::from(scaled_width) * u64::from(scaled_height) * channels * COPIES;
        match check_bytes(kept + bytes, width.into(), height.into()) {
            Ok(()) => break (scaled_width, scaled_height),
            Err(error) if side_min <= SIDE_MIN => return Err(error),
            Err(_) => side_min /= 2,
        }
    };

    let bytes = decoder.decode().map_err(failed)?;
    let (channels, bytes) = match info.pixel_format {
        PixelFormat::L8 => (1, bytes),
        PixelFormat::RGB24 => (3, bytes),
        PixelFormat::CMYK32 => (3, rgb_of_cmyk(bytes)),
        PixelFormat::L16 => return Err(Error::Unreadable(UNUSUAL)),
    };
    let profile = decoder
        .icc_profile()
        .and_then(|icc| profile_of(icc, channels));
    let orientation = decoder.exif_data().map_or(Orientation::UPRIGHT, |exif| {
        Orientation::of_exif(exif.to_vec())
    });
    Ok(Decoded {
        pixels: Pixels {
            width: scaled_width.into(),
            height: scaled_height.into(),
            channels,
            bytes,
        },
        full_width: width.into(),
        full_height: height.into(),
        orientation,
        profile,
        is_photo: true,
    })
}

/// Bytes that a progressive photo needs for its coefficients, which are kept until the last scan whatever the scale:
/// two for each sample of each component (ITU-T T.81 §A.1.1, §B.2.2). `size` is what the decoder has read: a header
/// that says something else is not the one that the decoder goes by.
fn coefficient_bytes(source: &mut impl BufRead, size: (u16, u16)) -> Result<u64, Error> {
    let mut byte = [0];
    let mut next = |source: &mut dyn BufRead| -> Result<u8, Error> {
        source.read_exact(&mut byte).map_err(failed_reading)?;
        Ok(byte[0])
    };
    loop {
        // A marker may be preceded by any number of fill bytes (§B.1.1.2).
        while next(source)? != 0xff {}
        let mut code = next(source)?;
        while code == 0xff {
            code = next(source)?;
        }
        // Markers without a segment (§B.1.1.3).
        if matches!(code, 0x00 | 0x01 | 0xd0..=0xd9) {
            continue;
        }
        let length = u16::from_be_bytes([next(source)?, next(source)?]);
        let mut segment = Vec::new();
        source
            .take(u64::from(length).saturating_sub(2))
            .read_to_end(&mut segment)
            .map_err(failed_reading)?;
        if code == 0xc2 {
            return frame_bytes(&segment, size).ok_or(Error::Unreadable(DAMAGED));
        }
    }
}

/// The sum over the components of a frame header, sizes rounded up to whole units of the largest sampling.
fn frame_bytes(frame: &[u8], size: (u16, u16)) -> Option<u64> {
    let &[_, h1, h0, w1, w0, count, ref components @ ..] = frame else {
        return None;
    };
    let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
    if (width, height) != size {
        return None;
    }
    let sampling: Vec<(u64, u64)> = components
        .chunks_exact(3)
        .take(count.into())
        .map(|component| (u64::from(component[1] >> 4), u64::from(component[1] & 15)))
        .collect();
    let across = sampling
        .iter()
        .map(|at| at.0)
        .max()
        .filter(|&max| max > 0)?;
    let down = sampling
        .iter()
        .map(|at| at.1)
        .max()
        .filter(|&max| max > 0)?;
    let units = u64::from(width).div_ceil(8 * across) * u64::from(height).div_ceil(8 * down);
    Some(sampling.iter().map(|(h, v)| units * h * v * 128).sum())
}

/// Ink on paper to light on glass, in place: what is left when ink and black have taken their part.
fn rgb_of_cmyk(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut at = 0;
    for from in (0..bytes.len()).step_by(4) {
        let paper = 255 - u16::from(bytes[from + 3]);
        for channel in 0..3 {
            let light = 255 - u16::from(bytes[from + channel]);
            bytes[at] = u8::try_from(light * paper / 255).unwrap_or(u8::MAX);
            at += 1;
        }
    }
    bytes.truncate(at);
    bytes
}

fn failed(error: jpeg_decoder::Error) -> Error {
    match error {
        jpeg_decoder::Error::Io(error) => failed_reading(error),
        jpeg_decoder::Error::Unsupported(_) => Error::Unreadable(UNUSUAL),
        _ => Error::Unreadable(DAMAGED),
    }
}
