//! A fast hash of names, a word at a time.

use std::hash::{BuildHasherDefault, DefaultHasher};

/// Hashes for a map with keys that are fixed: random ones would be the thread's, and a look at the table in a hook is to
/// touch nothing of it.
pub(crate) type FixedKeys = BuildHasherDefault<DefaultHasher>;

/// Odd, without a pattern: the fractional parts of the golden ratio and of the root of three.
const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbb67_ae85_84ca_a73b];

/// Returns the hash of a text; a caller who keeps `seed` to itself cannot be given two texts with one hash on purpose.
#[inline]
pub fn hash(seed: u64, text: &[u8]) -> u64 {
    let length = text.len();
    let mut state = seed;
    let mut rest = text;
    while rest.len() > 16 {
        state = folded(eight(rest) ^ FACTORS[0], eight(&rest[8..]) ^ state);
        rest = &rest[8..];
        rest = &rest[8..];
    }
    // The last bytes once more where they overlap: no loop over single ones.
    let [first, last] = match length {
        16.. => [eight(&text[length - 16..]), eight(&text[length - 8..])],
        8.. => [eight(text), eight(&text[length - 8..])],
        4.. => [four(text), four(&text[length - 4..])],
        0 => [0, 0],
        _ => [
            u64::from(text[0]) << 8 | u64::from(text[length / 2]),
            u64::from(text[length - 1]),
        ],
    };
    let state = folded(first ^ FACTORS[0], last ^ state);
    folded(state ^ FACTORS[1], length as u64 ^ FACTORS[0])
}

/// Returns one word for several, with which they can be told from others as by a hash.
#[inline]
pub fn combined<const COUNT: usize>(words: [u64; COUNT]) -> u64 {
    words.into_iter().fold(0, |state, word| {
        folded(state ^ word ^ FACTORS[0], FACTORS[1])
    })
}

/// Multiplies, and folds the upper half of the product into the lower one.
#[inline(always)]
fn folded(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product >> 64) as u64 ^ product as u64
}

#[inline(always)]
fn eight(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

#[inline(always)]
fn four(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from(u32::from_ne_bytes(*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn texts_that_differ_in_one_bit_or_in_length_have_other_hashes() {
        let mut seen = HashSet::new();
        let mut count = 0;
        let mut add = |text: &[u8]| {
            count += 1;
            seen.insert(hash(7, text));
        };
        for length in 0..40 {
            let text = vec![b'a'; length];
            add(&text);
            for at in 0..length {
                for bit in 0..8 {
                    let mut other = text.clone();
                    other[at] ^= 1 << bit;
                    add(&other);
                }
            }
        }
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn a_seed_makes_another_hash() {
        assert_ne!(hash(1, b"/usr/lib"), hash(2, b"/usr/lib"));
    }
}
