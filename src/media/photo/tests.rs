//! What people see of the pictures that they upload, refusals first.

use super::{Photo, Rendition, show, show_within};
use crate::media::Variant;
use crate::media::samples::{self, BLUE, GREEN, RED, WHITE};
use crate::media::source::Deadline;
use crate::media::{Error, Kind};
use jpeg_encoder::ColorType;

fn shown(bytes: &[u8]) -> Result<Photo, Error> {
    let (file, kind) = samples::stored(bytes);
    show(&file, kind)
}

fn sizes(photo: &Photo) -> Vec<(Variant, u32, u32)> {
    let size = |copy: &Rendition| (copy.variant, copy.width, copy.height);
    photo.renditions.iter().map(size).collect()
}

/// The colours in the middle of the four quarters of a copy, in reading order.
fn corners(copy: &Rendition) -> [[u8; 3]; 4] {
    let pixels = if copy.mime == "image/jpeg" {
        let mut decoder = jpeg_decoder::Decoder::new(copy.bytes.as_slice());
        let bytes = decoder.decode().expect("a readable copy");
        image::RgbImage::from_raw(copy.width, copy.height, bytes).expect("its size")
    } else {
        let picture = image::load_from_memory(&copy.bytes).expect("a readable copy");
        picture.to_rgb8()
    };
    assert_eq!(pixels.dimensions(), (copy.width, copy.height));
    let at = |x, y| pixels.get_pixel(copy.width * x / 4, copy.height * y / 4).0;
    [at(1, 1), at(3, 1), at(1, 3), at(3, 3)]
}

fn assert_corners(copy: &Rendition, expected: [[u8; 3]; 4]) {
    let is_near = |(a, b): (&u8, &u8)| a.abs_diff(*b) < 12;
    let seen = corners(copy);
    let same = seen
        .as_flattened()
        .iter()
        .zip(expected.as_flattened())
        .all(is_near);
    assert!(same, "{:?}: {seen:?} is not {expected:?}", copy.variant);
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|at| at == part)
}

#[test]
fn what_is_no_picture_is_refused() {
    for bytes in [
        &b"I am a photo, honestly."[..],
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xc0\0\x0b\x08\0\0\0\0\x01\x01\x11\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"GIF89a\x01\0\x01\0\0\0\0",
        b"GIF89a\0\0\0\0\0\0\0\x3b",
        b"RIFF\x10\0\0\0WEBPVP8L",
        b"BM\x1a\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\0\0\0\0\x01\0\x18\0",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    ] {
        let refused = shown(bytes).expect_err("nothing to be shown");
        assert!(
            matches!(refused, Error::Unreadable(_)),
            "{bytes:?}: {refused}"
        );
    }
}

#[test]
fn text_that_claims_to_be_a_photo_is_refused_even_by_the_decoder() {
    let (file, _) = samples::stored(b"<script>alert(1)</script>");
    let claimed = Kind::of(b"\xff\xd8\xff\xe0\0\x10JFIF\0", None);
    assert!(matches!(show(&file, claimed), Err(Error::Unreadable(_))));
}

#[test]
fn a_photo_that_is_cut_off_or_damaged_is_refused() {
    for is_progressive in [false, true] {
        let photo = samples::photo(800, 600, 1, is_progressive);
        for part in [2, 4, 10] {
            let refused = shown(&photo[..photo.len() * (part - 1) / part]);
            assert!(matches!(refused, Err(Error::Unreadable(_))), "{part}");
        }
    }
    let png = samples::png(400, 300, None);
    let refused = shown(&png[..png.len() / 2]);
    assert!(matches!(refused, Err(Error::Unreadable(_))));
}

#[test]
fn bombs_are_refused_from_their_header() {
    let refused = shown(&samples::png_bomb(50_000, 50_000));
    let expected = (50_000, 50_000);
    assert!(
        matches!(refused, Err(Error::TooManyPixels { width, height }) if (width, height) == expected)
    );
    let mut gif = samples::animation(2, 2, 1);
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert!(matches!(shown(&gif), Err(Error::TooManyPixels { .. })));
    // A frame header alone, 65 535 pixels each way: even an eighth of it is too much.
    let huge = b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03\x01\x11\0\x02\x11\0\x03\x11\0";
    assert!(matches!(shown(huge), Err(Error::TooManyPixels { .. })));
    // A progressive photo keeps all its coefficients, whatever the scale.
    let progressive = b"\xff\xd8\xff\xc2\0\x11\x08\x20\0\x20\0\x03\x01\x11\0\x02\x11\0\x03\x11\0";
    assert!(matches!(
        shown(progressive),
        Err(Error::TooManyPixels { .. })
    ));
}

