//! How many filings are under way: the writers wait for those that will be there in a moment, and leave some to the cores.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The filings that are being decided, sealed, waiting or written, in this process. Their number and nothing else.
#[derive(Debug, Clone, Default)]
pub(super) struct Crowd(Arc<AtomicUsize>);

impl Crowd {
    /// Counts one more, until what is returned is gone.
    pub(super) fn enter(&self) -> Coming {
        self.0.fetch_add(1, Ordering::Relaxed);
        Coming(self.clone())
    }

    /// How many there are.
    pub(super) fn size(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A filing on its way to a writer; counted until it is answered or given up.
#[derive(Debug)]
#[must_use = "it is counted as long as it is held"]
pub struct Coming(Crowd);

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_is_counted_until_gone() {
        let crowd = Crowd::default();
        let (one, two) = (crowd.enter(), crowd.enter());
        assert_eq!(crowd.size(), 2);
        drop(one);
        assert_eq!(crowd.size(), 1);
        drop(two);
        assert_eq!(crowd.size(), 0);
    }
}
