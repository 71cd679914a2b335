//! Checking proofs against a root.
//!
//! Source: RFC 9162, sections 2.1.3.2 and 2.1.4.2 (the same trees as RFC 6962, with the algorithms written out).

use super::{
    hash::Hash,
    span::{Span, split},
};

/// Why a proof does not prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// No such leaves in a tree of this size.
    #[error("a tree of {size} leaves has no leaf before {to} that is asked for")]
    Beyond {
        /// The tree's size.
        size: u64,
        /// The leaf after the last one asked for.
        to: u64,
    },
    /// Hashes are missing or left over.
    #[error("the proof has {found} hashes, which is not the number that it needs")]
    Length {
        /// How many it has.
        found: usize,
    },
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Checks that the leaf with this hash stands at `index` in the tree of this size and root.
///
/// # Errors
/// [`ProofError`].
pub fn inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Beyond { size, to: index.saturating_add(1) });
    }
    let mut way = Way { first: index, last: size - 1 };
    let mut hash = leaf;
    for beside in proof {
        hash = match way.step().ok_or(ProofError::Length { found: proof.len() })? {
            Side::Left => Hash::of_node(*beside, hash),
            Side::Right => Hash::of_node(hash, *beside),
        };
    }
    if way.last > 0 {
        return Err(ProofError::Length { found: proof.len() });
    }
    if hash == root { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that the tree `new` begins with the tree `old`; each is a size and a root.
///
/// # Errors
/// [`ProofError`].
pub fn consistency(old: (u64, Hash), new: (u64, Hash), proof: &[Hash]) -> Result<(), ProofError> {
    let length = ProofError::Length { found: proof.len() };
    if old.0 > new.0 {
        return Err(ProofError::Beyond { size: new.0, to: old.0 });
    }
    if old.0 == 0 || old.0 == new.0 {
        let begins = if old.0 == new.0 { new.1 } else { Hash::of_nothing() };
        return match proof {
            [] if old.1 == begins => Ok(()),
            [] => Err(ProofError::Root),
            _ => Err(length),
        };
    }
    // An old tree that is a complete subtree is not in the proof: its root is known.
    let (begin, rest) = if old.0.is_power_of_two() {
        (old.1, proof)
    } else {
        let (begin, rest) = proof.split_first().ok_or(length)?;
        (*begin, rest)
    };
    let mut way = Way { first: old.0 - 1, last: new.0 - 1 };
    while way.first & 1 == 1 {
        way.up();
    }
    let (mut of_old, mut of_new) = (begin, begin);
    for beside in rest {
        match way.step().ok_or(length)? {
            Side::Left => {
                of_old = Hash::of_node(*beside, of_old);
                of_new = Hash::of_node(*beside, of_new);
            }
            Side::Right => of_new = Hash::of_node(of_new, *beside),
        }
    }
    if way.last > 0 {
        return Err(length);
    }
    if (of_old, of_new) == (old.1, new.1) { Ok(()) } else { Err(ProofError::Root) }
}

/// Checks that these hashes are those of the leaves from `from` on, all of them in order, in the tree of this size and
/// root.
///
/// # Errors
/// [`ProofError`].
pub fn run(from: u64, leaves: &[Hash], size: u64, proof: &[Hash], root: Hash) -> Result<(), ProofError> {
    let length = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
    let to = from.saturating_add(length);
    if length == 0 || to > size {
        return Err(ProofError::Beyond { size, to });
    }
    let mut folding = Folding { run: Span { from, to }, leaves, beside: proof.iter() };
    let made = folding.fold(Span { from: 0, to: size });
    match made {
        Some(_) if !folding.beside.as_slice().is_empty() => Err(ProofError::Length { found: proof.len() }),
        None => Err(ProofError::Length { found: proof.len() }),
        Some(made) if made == root => Ok(()),
        Some(_) => Err(ProofError::Root),
    }
}

/// On which side of what is known the next hash of a proof stands.
enum Side {
    Left,
    Right,
}

/// The way from a leaf up to the root, beside the way from the last leaf.
struct Way {
    first: u64,
    last: u64,
}

impl Way {
    fn up(&mut self) {
        self.first >>= 1;
        self.last >>= 1;
    }

    /// One hash further up; `None` at the root.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.first & 1 == 1 || self.first == self.last {
            while self.first & 1 == 0 && self.first > 0 {
                self.up();
            }
            Side::Left
        } else {
            Side::Right
        };
        self.up();
        Some(side)
    }
}

struct Folding<'a> {
    run: Span,
    leaves: &'a [Hash],
    beside: std::slice::Iter<'a, Hash>,
}

