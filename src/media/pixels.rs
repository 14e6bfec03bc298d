//! Decoded pixels and what is done with them: scaled, cropped to a square, turned.

use crate::media::Error;
use crate::media::orientation::Orientation;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

/// A picture in memory: rows from the top, 8 bits per channel.
pub(super) struct Pixels {
    /// In pixels, at least 1.
    pub(super) width: u32,
    /// In pixels, at least 1.
    pub(super) height: u32,
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha; bytes per pixel.
    pub(super) channels: usize,
    /// `width × height × channels` bytes.
    pub(super) bytes: Vec<u8>,
}

impl Pixels {
    /// The longer side, in pixels.
    pub(super) fn longest(&self) -> u32 {
        self.width.max(self.height)
    }

    /// A copy whose longest side is `longest`; never larger than the picture is.
    pub(super) fn scaled(&self, longest: u32) -> Result<Pixels, Error> {
        let (width, height) = fit(self.width, self.height, longest);
        self.resized(width, height, &ResizeOptions::new())
    }

    /// The square whose upper left corner is at `corner` and whose side is `length` pixels, scaled to `side` pixels, up or
    /// down. It must be inside.
    pub(super) fn square(
        &self,
        corner: (f64, f64),
        length: f64,
        side: u32,
    ) -> Result<Pixels, Error> {
        let options = ResizeOptions::new().crop(corner.0, corner.1, length, length);
        self.resized(side, side, &options)
    }

    fn resized(&self, width: u32, height: u32, options: &ResizeOptions) -> Result<Pixels, Error> {
        let resized = match self.channels {
            1 => self.resized_by_plane::<1>(width, height, options),
            2 => self.resized_by_plane::<2>(width, height, options),
            3 => self.resized_by_plane::<3>(width, height, options),
            _ => self.resized_by_plane::<4>(width, height, options),
        };
        resized.ok_or(Error::Unreadable(crate::media::photo::DAMAGED))
    }

    /// Scales one channel after the other: the library's code for single bytes is a tenth of what it has for the four kinds
    /// of pixels. Colours count as much as they shine through, else those of what cannot be seen would bleed into edges.
    fn resized_by_plane<const CHANNELS: usize>(
        &self,
        width: u32,
        height: u32,
        options: &ResizeOptions,
    ) -> Option<Pixels> {
        let has_alpha = matches!(CHANNELS, 2 | 4);
        let options = options.resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
        let (from, _) = self.bytes.as_chunks::<CHANNELS>();
        let mut plane = vec![0; from.len()];
        let mut scaled = TypedImage::<U8>::new(width, height);
        let mut bytes = vec![0; scaled.pixels().len() * CHANNELS];
        let (to, _) = bytes.as_chunks_mut::<CHANNELS>();
        let mut resizer = Resizer::new();
        // Alpha, the last, goes first: the colours need it.
        for channel in (0..CHANNELS).rev() {
            let is_weighed = has_alpha && channel + 1 < CHANNELS;
            for (value, pixel) in plane.iter_mut().zip(from) {
                *value = match is_weighed {
                    true => weighed(pixel[channel], pixel[CHANNELS - 1]),
                    false => pixel[channel],
                };
            }
            let source = TypedImageRef::<U8>::from_buffer(self.width, self.height, &plane).ok()?;
            resizer.resize_typed(&source, &mut scaled, &options).ok()?;
            for (pixel, scaled) in to.iter_mut().zip(scaled.pixels()) {
                pixel[channel] = match is_weighed {
                    true => unweighed(scaled.0, pixel[CHANNELS - 1]),
                    false => scaled.0,
                };
            }
        }
        Some(Pixels {
            width,
            height,
            channels: CHANNELS,
            bytes,
        })
    }

    /// Turned upright.
    pub(super) fn upright(self, orientation: Orientation) -> Pixels {
        match self.channels {
            1 => self.turned::<1>(orientation),
            2 => self.turned::<2>(orientation),
            3 => self.turned::<3>(orientation),
            _ => self.turned::<4>(orientation),
        }
    }

    fn turned<const CHANNELS: usize>(self, orientation: Orientation) -> Pixels {
        if orientation == Orientation::UPRIGHT {
            return self;
        }
        let (width, height) = orientation.shown_size(self.width, self.height);
        let (from, _) = self.bytes.as_chunks::<CHANNELS>();
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for y in 0..height {
            for x in 0..width {
                let (from_x, from_y) = orientation.source(x, y, self.width, self.height);
                bytes.extend_from_slice(&from[(from_y * self.width + from_x) as usize]);
            }
        }
        Pixels {
            width,
            height,
            channels: CHANNELS,
            bytes,
        }
    }

