//! Profile pictures: the copies that every picture has, and a square of it at 96 pixels, as pump.io's clients expect it
//! (`pump-api.md §3.8.4`), and at 192 for sharp screens. The square is the middle, or what the person chose.

use crate::media::Variant;
use crate::media::orientation::Orientation;
use crate::media::pixels::Pixels;
use crate::media::source::Deadline;
use crate::media::{Error, Kind, Photo, encode, photo};
use std::fs::File;

/// The squares: variant and side in pixels, largest first.
const SQUARES: [(Variant, u32); 2] = [(Variant::AvatarSharp, 192), (Variant::Avatar, 96)];

/// Smallest side of the square that can be chosen, in parts of the shorter side of the picture.
const SIZE_MIN: f64 = 0.1;

/// The square of a picture that stands for a person, in parts of the upright picture, so that it does not matter at which
/// scale the picture is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crop {
    /// Where the middle of the square is across, in parts of the width.
    x: f64,
    /// Where it is from the top, in parts of the height.
    y: f64,
    /// Its side, in parts of the shorter side.
    size: f64,
}

impl Default for Crop {
    /// The largest square, in the middle.
    fn default() -> Crop {
        Crop {
            x: 0.5,
            y: 0.5,
            size: 1.0,
        }
    }
}

impl Crop {
    /// The square around (`x`, `y`) that is `size` wide; a square beyond an edge is moved inside when it is cut. Nothing for
    /// numbers that mean no part of a picture.
    pub fn of(x: f64, y: f64, size: f64) -> Option<Crop> {
        let is_part = (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y);
        (is_part && size > 0.0 && size <= 1.0).then(|| Crop {
            x,
            y,
            size: size.max(SIZE_MIN),
        })
    }

    /// The numbers as [`Crop::of`] takes them.
    pub fn numbers(self) -> [f64; 3] {
        [self.x, self.y, self.size]
    }

    /// Cuts the square out of pixels that are stored in this orientation, and scales it to `side`.
    fn cut(self, pixels: &Pixels, orientation: Orientation, side: u32) -> Result<Pixels, Error> {
        let (width, height) = (f64::from(pixels.width), f64::from(pixels.height));
        let (x, y) = orientation.source_part(self.x, self.y);
        let length = (self.size * width.min(height)).max(1.0);
        let start = |middle: f64, of: f64| (middle * of - length / 2.0).clamp(0.0, of - length);
        pixels.square((start(x, width), start(y, height)), length, side)
    }

    /// How many pixels the shorter side must have for the square to have `side`.
    fn side_of_whole(self, side: u32) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a side is at most 192 and a size at least a tenth"
        )]
        let whole = (f64::from(side) / self.size).ceil() as u32;
        whole
    }
}

