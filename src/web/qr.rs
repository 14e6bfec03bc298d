//! QR codes (ISO/IEC 18004) of short texts, as drawings and for terminals: bytes with the error correction M, in the versions 1 to 10. No I/O.

use std::fmt::Write as _;

/// Longest text that fits, in bytes.
pub const TEXT_BYTES_MAX: usize = 213;

/// Empty modules around a code.
const QUIET: usize = 4;

/// What tells a terminal the colours (ECMA-48 §8.3.117), so that a code is as dark on light as readers want it.
const BLACK_ON_WHITE: &str = "\x1b[30;107m";
const AS_BEFORE: &str = "\x1b[0m";

/// Of each version: codewords of correction in a block, blocks, and codewords of data in all blocks.
const VERSIONS: [(usize, usize, usize); 10] = [
    (10, 1, 16),
    (16, 1, 28),
    (26, 1, 44),
    (18, 2, 64),
    (24, 2, 86),
    (16, 4, 108),
    (18, 4, 124),
    (22, 4, 154),
    (22, 5, 182),
    (26, 5, 216),
];

/// A code: which modules are dark.
struct Code {
    version: usize,
    size: usize,
    dark: Vec<bool>,
    /// Which modules are not of the data.
    is_fixed: Vec<bool>,
}

/// The drawing (SVG) of the code of a text; none for one that is too long.
pub fn svg(text: &str) -> Option<String> {
    let code = Code::of(text.as_bytes())?;
    let side = code.size + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size {
        let mut x = 0;
        while x < code.size {
            let run = (x..code.size).take_while(|x| code.is_dark(*x, y)).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>"
    ))
}

