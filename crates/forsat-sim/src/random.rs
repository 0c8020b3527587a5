//! Randomness of a world: one seed, and from it a stream of its own for each part that draws.
//!
//! A part that draws once more or less so doesn't shift what the others draw.

use rand::rngs::SmallRng;
use rand::{Rng, RngCore, SeedableRng};
use std::ops::Range;

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(SmallRng);

impl Random {
    /// The stream of a seed that bears a name and a number.
    pub fn new(seed: u64, name: &str, number: u64) -> Self {
        // FNV-1a: short, and the same on every machine and in every version of the standard library.
        let start = 0xCBF2_9CE4_8422_2325_u64;
        let bytes = name.bytes().chain(number.to_le_bytes()).chain(seed.to_le_bytes());
        let mixed = bytes.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        Self(SmallRng::seed_from_u64(mixed))
    }

    /// A stream of its own, drawn from this one.
    pub fn branch(&mut self, number: u64) -> Self {
        Self::new(self.bits(), "branch", number)
    }

    /// A number of the range, which isn't empty.
    pub fn within(&mut self, range: Range<u64>) -> u64 {
        self.0.random_range(range)
    }

    /// A place in a list of so many; at least one.
    pub fn place(&mut self, length: usize) -> usize {
        self.0.random_range(0..length)
    }

    /// An element of a list; `None` of an empty one.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        if list.is_empty() { None } else { Some(&list[self.place(list.len())]) }
    }

    /// An index, the more often the larger its weight; at least one weight isn't nought.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.within(0..weights.iter().map(|weight| u64::from(*weight)).sum());
        for (index, weight) in weights.iter().enumerate() {
            if left < u64::from(*weight) {
                return index;
            }
            left -= u64::from(*weight);
        }
        unreachable!("the draw lies below the sum of the weights")
    }

    /// Yes so many times in a hundred.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.within(0..100) < u64::from(percent)
    }

    /// Fills bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// An array of bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// 64 evenly random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_number_give_a_stream_of_their_own_and_always_the_same() {
        let first = |name, number| Random::new(7, name, number).bits();
        assert_eq!(first("net", 0), first("net", 0));
        assert_ne!(first("net", 0), first("net", 1));
        assert_ne!(first("net", 0), first("disk", 0));
        assert_ne!(Random::new(8, "net", 0).bits(), first("net", 0));
    }

    #[test]
    fn a_weight_of_nought_is_never_drawn() {
        let mut random = Random::new(1, "weights", 0);
        assert!((0..200).all(|_| random.weighted(&[0, 3, 0, 1]) % 2 == 1));
    }
}
