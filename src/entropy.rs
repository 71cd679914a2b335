//! The only file that asks the machine for chance.

/// Where random bytes come from. Keys, nonces, ids and draws are made of it, so it must be unpredictable in production.
pub trait Entropy: Send + Sync {
    /// Fills every byte with chance.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A whole number drawn evenly from `0..bound`; 0 where `bound` is 0 or 1.
    pub fn below(&self, bound: u32) -> u32 {
        if bound < 2 {
            return 0;
        }
        // Draws above the last full multiple are thrown away: taking the remainder of them would favour small numbers.
        let fair = u32::MAX - (u32::MAX % bound + 1) % bound;
        loop {
            let drawn = u32::from_le_bytes(self.bytes());
            if drawn <= fair {
                return drawn % bound;
            }
        }
    }
}

/// The operating system's own source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// # Panics
    /// When the operating system gives none: going on with known bytes would make every key guessable.
    fn fill(&self, bytes: &mut [u8]) {
        assert!(getrandom::fill(bytes).is_ok(), "the operating system gives no random bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let source: &dyn Entropy = &SystemEntropy;
        assert_ne!(source.bytes::<16>(), source.bytes::<16>());
    }

    #[test]
    fn a_number_below_a_bound_is_below_it_and_every_one_of_them_occurs() {
        let source: &dyn Entropy = &SystemEntropy;
        let mut seen = [false; 5];
        for _ in 0..500 {
            seen[source.below(5) as usize] = true;
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!((source.below(0), source.below(1)), (0, 0));
    }

    #[test]
    fn draws_past_the_last_full_multiple_are_drawn_again() {
        struct Draws(std::sync::Mutex<Vec<u32>>);
        impl Entropy for Draws {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.0.lock().unwrap().remove(0).to_le_bytes());
            }
        }
        // 2^32 = 3 · 1_431_655_765 + 1: only the very last number is unfair for three.
        let source: &dyn Entropy = &Draws(std::sync::Mutex::new(vec![u32::MAX, u32::MAX - 1]));
        assert_eq!(source.below(3), (u32::MAX - 1) % 3);
    }
}
