//! What stands in the place of a picture until it is there: a few blurred spots of its colours, made of the ThumbHash that was kept with
//! it (<https://evanw.github.io/thumbhash/>), as a picture of some 150 characters that needs no request of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::f32::consts::PI;

/// Spots on each side. Browsers blur between them.
const SIDE: usize = 4;

/// Longest hash that is read, in characters.
const HASH_CHARS_MAX: usize = 64;

/// Bytes before the pixels of a bitmap.
const BITMAP_HEAD: usize = 54;

/// The address (`data:`) of a tiny picture for a hash in base64; none for a hash that is broken or of a picture that one can see through.
pub fn address(hash: &str) -> Option<String> {
    if hash.len() > HASH_CHARS_MAX {
        return None;
    }
    let spots = spots(&STANDARD.decode(hash).ok()?)?;
    Some(format!(
        "data:image/bmp;base64,{}",
        STANDARD.encode(bitmap(&spots))
    ))
}

/// Red, green and blue of each spot, row by row from above.
fn spots(hash: &[u8]) -> Option<Vec<[u8; 3]>> {
    let head: &[u8; 5] = hash.first_chunk()?;
    let [first, second, third, fourth, fifth] = head.map(u32::from);
    let first = first | second << 8 | third << 16;
    let second = fourth | fifth << 8;
    let is_transparent = first >> 23 != 0;
    if is_transparent {
        return None;
    }
    let part = |from: u32, at: u32, bits: u32| (from >> at & ((1 << bits) - 1)) as f32;
    let is_wide = second >> 15 != 0;
    let side = |is_long: bool| if is_long { 7 } else { (second & 7) as usize }.max(3);
    let mut waves = Waves {
        rest: hash.get(5..)?,
        high: None,
    };
    let light = waves.channel(
        part(first, 0, 6) / 63.0,
        side(is_wide),
        side(!is_wide),
        part(first, 18, 5) / 31.0,
    )?;
    let scales = [part(second, 3, 6), part(second, 9, 6)].map(|scale| scale / 63.0 * 1.25);
    let yellow = waves.channel(part(first, 6, 6) / 31.5 - 1.0, 3, 3, scales[0])?;
    let red = waves.channel(part(first, 12, 6) / 31.5 - 1.0, 3, 3, scales[1])?;
    let all = (0..SIDE * SIDE).map(|place| {
        let (x, y) = (place % SIDE, place / SIDE);
        let [l, p, q] = [&light, &yellow, &red].map(|channel| channel.at(x, y));
        let blue = l - 2.0 / 3.0 * p;
        let red = (3.0 * l - blue + q) / 2.0;
        [red, red - q, blue].map(|colour| (colour.clamp(0.0, 1.0) * 255.0) as u8)
    });
    Some(all.collect())
}

/// One channel: what it is on average, and the waves that make it more or less.
struct Channel {
    average: f32,
    /// Across, down, and how strong.
    waves: Vec<(usize, usize, f32)>,
}

/// The waves of a hash, four bits each.
struct Waves<'a> {
    rest: &'a [u8],
    high: Option<u8>,
}

impl Waves<'_> {
    fn next(&mut self) -> Option<u8> {
        if let Some(high) = self.high.take() {
            return Some(high);
        }
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.high = Some(byte >> 4);
        Some(byte & 15)
    }

    fn channel(&mut self, average: f32, across: usize, down: usize, scale: f32) -> Option<Channel> {
        let mut waves = Vec::new();
        for y in 0..down {
            let mut x = usize::from(y == 0);
            while x * down < across * (down - y) {
                waves.push((x, y, (f32::from(self.next()?) / 7.5 - 1.0) * scale));
                x += 1;
            }
        }
        Some(Channel { average, waves })
    }
}

impl Channel {
    fn at(&self, x: usize, y: usize) -> f32 {
        let wave = |place: usize, count: usize| {
            (PI / SIDE as f32 * (place as f32 + 0.5) * count as f32).cos()
        };
        let waves = self.waves.iter();
        let sum: f32 = waves
            .map(|(across, down, strength)| strength * wave(x, *across) * wave(y, *down) * 2.0)
            .sum();
        self.average + sum
    }
}

/// A bitmap of the spots: 24 bits each, from below, blue first.
fn bitmap(spots: &[[u8; 3]]) -> Vec<u8> {
    let (side, bytes) = (SIDE as u32, (BITMAP_HEAD + spots.len() * 3) as u32);
    let mut out = b"BM".to_vec();
    for number in [
        bytes,
        0,
        BITMAP_HEAD as u32,
        40,
        side,
        side,
        1 | 24 << 16,
        0,
        0,
        0,
        0,
        0,
        0,
    ] {
        out.extend(number.to_le_bytes());
    }
    for row in spots.chunks(SIDE).rev() {
        for [red, green, blue] in row {
            out.extend([blue, green, red]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{SIDE, address, bitmap, spots};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    /// A picture that is red on one side and blue on the other.
    fn hash(width: usize, height: usize) -> Vec<u8> {
        let pixel = |place: usize| match place % width < width / 2 {
            true => [220, 30, 20, 255],
            false => [10, 40, 200, 255],
        };
        let rgba: Vec<u8> = (0..width * height).flat_map(pixel).collect();
        thumbhash::rgba_to_thumb_hash(width, height, &rgba)
    }

    #[test]
    fn the_spots_have_the_colours_of_the_picture() {
        for (width, height) in [(60, 40), (40, 60), (50, 50)] {
            let hash = hash(width, height);
            let spots = spots(&hash).expect("a whole hash");
            let (wide, high, rgba) = thumbhash::thumb_hash_to_rgba(&hash).expect("a whole hash");
            for (place, spot) in spots.iter().enumerate() {
                let x = (place % SIDE * 2 + 1) * wide / (SIDE * 2);
                let y = (place / SIDE * 2 + 1) * high / (SIDE * 2);
                let drawn = rgba.get((y * wide + x) * 4..).expect("within");
                for (own, theirs) in spot.iter().zip(drawn) {
                    assert!(
                        own.abs_diff(*theirs) < 25,
                        "{place}: {spot:?} {:?}",
                        drawn.first_chunk::<3>()
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_hash_has_no_placeholder() {
        for broken in ["", "!", "AAAA", "AAAAAAAA", &"A".repeat(80)] {
            assert_eq!(address(broken), None, "{broken}");
        }
        let whole = STANDARD.encode(hash(30, 30));
        let found = address(&whole).expect("a whole hash");
        assert!(
            found.starts_with("data:image/bmp;base64,Qk1m") && found.len() < 200,
            "{found}"
        );
        assert_eq!(bitmap(&[[1, 2, 3]; SIDE * SIDE]).len(), 102);
    }
}