    /// Leaves out an alpha channel in which nothing shines through, and gives one that does to RGB.
    pub(super) fn simplified(mut self) -> Pixels {
        if !matches!(self.channels, 2 | 4) {
            return self;
        }
        let is_opaque = self
            .bytes
            .chunks_exact(self.channels)
            .all(|pixel| pixel.last() == Some(&255));
        if is_opaque {
            let kept = self.channels - 1;
            let mut at = 0;
            for from in (0..self.bytes.len()).step_by(self.channels) {
                self.bytes.copy_within(from..from + kept, at);
                at += kept;
            }
            self.bytes.truncate(at);
            self.channels = kept;
            return self;
        }
        self.bytes = self.rgba();
        self.channels = 4;
        self
    }

    /// As RGB and alpha.
    pub(super) fn rgba(&self) -> Vec<u8> {
        let pixel = |pixel: &[u8]| match *pixel {
            [grey] => [grey, grey, grey, 255],
            [grey, alpha] => [grey, grey, grey, alpha],
            [red, green, blue] => [red, green, blue, 255],
            [red, green, blue, alpha, ..] => [red, green, blue, alpha],
            [] => [0; 4],
        };
        self.bytes
            .chunks_exact(self.channels)
            .flat_map(pixel)
            .collect()
    }
}

/// A colour as much as it shines through.
fn weighed(colour: u8, alpha: u8) -> u8 {
    let product = u16::from(colour) * u16::from(alpha) + 127;
    u8::try_from(product / 255).unwrap_or(u8::MAX)
}

/// The colour of which [`weighed`] made this one; black where nothing shines through.
fn unweighed(colour: u8, alpha: u8) -> u8 {
    let alpha = u16::from(alpha);
    let scaled = (u16::from(colour) * 255 + alpha / 2).checked_div(alpha);
    u8::try_from(scaled.unwrap_or_default()).unwrap_or(u8::MAX)
}

/// The size within `longest` pixels, of the same shape, at least 1 by 1, never larger than it was.
pub(super) fn fit(width: u32, height: u32, longest: u32) -> (u32, u32) {
    let now = width.max(height);
    if now <= longest {
        return (width, height);
    }
    let side = |side: u32| {
        let scaled = (u64::from(side) * u64::from(longest) + u64::from(now) / 2) / u64::from(now);
        u32::try_from(scaled).unwrap_or(longest).max(1)
    };
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::{Pixels, fit};

    #[test]
    fn shapes_are_kept_and_nothing_grows_or_vanishes() {
        assert_eq!(fit(4000, 3000, 1920), (1920, 1440));
        assert_eq!(fit(3000, 4000, 320), (240, 320));
        assert_eq!(fit(100, 50, 320), (100, 50));
        assert_eq!(fit(65_535, 1, 320), (320, 1));
    }

    #[test]
    fn hidden_colours_do_not_bleed_into_what_shines() {
        // One red column that shines beside one that is hidden, and would be green.
        let bytes = [[200, 0, 0, 255], [0, 255, 0, 0]].concat().repeat(4);
        let picture = Pixels {
            width: 2,
            height: 4,
            channels: 4,
            bytes,
        };
        let small = picture.scaled(2).expect("a size");
        assert_eq!((small.width, small.height), (1, 2));
        for pixel in small.bytes.chunks_exact(4) {
            let [red, green, blue, alpha] = *pixel else {
                panic!("four channels")
            };
            assert!((198..=202).contains(&red), "{pixel:?}");
            assert_eq!((green, blue), (0, 0));
            assert!((120..=135).contains(&alpha), "{pixel:?}");
        }
    }

    #[test]
    fn channels_stay_where_they_are() {
        for channels in 1..=4 {
            let pixel = &[10, 90, 170, 255][4 - channels..];
            let picture = Pixels {
                width: 9,
                height: 7,
                channels,
                bytes: pixel.repeat(63),
            };
            let small = picture.scaled(4).expect("a size");
            assert_eq!((small.width, small.height), (4, 3));
            assert_eq!(small.bytes, pixel.repeat(12), "{channels} channels");
            let square = picture.square((1.0, 0.0), 7.0, 12).expect("a size");
            assert_eq!(square.bytes, pixel.repeat(144), "{channels} channels");
        }
    }

    #[test]
    fn alpha_is_left_out_where_nothing_shines_through() {
        let picture = |bytes: &[u8]| {
            let pixels = Pixels {
                width: 2,
                height: 1,
                channels: 4,
                bytes: bytes.to_vec(),
            };
            let pixels = pixels.simplified();
            (pixels.channels, pixels.bytes)
        };
        assert_eq!(
            picture(&[1, 2, 3, 255, 4, 5, 6, 255]),
            (3, vec![1, 2, 3, 4, 5, 6])
        );
        assert_eq!(picture(&[1, 2, 3, 255, 4, 5, 6, 9]).0, 4);
    }
}