/// The code of a text for a terminal: lines of black on white, each two modules high; none for one that is too long.
pub fn blocks(text: &str) -> Option<Vec<String>> {
    let code = Code::of(text.as_bytes())?;
    let side = code.size + 2 * QUIET;
    let is_dark = |x: usize, y: usize| {
        let within = |at: usize| at.checked_sub(QUIET).filter(|at| *at < code.size);
        within(x)
            .zip(within(y))
            .is_some_and(|(x, y)| code.is_dark(x, y))
    };
    let line = |y: usize| {
        let halves = (0..side).map(|x| match (is_dark(x, y), is_dark(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        });
        format!("{BLACK_ON_WHITE}{}{AS_BEFORE}", halves.collect::<String>())
    };
    Some((0..side).step_by(2).map(line).collect())
}

impl Code {
    fn of(text: &[u8]) -> Option<Code> {
        // The mode and the length before the text take 12 bits, 20 from version 10 on.
        let fits =
            |version: usize, data: usize| text.len() * 8 + length_bits(version) + 4 <= data * 8;
        let place = VERSIONS
            .iter()
            .zip(1..)
            .position(|((_, _, data), version)| fits(version, *data))?;
        let version = place + 1;
        let words = with_correction(version, &words_of(version, text));
        let best = (0..8).map(|mask| Code::masked(version, &words, mask));
        best.min_by_key(Code::penalty)
    }

    fn masked(version: usize, words: &[u8], mask: u32) -> Code {
        let size = version * 4 + 17;
        let mut code = Code {
            version,
            size,
            dark: vec![false; size * size],
            is_fixed: vec![false; size * size],
        };
        code.draw_patterns();
        code.draw_format(mask);
        code.draw_words(words, mask);
        code
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark
            .get(y * self.size + x)
            .copied()
            .unwrap_or_default()
    }

    fn fix(&mut self, x: usize, y: usize, is_dark: bool) {
        let place = y * self.size + x;
        self.dark[place] = is_dark;
        self.is_fixed[place] = true;
    }

    /// What every code of a version has: the marks in three corners, those between, the ruler, and the version.
    fn draw_patterns(&mut self) {
        let last = self.size - 1;
        for at in 0..self.size {
            self.fix(6, at, at.is_multiple_of(2));
            self.fix(at, 6, at.is_multiple_of(2));
        }
        for (left, top) in [(3, 3), (last - 3, 3), (3, last - 3)] {
            for (x, y) in around(left, top, 4) {
                if x < self.size && y < self.size {
                    let far = x.abs_diff(left).max(y.abs_diff(top));
                    self.fix(x, y, far != 2 && far != 4);
                }
            }
        }
        let marks = alignment(self.version);
        for x in &marks {
            for y in &marks {
                let is_corner = [(6, 6), (6, last - 6), (last - 6, 6)].contains(&(*x, *y));
                for (left, top) in around(*x, *y, 2).filter(|_| !is_corner) {
                    self.fix(left, top, left.abs_diff(*x).max(top.abs_diff(*y)) != 1);
                }
            }
        }
        if self.version >= 7 {
            let number = u32::try_from(self.version).unwrap_or_default();
            let bits = number << 12 | remainder(number, 12, 0x1f25);
            for place in 0..18 {
                let (a, b) = (self.size - 11 + place % 3, place / 3);
                let is_dark = bits >> place & 1 == 1;
                self.fix(a, b, is_dark);
                self.fix(b, a, is_dark);
            }
        }
    }

    /// The level of correction (M is 0) and the mask, twice.
    fn draw_format(&mut self, mask: u32) {
        let bits = (mask << 10 | remainder(mask, 10, 0x537)) ^ 0x5412;
        let bit = |place: usize| bits >> place & 1 == 1;
        for place in 0..6 {
            self.fix(8, place, bit(place));
        }
        self.fix(8, 7, bit(6));
        self.fix(8, 8, bit(7));
        self.fix(7, 8, bit(8));
        for place in 9..15 {
            self.fix(14 - place, 8, bit(place));
        }
        for place in 0..8 {
            self.fix(self.size - 1 - place, 8, bit(place));
        }
        for place in 8..15 {
            self.fix(8, self.size - 15 + place, bit(place));
        }
        self.fix(8, self.size - 8, true);
    }

    /// The codewords, in columns of two from the right, up and down.
    fn draw_words(&mut self, words: &[u8], mask: u32) {
        let mut bits = words
            .iter()
            .flat_map(|word| (0..8).rev().map(move |place| word >> place & 1 == 1));
        let columns = (0..self.size).rev().filter(|x| *x != 6).collect::<Vec<_>>();
        for (number, pair) in columns.chunks(2).enumerate() {
            for step in 0..self.size {
                let y = if number.is_multiple_of(2) {
                    self.size - 1 - step
                } else {
                    step
                };
                for x in pair {
                    let place = y * self.size + x;
                    if !self.is_fixed[place] {
                        let is_dark = bits.next().unwrap_or_default();
                        self.dark[place] = is_dark != is_masked(mask, *x, y);
                    }
                }
            }
        }
    }

    /// How hard a code is to read: long runs of one colour, squares of one colour, too much of one.
    fn penalty(&self) -> usize {
        let mut sum = 0;
        for a in 0..self.size {
            for across in [true, false] {
                let at = |b| {
                    if across {
                        self.is_dark(b, a)
                    } else {
                        self.is_dark(a, b)
                    }
                };
                let mut run = 1;
                for b in 1..self.size {
                    run = if at(b) == at(b - 1) { run + 1 } else { 1 };
                    sum += match run {
                        5 => 3,
                        6.. => 1,
                        _ => 0,
                    };
                }
            }
        }
        for y in 1..self.size {
            for x in 1..self.size {
                let is_dark = self.is_dark(x, y);
                let others = [(x - 1, y), (x, y - 1), (x - 1, y - 1)];
                if others.iter().all(|(x, y)| self.is_dark(*x, *y) == is_dark) {
                    sum += 3;
                }
            }
        }
        let dark = self.dark.iter().filter(|is_dark| **is_dark).count();
        sum + (dark * 20 / self.dark.len()).abs_diff(10) * 10
    }
}

/// The modules at most so far from one.
fn around(x: usize, y: usize, far: usize) -> impl Iterator<Item = (usize, usize)> {
    let all = move |at: usize| at.saturating_sub(far)..=at + far;
    all(x).flat_map(move |x| all(y).map(move |y| (x, y)))
}

/// Where the middles of the smaller marks are, in both directions.
fn alignment(version: usize) -> Vec<usize> {
    match version {
        1 => Vec::new(),
        2..=6 => vec![6, version * 4 + 10],
        _ => vec![6, version * 2 + 8, version * 4 + 10],
    }
}

fn is_masked(mask: u32, x: usize, y: usize) -> bool {
    let product = x * y % 2 + x * y % 3;
    match mask {
        0 => (x + y).is_multiple_of(2),
        1 => y.is_multiple_of(2),
        2 => x.is_multiple_of(3),
        3 => (x + y).is_multiple_of(3),
        4 => (x / 3 + y / 2).is_multiple_of(2),
        5 => product == 0,
        6 => product.is_multiple_of(2),
        _ => ((x + y) % 2 + x * y % 3).is_multiple_of(2),
    }
}

/// The remainder of a code of Bose, Chaudhuri and Hocquenghem.
fn remainder(number: u32, bits: u32, divisor: u32) -> u32 {
    (0..bits).fold(number, |rest, _| {
        (rest << 1) ^ ((rest >> (bits - 1)) * divisor)
    })
}

fn length_bits(version: usize) -> usize {
    if version < 10 { 8 } else { 16 }
}

/// The codewords of the data: mode, length, text, end and filling.
fn words_of(version: usize, text: &[u8]) -> Vec<u8> {
    let (_, _, data) = VERSIONS[version - 1];
    let mut bits: Vec<bool> = Vec::new();
    let mut push = |value: usize, count: usize| {
        bits.extend((0..count).rev().map(|place| value >> place & 1 == 1));
    };
    push(4, 4);
    push(text.len(), length_bits(version));
    for byte in text {
        push(usize::from(*byte), 8);
    }
    // The end takes four bits, and as many as fill the codeword; the text is followed by whole ones.
    push(0, 4);
    let mut words: Vec<u8> = bits
        .chunks(8)
        .map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit)))
        .collect();
    let filling = [0xec, 0x11].into_iter().cycle();
    words.extend(filling.take(data.saturating_sub(words.len())));
    words
}

