//! Numbers without order, the same again for the same seed (xorshift64).

use super::{knob, unix_secs};

/// What draws lots.
pub(crate) struct Chance(u64);

impl Chance {
    /// From the seed in `PUMPHOUSE_SEED`, else from the time; also answers the seed, for the message of a failure.
    pub(crate) fn seeded() -> (Chance, u64) {
        let given = knob("PUMPHOUSE_SEED").map(|text| text.parse().expect("a seed is a number"));
        let seed = given.unwrap_or_else(unix_secs);
        eprintln!("seed {seed}");
        (Chance(seed | 1), seed)
    }

    /// Another one that goes its own way.
    pub(crate) fn branch(&mut self) -> Chance {
        Chance(self.next() | 1)
    }

    /// A number from 0 to below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a usize")
    }

    /// One of several.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
