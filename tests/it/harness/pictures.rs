//! Pictures as cameras and programs make them: with a place where they were taken, turned, cut off, transparent.

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use std::io::Cursor;

/// The place that [`photo`] was taken at, as the bytes of its GPS record: 47 degrees, 13 minutes, 37 seconds.
const PLACE: [(u32, u32); 3] = [(47, 1), (13, 1), (37, 1)];

/// What the camera of [`photo`] is called; it stands in the metadata of the picture and nowhere else.
pub(crate) const CAMERA: &str = "Storycam 3000";

/// A photo of a size with metadata: the camera's name, which way up (EXIF orientation 1–8), and a place.
/// Its left half is red, its right half blue, as stored.
pub(crate) fn photo(width: u16, height: u16, orientation: u16) -> Vec<u8> {
    let plain = jpeg(width, height);
    let exif = exif(orientation);
    let mut out = Vec::new();
    let (start, rest) = plain.split_at(2);
    out.extend(start);
    out.extend([0xFF, 0xE1]);
    let length = u16::try_from(exif.len() + 2).expect("the metadata is small");
    out.extend(length.to_be_bytes());
    out.extend(exif);
    out.extend(rest);
    out
}

/// A JPEG without metadata.
pub(crate) fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let pixels = picture(u32::from(width), u32::from(height));
    let mut out = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut out, 85);
    encoder
        .encode(pixels.as_raw(), width, height, jpeg_encoder::ColorType::Rgb)
        .expect("a picture becomes a JPEG");
    out
}

/// A JPEG as large as photos are: full of small things, which differ by the number.
pub(crate) fn grainy(width: u16, height: u16, number: u16) -> Vec<u8> {
    let pixels = RgbImage::from_fn(u32::from(width), u32::from(height), |x, y| {
        let mixed = (x + 7919 * y + 31 * u32::from(number)).wrapping_mul(2_654_435_761);
        let grain = u8::try_from(mixed >> 27).expect("five bits");
        let shade = |at: u32, of: u16| u8::try_from(at * 200 / u32::from(of)).unwrap_or(u8::MAX);
        Rgb([
            shade(x, width) + grain,
            shade(y, height) + grain,
            90 + grain,
        ])
    });
    let mut out = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut out, 85);
    encoder
        .encode(pixels.as_raw(), width, height, jpeg_encoder::ColorType::Rgb)
        .expect("a picture becomes a JPEG");
    out
}

/// A PNG whose upper half is transparent.
pub(crate) fn transparent_png(width: u32, height: u32) -> Vec<u8> {
    let image = RgbaImage::from_fn(width, height, |_, y| {
        Rgba([10, 200, 10, if y < height / 2 { 0 } else { 255 }])
    });
    encoded(&DynamicImage::ImageRgba8(image), ImageFormat::Png)
}

/// A PNG without transparency.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let image = DynamicImage::ImageRgb8(picture(width, height));
    encoded(&image, ImageFormat::Png)
}

/// A GIF with two frames.
pub(crate) fn moving_gif(width: u16, height: u16) -> Vec<u8> {
    let mut out = Vec::new();
    {
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut out);
        for shade in [0, 255] {
            let image = RgbaImage::from_pixel(
                u32::from(width),
                u32::from(height),
                Rgba([shade, 0, 0, 255]),
            );
            encoder
                .encode_frame(image::Frame::new(image))
                .expect("a frame becomes a GIF");
        }
    }
    out
}

/// A WebP.
pub(crate) fn webp(width: u32, height: u32) -> Vec<u8> {
    let image = DynamicImage::ImageRgb8(picture(width, height));
    encoded(&image, ImageFormat::WebP)
}

/// A PNG that says it is very large and has no pixels: what a decompression bomb shows first.
pub(crate) fn bomb_png() -> Vec<u8> {
    let mut bytes = png(8, 8);
    // Width and height stand at 16 and 20, after the signature and the head of IHDR; its checksum at 29.
    let side = 60_000_u32.to_be_bytes();
    bytes.splice(16..20, side);
    bytes.splice(20..24, side);
    let checksum = crc(bytes.get(12..29).expect("a PNG has a header"));
    bytes.splice(29..33, checksum.to_be_bytes());
    bytes
}

/// Width and height of a picture of any kind.
pub(crate) fn size_of(bytes: &[u8]) -> (u32, u32) {
    let image = open(bytes);
    (image.width(), image.height())
}

/// Reads a picture of any kind.
pub(crate) fn open(bytes: &[u8]) -> DynamicImage {
    if bytes.starts_with(&[0xFF, 0xD8]) {
        let mut decoder = jpeg_decoder::Decoder::new(Cursor::new(bytes));
        let pixels = decoder.decode().expect("it is a JPEG");
        let info = decoder.info().expect("a decoded JPEG has a size");
        let image = RgbImage::from_raw(u32::from(info.width), u32::from(info.height), pixels)
            .expect("a JPEG of three colours");
        return DynamicImage::ImageRgb8(image);
    }
    image::load_from_memory(bytes).expect("it is a picture")
}

/// Whether bytes occur in others.
pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 {
            Rgb([230, 20, 20])
        } else {
            Rgb([20, 20, 230])
        }
    })
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).expect("it can be encoded");
    out.into_inner()
}

/// An APP1 segment: little-endian TIFF with Make, Orientation and a GPS directory (Exif 2.3 §4.6).
fn exif(orientation: u16) -> Vec<u8> {
    let mut tiff = Vec::new();
    tiff.extend(b"II*\0");
    tiff.extend(8_u32.to_le_bytes());
    let name = format!("{CAMERA}\0");
    let name_bytes = u32::try_from(name.len()).expect("a short name");
    // Three entries of twelve bytes, their count before and the next directory after them.
    let name_at = 8 + 2 + 3 * 12 + 4;
    let gps_at = name_at + name_bytes;
    let degrees_at = gps_at + 2 + 2 * 12 + 4;
    tiff.extend(3_u16.to_le_bytes());
    entry(&mut tiff, 0x010F, 2, name_bytes, name_at);
    entry(&mut tiff, 0x0112, 3, 1, u32::from(orientation));
    entry(&mut tiff, 0x8825, 4, 1, gps_at);
    tiff.extend(0_u32.to_le_bytes());
    tiff.extend(name.bytes());
    tiff.extend(2_u16.to_le_bytes());
    entry(&mut tiff, 1, 2, 2, u32::from(b'N'));
    entry(&mut tiff, 2, 5, 3, degrees_at);
    tiff.extend(0_u32.to_le_bytes());
    tiff.extend(place());
    let mut out = b"Exif\0\0".to_vec();
    out.extend(tiff);
    out
}

/// The place as it stands in the metadata.
pub(crate) fn place() -> Vec<u8> {
    PLACE
        .iter()
        .flat_map(|(over, under)| [over.to_le_bytes(), under.to_le_bytes()].concat())
        .collect()
}

fn entry(tiff: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: u32) {
    tiff.extend(tag.to_le_bytes());
    tiff.extend(kind.to_le_bytes());
    tiff.extend(count.to_le_bytes());
    tiff.extend(value.to_le_bytes());
}

/// The checksum of PNG chunks (RFC 2083 §15).
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
        }
    }
    !crc
}