/// The codewords as they are drawn: data and correction of all blocks, interleaved.
fn with_correction(version: usize, words: &[u8]) -> Vec<u8> {
    let (correction, blocks, data) = VERSIONS[version - 1];
    let short = data / blocks;
    let longer = data % blocks;
    let divisor = divisor(correction);
    let (mut parts, mut checks) = (Vec::new(), Vec::new());
    let mut rest = words;
    for block in 0..blocks {
        let (part, after) = rest.split_at(short + usize::from(block >= blocks - longer));
        checks.push(correction_of(part, &divisor));
        parts.push(part);
        rest = after;
    }
    let mut all = Vec::new();
    for place in 0..=short {
        all.extend(parts.iter().filter_map(|part| part.get(place)));
    }
    for place in 0..correction {
        all.extend(checks.iter().filter_map(|check| check.get(place)));
    }
    all
}

/// Multiplies in the field of 256 elements of which the codes are made.
fn times(a: u8, b: u8) -> u8 {
    (0..8).rev().fold(0, |sum: u8, place| {
        let doubled = (sum << 1) ^ ((sum >> 7) * 0x1d);
        doubled ^ (((b >> place) & 1) * a)
    })
}

/// The polynomial by which data is divided, without its first coefficient, which is 1.
fn divisor(degree: usize) -> Vec<u8> {
    let mut out = vec![0; degree];
    out[degree - 1] = 1;
    let mut root = 1;
    for _ in 0..degree {
        for place in 0..degree {
            let next = out.get(place + 1).copied().unwrap_or_default();
            out[place] = times(out[place], root) ^ next;
        }
        root = times(root, 2);
    }
    out
}

fn correction_of(data: &[u8], divisor: &[u8]) -> Vec<u8> {
    let mut rest = vec![0; divisor.len()];
    for byte in data {
        let factor = byte ^ rest.remove(0);
        rest.push(0);
        for (rest, divisor) in rest.iter_mut().zip(divisor) {
            *rest ^= times(*divisor, factor);
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::{AS_BEFORE, BLACK_ON_WHITE, Code, QUIET, TEXT_BYTES_MAX, blocks, svg};

    /// What a reader of such codes reads, eight dots a module.
    fn read(text: &str) -> String {
        let code = Code::of(text.as_bytes()).expect("it fits");
        let side = (code.size + 2 * QUIET) * 8;
        let is_dark = |x: usize, y: usize| {
            let within = |at: usize| (at / 8).checked_sub(QUIET).filter(|at| *at < code.size);
            within(x)
                .zip(within(y))
                .is_some_and(|(x, y)| code.is_dark(x, y))
        };
        seen(side, is_dark)
    }

    fn seen(side: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, |x, y| {
            if is_dark(x, y) { 0 } else { 255 }
        });
        let grids = picture.detect_grids();
        let grid = grids.first().expect("a code");
        grid.decode().expect("readable").1
    }

    #[test]
    fn a_reader_reads_what_a_terminal_shows() {
        let text = "https://a-rather-long-name.example/main/join/abcdefgh";
        let lines = blocks(text).expect("it fits");
        let rows: Vec<Vec<char>> = lines
            .iter()
            .map(|line| {
                let line = line.strip_prefix(BLACK_ON_WHITE).expect("colours");
                line.strip_suffix(AS_BEFORE)
                    .expect("an end")
                    .chars()
                    .collect()
            })
            .collect();
        let is_dark = |x: usize, y: usize| {
            let (x, y) = (x / 8, y / 8);
            let half = if y.is_multiple_of(2) { '▀' } else { '▄' };
            ['█', half].contains(&rows[y / 2][x])
        };
        assert_eq!(seen(rows[0].len() * 8, is_dark), text);
        assert_eq!(blocks(&text.repeat(5)), None);
    }

    #[test]
    fn a_reader_reads_codes_of_every_length() {
        let long = "https://a-rather-long-name.example/main/join/abcdefgh".repeat(5);
        for bytes in (1..=TEXT_BYTES_MAX).step_by(4).chain([TEXT_BYTES_MAX]) {
            let text = long.get(..bytes).expect("long enough");
            assert_eq!(read(text), text, "{bytes}");
        }
        assert_eq!(svg(&long), None);
    }

    #[test]
    fn the_drawing_is_one_of_the_modules() {
        let drawing = svg("HTTP://H.TEST").expect("it fits");
        assert!(drawing.starts_with("<svg ") && drawing.contains("viewBox=\"0 0 29 29\""));
        assert!(drawing.contains("M4 4h7v1h-7z"), "{drawing}");
    }
}