#[test]
fn kinds_of_jpeg_that_cannot_be_read_small_are_refused() {
    // lossless, arithmetic, 12 bits
    for (code, bits) in [(0xc3, 8), (0xc9, 8), (0xc1, 12)] {
        let mut frame = b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\x01\x01\x11\0".to_vec();
        (frame[3], frame[6]) = (code, bits);
        assert!(matches!(shown(&frame), Err(Error::Unreadable(_))), "{code}");
    }
}

#[test]
fn a_second_header_does_not_hide_the_first() {
    let frame = |height: u8| [0xff, 0xc2, 0, 11, 8, height, 0, 0x20, 0, 1, 1, 0x11, 0];
    let hidden = [&b"\xff\xd8\xff\0\0\x0f"[..], &frame(0x80), &frame(1)].concat();
    assert!(matches!(shown(&hidden), Err(Error::TooManyPixels { .. })));
}

#[test]
fn a_job_ends_at_its_deadline() {
    let (file, kind) = samples::stored(&samples::photo(800, 600, 1, false));
    let refused = show_within(&file, kind, Deadline::over());
    assert!(matches!(refused, Err(Error::Unreadable(super::TOO_SLOW))));
}

#[test]
fn a_panic_costs_one_refusal() {
    let refused = super::guarded::<()>(|| panic!("a decoder went wrong"));
    assert!(matches!(refused, Err(Error::Unreadable(_))));
}

#[test]
fn a_photo_is_shown_upright_in_three_sizes_without_its_place() {
    let original = samples::photo(4000, 3000, 6, false);
    assert!(contains(&original, samples::PLACE) && contains(&original, b"Exif"));
    let photo = shown(&original).expect("a photo");
    assert_eq!((photo.width, photo.height), (3000, 4000));
    assert_eq!(
        sizes(&photo),
        [
            (Variant::Small, 240, 320),
            (Variant::Medium, 720, 960),
            (Variant::Large, 1440, 1920)
        ]
    );
    for copy in &photo.renditions {
        assert_corners(copy, [BLUE, RED, WHITE, GREEN]);
        assert_eq!((copy.mime, copy.extension), ("image/jpeg", "jpg"));
        for part in [
            &b"Exif"[..],
            b"GPS",
            b"ns.adobe.com",
            b"II*\0",
            samples::PLACE,
        ] {
            assert!(!contains(&copy.bytes, part), "{part:?}");
        }
    }
    assert!(
        (20..60).contains(&photo.thumbhash.len()),
        "{}",
        photo.thumbhash
    );
}

#[test]
fn every_orientation_of_a_photo_ends_upright() {
    let seen = [
        [RED, GREEN, BLUE, WHITE],
        [GREEN, RED, WHITE, BLUE],
        [WHITE, BLUE, GREEN, RED],
        [BLUE, WHITE, RED, GREEN],
        [RED, BLUE, GREEN, WHITE],
        [BLUE, RED, WHITE, GREEN],
        [WHITE, GREEN, BLUE, RED],
        [GREEN, WHITE, RED, BLUE],
    ];
    for (orientation, expected) in (1..).zip(seen) {
        let photo = shown(&samples::photo(480, 400, orientation, true)).expect("a photo");
        let size = if orientation < 5 {
            (480, 400)
        } else {
            (400, 480)
        };
        assert_eq!((photo.width, photo.height), size);
        for copy in &photo.renditions {
            assert_corners(copy, expected);
        }
    }
}

#[test]
fn a_photo_of_48_megapixels_is_shown() {
    let photo = shown(&samples::photo(8000, 6000, 1, false)).expect("a photo");
    assert_eq!((photo.width, photo.height), (8000, 6000));
    assert_eq!(sizes(&photo).last(), Some(&(Variant::Large, 1920, 1440)));
    assert_corners(&photo.renditions[2], [RED, GREEN, BLUE, WHITE]);
}

#[test]
fn large_progressive_photos_are_shown_a_little_smaller_rather_than_refused() {
    let photo = shown(&samples::photo(4000, 3000, 1, true)).expect("a photo");
    assert_eq!(sizes(&photo).last(), Some(&(Variant::Large, 1920, 1440)));
    let photo = shown(&samples::photo(6000, 4000, 3, true)).expect("a photo");
    assert_eq!(sizes(&photo).last(), Some(&(Variant::Large, 1500, 1000)));
    assert_corners(&photo.renditions[0], [WHITE, BLUE, GREEN, RED]);
}