/// As [`photo::show`], with [`Variant::Avatar`] and [`Variant::AvatarSharp`] after the usual copies. A square that is
/// smaller than they are is enlarged.
pub fn show(file: &File, kind: Kind, crop: Crop) -> Result<Photo, Error> {
    let mut shown = photo::show(file, kind)?;
    photo::guarded(|| {
        let side = crop.side_of_whole(SQUARES[0].1);
        let decoded = photo::decode(file, kind, side, true, Deadline::start())?;
        let pixels = crop.cut(&decoded.pixels, decoded.orientation, SQUARES[0].1)?;
        let mut pixels = pixels.upright(decoded.orientation).simplified();
        let mut squares = Vec::with_capacity(SQUARES.len());
        for (variant, side) in SQUARES {
            if pixels.width != side {
                pixels = pixels.scaled(side)?;
            }
            squares.push(encode::encode(
                variant,
                &pixels,
                decoded.profile.as_deref(),
                decoded.is_photo,
            )?);
        }
        shown.renditions.extend(squares.into_iter().rev());
        Ok(())
    })?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::{Crop, show};
    use crate::media::Variant;
    use crate::media::{Error, samples};

    #[test]
    fn what_is_no_picture_makes_no_avatar() {
        let (file, kind) = samples::stored(b"me");
        assert!(matches!(
            show(&file, kind, Crop::default()),
            Err(Error::Unreadable(_))
        ));
    }

    #[test]
    fn the_square_is_the_upright_middle() {
        // Stored lying: the shown picture is 300 × 900, red above green in its right half, blue above white in its left.
        let (file, kind) = samples::stored(&samples::photo(900, 300, 6, false));
        let photo = show(&file, kind, Crop::default()).expect("a photo");
        let squares: Vec<_> = photo
            .renditions
            .iter()
            .filter(|copy| copy.variant == Variant::Avatar || copy.variant == Variant::AvatarSharp)
            .collect();
        assert_eq!(squares.len(), 2);
        for (square, side) in squares.iter().zip([96, 192]) {
            assert_eq!((square.width, square.height), (side, side));
            let mut decoder = jpeg_decoder::Decoder::new(square.bytes.as_slice());
            let pixels = decoder.decode().expect("a readable copy");
            let at = |x: u32, y: u32| {
                let at = (y * side + x) as usize * 3;
                [pixels[at] > 128, pixels[at + 1] > 128, pixels[at + 2] > 128]
            };
            assert_eq!(at(8, 8), [false, false, true]);
            assert_eq!(at(side - 8, 8), [true, false, false]);
            assert_eq!(at(8, side - 8), [true, true, true]);
            assert_eq!(at(side - 8, side - 8), [false, true, false]);
        }
    }

    #[test]
    fn the_square_is_what_was_chosen_of_the_upright_picture() {
        // As above: blue and red, below them white and green. Beyond an edge it is moved inside.
        for (x, y, which) in [
            (0.0, 0.0, [true, false, false, false]),
            (0.9, 0.2, [false, true, false, false]),
            (0.2, 0.8, [false, false, true, false]),
            (1.0, 1.0, [false, false, false, true]),
        ] {
            let (file, kind) = samples::stored(&samples::photo(900, 300, 6, false));
            let crop = Crop::of(x, y, 0.4).expect("a part");
            let photo = show(&file, kind, crop).expect("a photo");
            let square = photo.renditions.last().expect("a square");
            assert_eq!((square.width, square.height), (192, 192));
            let mut decoder = jpeg_decoder::Decoder::new(square.bytes.as_slice());
            let pixels = decoder.decode().expect("a readable copy");
            let colours = [[0, 0, 1], [1, 0, 0], [1, 1, 1], [0, 1, 0]];
            for at in [8, 183] {
                let at = (at * 192 + at) * 3;
                let seen = [0, 1, 2].map(|n| u8::from(pixels[at + n] > 128));
                assert_eq!(colours.map(|c| c == seen), which, "{x} {y}");
            }
        }
    }

    #[test]
    fn what_is_no_part_of_a_picture_is_no_square() {
        for (x, y, size) in [
            (f64::NAN, 0.5, 0.5),
            (0.5, -0.1, 0.5),
            (1.1, 0.5, 0.5),
            (0.5, 0.5, 0.0),
            (0.5, 0.5, 1.5),
            (0.5, f64::INFINITY, 0.5),
            (0.5, 0.5, f64::NAN),
        ] {
            assert_eq!(Crop::of(x, y, size), None, "{x} {y} {size}");
        }
        let smallest = Crop::of(0.5, 0.5, 1e-9).expect("a small part");
        assert_eq!(smallest.numbers(), [0.5, 0.5, 0.1]);
    }

    #[test]
    fn a_tiny_picture_is_enlarged() {
        let (file, kind) = samples::stored(&samples::png(10, 4, None));
        let photo = show(&file, kind, Crop::default()).expect("a picture");
        let sides: Vec<_> = photo
            .renditions
            .iter()
            .map(|copy| (copy.width, copy.height))
            .collect();
        assert_eq!(sides, [(10, 4), (96, 96), (192, 192)]);
    }
}
