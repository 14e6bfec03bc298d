//! Which way up a photo is (EXIF 2.32 §4.6.4, tag 0x0112): cameras store the picture as the sensor lay and write down
//! how to turn it.

/// Longest EXIF data that is looked at, in bytes: what a JPEG segment can hold.
const EXIF_BYTES_MAX: usize = 64 << 10;

/// One of the eight orientations, 1 to 8; 1 is upright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orientation(u32);

impl Orientation {
    /// Nothing to turn.
    pub(super) const UPRIGHT: Orientation = Orientation(1);

    /// Reads EXIF data that begins with its TIFF header. What is missing or makes no sense is upright.
    pub(super) fn of_exif(exif: Vec<u8>) -> Orientation {
        if exif.len() > EXIF_BYTES_MAX {
            return Orientation::UPRIGHT;
        }
        let mut reader = exif::Reader::new();
        reader.continue_on_error(true);
        let read = reader
            .read_raw(exif)
            .or_else(|error| error.distill_partial_result(|_| {}));
        read.ok()
            .and_then(|exif| {
                exif.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?
                    .value
                    .get_uint(0)
            })
            .filter(|orientation| (1..=8).contains(orientation))
            .map_or(Orientation::UPRIGHT, Orientation)
    }

    /// Width and height as shown, of a picture stored as `width` × `height`.
    pub(super) fn shown_size(self, width: u32, height: u32) -> (u32, u32) {
        if self.0 >= 5 {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Where in the stored picture of `width` × `height` the shown pixel (`x`, `y`) is.
    pub(super) fn source(self, x: u32, y: u32, width: u32, height: u32) -> (u32, u32) {
        let (right, bottom) = (width - 1, height - 1);
        match self.0 {
            2 => (right - x, y),
            3 => (right - x, bottom - y),
            4 => (x, bottom - y),
            5 => (y, x),
            6 => (y, bottom - x),
            7 => (right - y, bottom - x),
            8 => (right - y, x),
            _ => (x, y),
        }
    }

    /// Where in the stored picture the shown point (`x`, `y`) is, all in parts of width and height.
    pub(super) fn source_part(self, x: f64, y: f64) -> (f64, f64) {
        match self.0 {
            2 => (1.0 - x, y),
            3 => (1.0 - x, 1.0 - y),
            4 => (x, 1.0 - y),
            5 => (y, x),
            6 => (y, 1.0 - x),
            7 => (1.0 - y, 1.0 - x),
            8 => (1.0 - y, x),
            _ => (x, y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Orientation;
    use crate::media::pixels::Pixels;
    use crate::media::samples;

    /// Stored as `1 2 3 / 4 5 6`; what must be seen for each orientation (EXIF 2.32, figure of tag 0x0112).
    #[test]
    fn all_eight_ways_are_turned_upright() {
        let seen: [(u32, &[u8]); 8] = [
            (3, &[1, 2, 3, 4, 5, 6]),
            (3, &[3, 2, 1, 6, 5, 4]),
            (3, &[6, 5, 4, 3, 2, 1]),
            (3, &[4, 5, 6, 1, 2, 3]),
            (2, &[1, 4, 2, 5, 3, 6]),
            (2, &[4, 1, 5, 2, 6, 3]),
            (2, &[6, 3, 5, 2, 4, 1]),
            (2, &[3, 6, 2, 5, 1, 4]),
        ];
        for (orientation, (width, bytes)) in (1..).zip(seen) {
            let stored = Pixels {
                width: 3,
                height: 2,
                channels: 1,
                bytes: vec![1, 2, 3, 4, 5, 6],
            };
            let shown = stored.upright(Orientation::of_exif(samples::tiff(orientation)));
            assert_eq!(
                (shown.width, shown.bytes.as_slice()),
                (width, bytes),
                "{orientation}"
            );
        }
    }

    #[test]
    fn a_point_of_the_shown_picture_is_found_in_the_stored_one() {
        for orientation in 1..=8 {
            let orientation = Orientation::of_exif(samples::tiff(orientation));
            let (width, height) = orientation.shown_size(3, 2);
            for (x, y) in [(0, 0), (width - 1, 0), (0, height - 1)] {
                let middle = |at: u32, of: u32| (f64::from(at) + 0.5) / f64::from(of);
                let (to_x, to_y) = orientation.source_part(middle(x, width), middle(y, height));
                let (stored_x, stored_y) = orientation.source(x, y, 3, 2);
                assert!((to_x - middle(stored_x, 3)).abs() < 1e-9, "{orientation:?}");
                assert!((to_y - middle(stored_y, 2)).abs() < 1e-9, "{orientation:?}");
            }
        }
    }

    #[test]
    fn nonsense_is_upright() {
        for exif in [
            Vec::new(),
            b"II*\0".to_vec(),
            samples::tiff(0),
            samples::tiff(9),
        ] {
            assert_eq!(Orientation::of_exif(exif), Orientation::UPRIGHT);
        }
    }
}
