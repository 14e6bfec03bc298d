//! Profile pictures: the copies that every picture has, and the square in the middle at 96 pixels, as pump.io's clients
//! expect it (`pump-api.md §3.8.4`), and at 192 for sharp screens.

use crate::media::blobs::Variant;
use crate::media::source::Deadline;
use crate::media::{Error, Kind, Photo, encode, photo};
use std::fs::File;

/// The squares: variant and side in pixels, largest first.
const SQUARES: [(Variant, u32); 2] = [(Variant::AvatarSharp, 192), (Variant::Avatar, 96)];

/// As [`photo::show`], with [`Variant::Avatar`] and [`Variant::AvatarSharp`] after the usual copies. A picture that is
/// smaller than the square is enlarged.
pub fn show(file: &File, kind: Kind) -> Result<Photo, Error> {
    let mut shown = photo::show(file, kind)?;
    photo::guarded(|| {
        let decoded = photo::decode(file, kind, SQUARES[0].1, true, Deadline::start())?;
        let mut pixels = decoded.pixels;
        let mut squares = Vec::with_capacity(SQUARES.len());
        for (index, (variant, side)) in SQUARES.into_iter().enumerate() {
            pixels = pixels.square(side)?;
            if index == 0 {
                pixels = pixels.upright(decoded.orientation).simplified();
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
    use super::show;
    use crate::media::blobs::Variant;
    use crate::media::{Error, samples};

    #[test]
    fn what_is_no_picture_makes_no_avatar() {
        let (file, kind) = samples::stored(b"me");
        assert!(matches!(show(&file, kind), Err(Error::Unreadable(_))));
    }

    #[test]
    fn the_square_is_the_upright_middle() {
        // Stored lying: the shown picture is 300 × 900, red above green in its right half, blue above white in its left.
        let (file, kind) = samples::stored(&samples::photo(900, 300, 6, false));
        let photo = show(&file, kind).expect("a photo");
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
    fn a_tiny_picture_is_enlarged() {
        let (file, kind) = samples::stored(&samples::png(10, 4, None));
        let photo = show(&file, kind).expect("a picture");
        let sides: Vec<_> = photo
            .renditions
            .iter()
            .map(|copy| (copy.width, copy.height))
            .collect();
        assert_eq!(sides, [(10, 4), (96, 96), (192, 192)]);
    }
}
