//! Decoded pixels and what is done with them: scaled, cropped to a square, turned.

use crate::media::Error;
use crate::media::orientation::Orientation;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

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

    /// The square in the middle, scaled to `side` pixels, up or down.
    pub(super) fn square(&self, side: u32) -> Result<Pixels, Error> {
        let options = ResizeOptions::new().fit_into_destination(Some((0.5, 0.5)));
        self.resized(side, side, &options)
    }

    fn resized(&self, width: u32, height: u32, options: &ResizeOptions) -> Result<Pixels, Error> {
        let pixel_type = match self.channels {
            1 => PixelType::U8,
            2 => PixelType::U8x2,
            3 => PixelType::U8x3,
            _ => PixelType::U8x4,
        };
        let from = ImageRef::new(self.width, self.height, &self.bytes, pixel_type)
            .map_err(|_| Error::Unreadable(crate::media::photo::DAMAGED))?;
        let mut to = Image::new(width, height, pixel_type);
        let filter = ResizeAlg::Convolution(FilterType::CatmullRom);
        Resizer::new()
            .resize(&from, &mut to, &options.resize_alg(filter))
            .map_err(|_| Error::Unreadable(crate::media::photo::DAMAGED))?;
        Ok(Pixels {
            width,
            height,
            channels: self.channels,
            bytes: to.into_vec(),
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