impl Folding<'_> {
    /// The hash of a subtree; `None` if the proof ends too early. As deep as the tree is high.
    fn fold(&mut self, tree: Span) -> Option<Hash> {
        if tree.to <= self.run.from || self.run.to <= tree.from {
            return self.beside.next().copied();
        }
        if tree.length() == 1 {
            let at = usize::try_from(tree.from - self.run.from).ok()?;
            return self.leaves.get(at).copied();
        }
        let middle = tree.from + split(tree.length());
        let left = self.fold(Span { to: middle, ..tree })?;
        let right = self.fold(Span { from: middle, ..tree })?;
        Some(Hash::of_node(left, right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::span;

    fn leaves(size: u64) -> Vec<Hash> {
        (0..size).map(|n| Hash::of_leaf(&n.to_be_bytes())).collect()
    }

    fn made(leaves: &[Hash], spans: Option<Vec<Span>>) -> Vec<Hash> {
        let of =
            |span: Span| Hash::of_row(&leaves[usize::try_from(span.from).unwrap()..usize::try_from(span.to).unwrap()]);
        spans.unwrap().into_iter().map(of).collect()
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proved_at_its_place_and_nowhere_else() {
        for size in 1..40 {
            let leaves = leaves(size);
            let root = Hash::of_row(&leaves);
            for (index, leaf) in (0..).zip(&leaves) {
                let proof = made(&leaves, span::inclusion(index, size));
                assert_eq!(inclusion(*leaf, index, size, &proof, root), Ok(()));
                for other in (0..size + 2).filter(|other| *other != index) {
                    assert!(inclusion(*leaf, other, size, &proof, root).is_err(), "{index} at {other} of {size}");
                }
            }
        }
    }

    #[test]
    fn every_small_tree_is_consistent_with_those_before_it() {
        let all = leaves(40);
        for new in 1..=40 {
            for old in 0..=new {
                let root = |size| Hash::of_row(&all[..usize::try_from(size).unwrap()]);
                let proof = made(&all, span::consistency(old, new));
                assert_eq!(consistency((old, root(old)), (new, root(new)), &proof), Ok(()), "{old} {new}");
                assert!(consistency((old, Hash([1; 32])), (new, root(new)), &proof).is_err());
                assert!(consistency((old, root(old)), (new, Hash([1; 32])), &proof).is_err() || old == 0);
            }
        }
    }

    #[test]
    fn every_run_of_every_small_tree_is_proved_and_a_missing_leaf_is_found() {
        for size in 1..20 {
            let leaves = leaves(size);
            let root = Hash::of_row(&leaves);
            for from in 0..size {
                for to in from + 1..=size {
                    let proof = made(&leaves, span::run(from, to, size));
                    let part = &leaves[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()];
                    assert_eq!(run(from, part, size, &proof, root), Ok(()));
                    assert!(run(from, &part[1..], size, &proof, root).is_err());
                    assert!(run(from + 1, part, size, &proof, root).is_err());
                    let longer = [&proof[..], &[root]].concat();
                    assert!(run(from, part, size, &longer, root).is_err());
                }
            }
        }
    }

    #[test]
    fn a_proof_that_is_too_long_or_too_short_is_refused() {
        let leaves = leaves(7);
        let root = Hash::of_row(&leaves);
        let proof = made(&leaves, span::inclusion(3, 7));
        assert_eq!(inclusion(leaves[3], 3, 7, &proof[..2], root), Err(ProofError::Length { found: 2 }));
        let longer = [&proof[..], &[root]].concat();
        assert_eq!(inclusion(leaves[3], 3, 7, &longer, root), Err(ProofError::Length { found: 4 }));
        let heads = ((3, Hash::of_row(&leaves[..3])), (7, root));
        assert_eq!(consistency(heads.0, heads.1, &[]), Err(ProofError::Length { found: 0 }));
        assert_eq!(consistency(heads.1, heads.0, &[]), Err(ProofError::Beyond { size: 3, to: 7 }));
    }

    #[test]
    fn huge_sizes_do_no_harm() {
        let root = Hash([1; 32]);
        assert!(inclusion(root, u64::MAX - 1, u64::MAX, &[root; 64], root).is_err());
        assert!(consistency((u64::MAX - 1, root), (u64::MAX, root), &[root; 70]).is_err());
        assert!(run(u64::MAX - 1, &[root], u64::MAX, &[root; 3], root).is_err());
        assert!(run(u64::MAX, &[root], u64::MAX, &[], root).is_err());
    }
}
