//! A fast hash of names, a word at a time.

/// Odd, without a pattern: the fractional part of the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Returns the hash of a text; a caller who keeps `seed` to itself cannot be given two texts with one hash on purpose.
#[inline]
pub fn hash(seed: u64, text: &[u8]) -> u64 {
    let mut state = mixed(seed ^ text.len() as u64);
    let mut words = text.chunks_exact(8);
    for word in &mut words {
        state = mixed(state ^ eight(word));
    }
    let rest = words.remainder();
    // The last eight bytes again, where there are as many: no loop over single ones.
    let last = match (text.len(), rest.len()) {
        (_, 0) => return state,
        (8.., _) => eight(&text[text.len() - 8..]),
        (_, 4..) => four(rest) << 32 | four(&rest[rest.len() - 4..]),
        (_, length) => {
            let [first, middle, last] = [rest[0], rest[length / 2], rest[length - 1]];
            u64::from_le_bytes([first, middle, last, 0, 0, 0, 0, 0])
        }
    };
    mixed(state ^ last)
}

/// Returns one word for several, with which they can be told from others as by a hash.
#[inline]
pub fn combined<const COUNT: usize>(words: [u64; COUNT]) -> u64 {
    words.into_iter().fold(0, |state, word| mixed(state ^ word))
}

/// Multiplies, and folds the upper half of the product into the lower one.
#[inline(always)]
fn mixed(word: u64) -> u64 {
    let product = u128::from(word ^ FACTOR) * u128::from(FACTOR.rotate_left(32));
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