#[test]
fn small_pictures_have_one_clean_copy_of_their_own_size() {
    let photo = shown(&samples::photo(200, 100, 1, false)).expect("a photo");
    assert_eq!(sizes(&photo), [(Variant::Small, 200, 100)]);
    assert!(!contains(&photo.renditions[0].bytes, samples::PLACE));
    let photo = shown(&samples::photo(500, 250, 1, false)).expect("a photo");
    assert_eq!(
        sizes(&photo),
        [(Variant::Small, 320, 160), (Variant::Medium, 500, 250)]
    );
    let dot = shown(&samples::png(1, 1, None)).expect("a dot");
    assert_eq!(sizes(&dot), [(Variant::Small, 1, 1)]);
    let line = shown(&samples::png(4000, 1, None)).expect("a line");
    assert_eq!(sizes(&line)[0], (Variant::Small, 320, 1));
}

#[test]
fn grey_and_printed_photos_are_shown() {
    let grey = shown(&samples::plain_jpeg(40, 30, ColorType::Luma, &[90])).expect("grey");
    assert_eq!(sizes(&grey), [(Variant::Small, 40, 30)]);
    for color in [ColorType::Cmyk, ColorType::CmykAsYcck] {
        let print = samples::plain_jpeg(40, 30, color, &[0, 255, 255, 0]);
        let print = shown(&print).expect("a print");
        assert_corners(&print.renditions[0], [RED; 4]);
    }
}

#[test]
fn what_shines_through_stays_so_and_the_rest_becomes_jpeg() {
    let glass = shown(&samples::png(400, 300, Some(100))).expect("a picture");
    for copy in &glass.renditions {
        assert_eq!((copy.mime, copy.extension), ("image/png", "png"));
        let pixels = image::load_from_memory(&copy.bytes)
            .expect("a PNG")
            .to_rgba8();
        assert_eq!(pixels.get_pixel(5, 5).0, [255, 0, 0, 100]);
        assert_eq!(pixels.get_pixel(copy.width - 5, 5).0, [0, 255, 0, 255]);
    }
    for opaque in [
        samples::png(400, 300, Some(255)),
        samples::png(400, 300, None),
        samples::webp(400, 300),
    ] {
        let photo = shown(&opaque).expect("a picture");
        assert_eq!(
            sizes(&photo),
            [(Variant::Small, 320, 240), (Variant::Medium, 400, 300)]
        );
        for copy in &photo.renditions {
            assert_eq!(copy.mime, "image/jpeg");
            assert_corners(copy, [RED, GREEN, BLUE, WHITE]);
        }
    }
}

#[test]
fn other_pictures_are_turned_upright_too_and_lose_their_place() {
    for told in samples::told(400, 300, 6, &[]) {
        assert!(contains(&told, samples::PLACE));
        let photo = shown(&told).expect("a picture");
        assert_eq!((photo.width, photo.height), (300, 400));
        for copy in &photo.renditions {
            assert_corners(copy, [BLUE, RED, WHITE, GREEN]);
            assert!(!contains(&copy.bytes, samples::PLACE));
        }
    }
}

#[test]
fn a_small_profile_of_the_right_colours_is_kept() {
    let kept = samples::profile(b"RGB ", 500);
    let [large, other] = [
        samples::profile(b"RGB ", 5000),
        samples::profile(b"CMYK", 500),
    ];
    for (profile, is_kept) in [(&kept, true), (&large, false), (&other, false)] {
        for told in samples::told(100, 80, 1, profile) {
            let photo = shown(&told).expect("a picture");
            let found = contains(&photo.renditions[0].bytes, b"acsp");
            assert_eq!(found, is_kept);
        }
    }
}

#[test]
fn animations_keep_moving_and_their_small_copy_stands_still() {
    let mut original = samples::animation(400, 300, 3);
    let end = original.len() - 1;
    original.splice(end..end, *b"\x21\xfe\x09my garden\x00");
    let photo = shown(&original).expect("an animation");
    assert_eq!(
        sizes(&photo),
        [(Variant::Small, 320, 240), (Variant::Medium, 400, 300)]
    );
    assert_eq!(photo.renditions[0].mime, "image/jpeg");
    let moving = &photo.renditions[1];
    assert_eq!((moving.mime, moving.extension), ("image/gif", "gif"));
    assert!(!contains(&moving.bytes, b"my garden"));
    let frames = image::codecs::gif::GifDecoder::new(std::io::Cursor::new(&moving.bytes))
        .map(image::AnimationDecoder::into_frames)
        .expect("a GIF");
    assert_eq!(frames.count(), 3);

    let small = shown(&samples::animation(20, 10, 3)).expect("an animation");
    assert_eq!(sizes(&small), [(Variant::Small, 20, 10)]);
    assert_eq!(small.renditions[0].mime, "image/gif");
    let still = shown(&samples::animation(20, 10, 1)).expect("a picture");
    assert_eq!(still.renditions[0].mime, "image/jpeg");
}
