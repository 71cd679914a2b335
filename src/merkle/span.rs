//! Which hashes a proof is made of, as runs of leaves.
//!
//! Every hash in a proof is the hash of the subtree over some run of leaves. So a proof is planned as spans first, then
//! the few tiles are read that hold them, then the hashes are taken out: nothing here needs the tree.
//!
//! Source: RFC 6962, sections 2.1.1 and 2.1.2.

/// A run of leaves `from..to`, not empty, that is a subtree of some tree: what stands left of it is a multiple of the
/// power of two that it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first leaf.
    pub from: u64,
    /// The leaf after the last one.
    pub to: u64,
}

/// A complete subtree: the leaves `index << level .. (index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// 0 for leaves.
    pub level: u32,
    /// Which of that level, 0 and up.
    pub index: u64,
}

impl Span {
    /// The whole tree of this size; `None` for the empty one.
    pub fn whole(size: u64) -> Option<Self> {
        (size > 0).then_some(Self { from: 0, to: size })
    }

    /// How many leaves.
    pub const fn length(self) -> u64 {
        self.to - self.from
    }

    /// The complete subtrees that it consists of, left to right, each smaller than the one before.
    pub fn nodes(self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut from = self.from;
        while from < self.to {
            let level = (self.to - from).ilog2();
            nodes.push(Node { level, index: from >> level });
            from += 1 << level;
        }
        nodes
    }
}

/// Where a subtree over `length` leaves (at least 2) divides: the largest power of two below it.
pub(super) const fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

/// The proof that a leaf is in the tree of this size, from its sibling up; `None` if it is not.
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Span>> {
    if index >= size {
        return None;
    }
    let (mut from, mut to, mut path) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(Span { from: middle, to });
            to = middle;
        } else {
            path.push(Span { from, to: middle });
            from = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// The proof that the tree of size `new` begins with the tree of size `old`; `None` if it cannot.
pub fn consistency(old: u64, new: u64) -> Option<Vec<Span>> {
    if old > new {
        return None;
    }
    if old == 0 || old == new {
        return Some(Vec::new());
    }
    // RFC 6962's SUBPROOF; while `from` is 0 the verifier knows the old tree's hash.
    let (mut from, mut to, mut path) = (0, new, Vec::new());
    while old < to {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(Span { from: middle, to });
            to = middle;
        } else {
            path.push(Span { from, to: middle });
            from = middle;
        }
    }
    if from > 0 {
        path.push(Span { from, to });
    }
    path.reverse();
    Some(path)
}

/// The proof that the leaves `from..to` are the ones of the tree of this size: every subtree beside them, left to right.
/// `None` if there are no such leaves.
pub fn run(from: u64, to: u64, size: u64) -> Option<Vec<Span>> {
    if from >= to || to > size {
        return None;
    }
    let mut path = Vec::new();
    beside(Span { from: 0, to: size }, Span { from, to }, &mut path);
    Some(path)
}

fn beside(tree: Span, run: Span, path: &mut Vec<Span>) {
    if tree.to <= run.from || run.to <= tree.from {
        path.push(tree);
    } else if tree.from < run.from || run.to < tree.to {
        let middle = tree.from + split(tree.length());
        beside(Span { to: middle, ..tree }, run, path);
        beside(Span { from: middle, ..tree }, run, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(pairs: &[(u64, u64)]) -> Option<Vec<Span>> {
        Some(pairs.iter().map(|(from, to)| Span { from: *from, to: *to }).collect())
    }

    /// The tree of seven leaves in RFC 6962, section 2.1.3.
    #[test]
    fn the_audit_paths_of_rfc_6962() {
        assert_eq!(inclusion(0, 7), spans(&[(1, 2), (2, 4), (4, 7)]));
        assert_eq!(inclusion(3, 7), spans(&[(2, 3), (0, 2), (4, 7)]));
        assert_eq!(inclusion(4, 7), spans(&[(5, 6), (6, 7), (0, 4)]));
        assert_eq!(inclusion(6, 7), spans(&[(4, 6), (0, 4)]));
        assert_eq!(inclusion(7, 7), None);
    }

    #[test]
    fn the_consistency_proofs_of_rfc_6962() {
        assert_eq!(consistency(3, 7), spans(&[(2, 3), (3, 4), (0, 2), (4, 7)]));
        assert_eq!(consistency(4, 7), spans(&[(4, 7)]));
        assert_eq!(consistency(6, 7), spans(&[(4, 6), (6, 7), (0, 4)]));
        assert_eq!(consistency(0, 7), spans(&[]));
        assert_eq!(consistency(7, 7), spans(&[]));
        assert_eq!(consistency(8, 7), None);
    }

    #[test]
    fn a_run_is_proved_by_what_stands_beside_it() {
        assert_eq!(run(2, 5, 7), spans(&[(0, 2), (5, 6), (6, 7)]));
        assert_eq!(run(0, 7, 7), spans(&[]));
        assert_eq!((run(3, 3, 7), run(3, 8, 7)), (None, None));
    }

    #[test]
    fn a_span_is_made_of_complete_subtrees() {
        let nodes = Span { from: 8, to: 15 }.nodes();
        let expected = [(2, 2), (1, 6), (0, 14)].map(|(level, index)| Node { level, index });
        assert_eq!(nodes, expected);
    }
}
