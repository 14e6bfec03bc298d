//! Pictures for the tests of this floor, made here so that every byte of them is known. Their four quarters are red,
//! green, blue and white, so that it shows which way up they are.

use crate::media::Kind;
use image::codecs::gif::{GifEncoder, Repeat};
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{Delay, ExtendedColorType, Frame, ImageEncoder, Rgba, RgbaImage};
use jpeg_encoder::{ColorType, Encoder, ImageBuffer, JpegColorType, rgb_to_ycbcr};
use std::fs::File;
use std::io::Write;

pub(super) const RED: [u8; 3] = [255, 0, 0];
pub(super) const GREEN: [u8; 3] = [0, 255, 0];
pub(super) const BLUE: [u8; 3] = [0, 0, 255];
pub(super) const WHITE: [u8; 3] = [255, 255, 255];

/// Where the photos of these tests were taken: must never be seen in a copy.
pub(super) const PLACE: &[u8] = b"54 Garden Street";

/// A file on disk with the given bytes, and what it is recognised as.
pub(super) fn stored(bytes: &[u8]) -> (File, Kind) {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).expect("room on the disk");
    (file, Kind::of(bytes, None))
}

/// EXIF data: an orientation and a place (tags 0x0112, 0x8825 with 0x001c).
pub(super) fn tiff(orientation: u32) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: usize, value: u32| {
        let count = u32::try_from(count).expect("a short text");
        let mut entry = [tag.to_le_bytes(), kind.to_le_bytes()].concat();
        entry.extend_from_slice(&count.to_le_bytes());
        entry.extend_from_slice(&value.to_le_bytes());
        entry
    };
    let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
    tiff.extend(entry(0x0112, 3, 1, orientation));
    tiff.extend(entry(0x8825, 4, 1, 38));
    tiff.extend([0; 4]);
    tiff.extend(1_u16.to_le_bytes());
    tiff.extend(entry(0x001c, 7, PLACE.len(), 56));
    tiff.extend([0; 4]);
    tiff.extend(PLACE);
    tiff
}

/// The colour of a point of a picture with four quarters.
fn quarter(x: u32, y: u32, width: u32, height: u32) -> [u8; 3] {
    match (x >= width / 2, y >= height / 2) {
        (false, false) => RED,
        (true, false) => GREEN,
        (false, true) => BLUE,
        (true, true) => WHITE,
    }
}

/// Four quarters, made row by row.
struct Quarters {
    width: u16,
    height: u16,
}

impl ImageBuffer for Quarters {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let (width, height) = (u32::from(self.width), u32::from(self.height));
        for x in [0, width / 2] {
            let [red, green, blue] = quarter(x, y.into(), width, height);
            let (y, cb, cr) = rgb_to_ycbcr(red, green, blue);
            let count = if x == 0 { width / 2 } else { width - x };
            for (buffer, value) in buffers.iter_mut().zip([y, cb, cr]) {
                buffer.extend(std::iter::repeat_n(value, count as usize));
            }
        }
    }
}

/// A photo as a camera writes it, with EXIF, XMP and a comment that name the place.
pub(super) fn photo(width: u16, height: u16, orientation: u32, is_progressive: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 85);
    encoder.set_progressive(is_progressive);
    let exif = [b"Exif\0\0", tiff(orientation).as_slice()].concat();
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0", PLACE].concat();
    for (segment, data) in [(1, exif), (1, xmp), (13, PLACE.to_vec())] {
        encoder
            .add_app_segment(segment, data)
            .expect("a short segment");
    }
    encoder
        .encode_image(Quarters { width, height })
        .expect("a photo");
    bytes
}

/// A JPEG of one colour, given in the channels of `color`.
pub(super) fn plain_jpeg(width: u16, height: u16, color: ColorType, pixel: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = pixel.repeat(usize::from(width) * usize::from(height));
    Encoder::new(&mut bytes, 90)
        .encode(&pixels, width, height, color)
        .expect("a JPEG");
    bytes
}

/// Four quarters in RGB, with the given alpha in the first one where there is one.
pub(super) fn quarters(width: u32, height: u32, alpha: Option<u8>) -> Vec<u8> {
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .flat_map(|(x, y)| {
            let color = quarter(x, y, width, height);
            let alpha = alpha.map(|alpha| if color == RED { alpha } else { 255 });
            color.into_iter().chain(alpha)
        })
        .collect()
}

/// A PNG of four quarters.
pub(super) fn png(width: u32, height: u32, alpha: Option<u8>) -> Vec<u8> {
    let color = if alpha.is_some() {
        ExtendedColorType::Rgba8
    } else {
        ExtendedColorType::Rgb8
    };
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&quarters(width, height, alpha), width, height, color)
        .expect("a PNG");
    bytes
}

/// A PNG of a few bytes that says it is `width` × `height` pixels (PNG §11.2.2).
pub(super) fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(1, 1, None);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    bytes
}

/// A WebP of four quarters.
pub(super) fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    WebPEncoder::new_lossless(&mut bytes)
        .encode(
            &quarters(width, height, None),
            width,
            height,
            ExtendedColorType::Rgb8,
        )
        .expect("a WebP");
    bytes
}

/// A PNG and a WebP of four quarters with EXIF data and a colour profile, if one is given.
pub(super) fn told(width: u32, height: u32, orientation: u32, profile: &[u8]) -> [Vec<u8>; 2] {
    fn write(mut encoder: impl ImageEncoder, told: [Vec<u8>; 2], width: u32, height: u32) {
        let [exif, profile] = told;
        encoder.set_exif_metadata(exif).expect("EXIF data");
        if !profile.is_empty() {
            encoder.set_icc_profile(profile).expect("a profile");
        }
        let pixels = quarters(width, height, None);
        encoder
            .write_image(&pixels, width, height, ExtendedColorType::Rgb8)
            .expect("a picture");
    }
    let told = [tiff(orientation), profile.to_vec()];
    let (mut png, mut webp) = (Vec::new(), Vec::new());
    write(PngEncoder::new(&mut png), told.clone(), width, height);
    write(WebPEncoder::new_lossless(&mut webp), told, width, height);
    [png, webp]
}

/// The head of a colour profile (ICC.1:2022 §7.2), filled up to `len` bytes.
pub(super) fn profile(space: &[u8; 4], len: usize) -> Vec<u8> {
    let mut profile = vec![7; len];
    profile[16..20].copy_from_slice(space);
    profile[36..40].copy_from_slice(b"acsp");
    profile
}

/// A GIF that repeats for ever.
pub(super) fn animation(width: u32, height: u32, frames: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    {
        let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
        encoder.set_repeat(Repeat::Infinite).expect("a GIF");
        for frame in 0..frames {
            let picture = RgbaImage::from_pixel(width, height, Rgba([frame * 40, 0, 0, 255]));
            let delay = Delay::from_numer_denom_ms(100, 1);
            encoder
                .encode_frame(Frame::from_parts(picture, 0, 0, delay))
                .expect("a frame");
        }
    }
    bytes
}
