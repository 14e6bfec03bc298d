//! New inputs from known ones: pieces cut out, doubled, swapped and replaced, bits turned, words of the grammar put in.

use crate::harness::chance::Chance;

/// Longest input, in bytes.
const BYTES_MAX: usize = 64 * 1024;

/// Most changes of one input.
const CHANGES_MAX: usize = 6;

/// Draws inputs.
pub(super) struct Mutator<'t> {
    samples: &'t [Vec<u8>],
    words: &'static [&'static str],
}

impl<'t> Mutator<'t> {
    pub(super) fn new(samples: &'t [Vec<u8>], words: &'static [&'static str]) -> Mutator<'t> {
        Mutator { samples, words }
    }

    /// The next input: a sample with some changes, or a heap of words.
    pub(super) fn draw(&self, chance: &mut Chance) -> Vec<u8> {
        let mut input = match chance.below(10) {
            0 => Vec::new(),
            _ => chance.one_of(self.samples).clone(),
        };
        for _ in 0..chance.below(CHANGES_MAX + 1) {
            self.change(chance, &mut input);
            input.truncate(BYTES_MAX);
        }
        input
    }

    fn change(&self, chance: &mut Chance, input: &mut Vec<u8>) {
        let from = chance.below(input.len() + 1);
        let to = from + chance.below((input.len() - from).min(64) + 1);
        match chance.below(9) {
            0 => drop(input.drain(from..to)),
            1 => {
                let piece = input[from..to].to_vec();
                let times = 1 + chance.below(40);
                input.splice(from..from, piece.repeat(times));
            }
            2 if from < input.len() => input[from] ^= 1 << chance.below(8),
            3 if from < input.len() => {
                input[from] = *chance.one_of(&[0, 1, 0x7f, 0x80, 0xfe, 0xff, b'0', b'"', b'\n']);
            }
            4 => input.truncate(from),
            5 => {
                let other = chance.one_of(self.samples);
                let at = chance.below(other.len() + 1);
                input.truncate(from);
                input.extend(&other[at..]);
            }
            6 if to > from => input[from..to].reverse(),
            _ => {
                let word = chance.one_of(self.words).bytes();
                let replaced = if chance.below(2) == 0 { to } else { from };
                input.splice(from..replaced, word);
            }
        }
    }
}
