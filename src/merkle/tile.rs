//! How a tree lies in tiles of 256 hashes, how it grows, and how hashes are read out of tiles.
//!
//! A tile only ever grows to its right until it is full: so one row holds every partial tile that ever was, as its
//! beginning, and a proof in a tree of ten million leaves needs a handful of rows.
//!
//! Source: C2SP tlog-tiles, "Merkle Tree".

use std::collections::{BTreeMap, BTreeSet};

use super::{
    hash::Hash,
    span::{Node, Span},
};

/// Hashes in a full tile.
pub const FULL: u64 = 256;
/// Levels of the tree in one tile.
const HEIGHT: u32 = 8;
/// Levels of tiles that a tree of at most 2^63 leaves can have.
const MOST_LEVELS: u8 = 8;

/// A tile's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileAt {
    /// 0 for leaf hashes, 0..=63.
    pub level: u8,
    /// Which of that level, 0 and up.
    pub n: u64,
}

/// A tile that grew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its place.
    pub at: TileAt,
    /// Its hashes, 1..=256.
    pub hashes: Vec<Hash>,
}

/// Why a tree cannot grow.
#[derive(Debug, thiserror::Error)]
pub enum GrowError<E> {
    /// A tile is not as wide as a tree of this size has it.
    #[error(
        "tile {n} of level {level} has {found} hashes where the tree has {expected}; the ledger's tiles are damaged"
    )]
    Width {
        /// Its level.
        level: u8,
        /// Which of that level.
        n: u64,
        /// Hashes that it has.
        found: usize,
        /// Hashes that it should have.
        expected: u64,
    },
    /// A tile cannot be read.
    #[error(transparent)]
    Read(E),
}

impl TileAt {
    /// How many hashes it has in a tree of this size, 0..=256.
    pub fn width(self, size: u64) -> u64 {
        if self.level >= MOST_LEVELS {
            return 0;
        }
        let of_level = size >> (HEIGHT * u32::from(self.level));
        of_level.saturating_sub(self.n.saturating_mul(FULL)).min(FULL)
    }

    /// The tile in which a subtree's hash can be found, where its hashes begin there, and how many they are.
    fn of(node: Node) -> (Self, usize, usize) {
        let (level, within) = (node.level / HEIGHT, node.level % HEIGHT);
        let first = node.index << within;
        let level = u8::try_from(level).unwrap_or(MOST_LEVELS);
        let offset = usize::try_from(first % FULL).unwrap_or_default();
        (Self { level, n: first / FULL }, offset, 1 << within)
    }
}

/// The tiles that have to be read for these spans.
pub fn needed<'s>(spans: impl IntoIterator<Item = &'s Span>) -> BTreeSet<TileAt> {
    spans.into_iter().flat_map(|span| span.nodes()).map(|node| TileAt::of(node).0).collect()
}

/// Some tiles of a tree, as far as they were read.
#[derive(Debug, Clone, Default)]
pub struct Tiles(BTreeMap<TileAt, Vec<Hash>>);

impl Tiles {
    /// Adds a tile; a wider one does no harm.
    pub fn add(&mut self, at: TileAt, hashes: Vec<Hash>) {
        self.0.insert(at, hashes);
    }

    /// The hash of the subtree over a span; `None` if a tile is missing or too narrow.
    pub fn hash(&self, span: Span) -> Option<Hash> {
        let hashes = span.nodes().into_iter().map(|node| self.of_node(node)).collect::<Option<Vec<_>>>()?;
        hashes.into_iter().rev().reduce(|right, left| Hash::of_node(left, right))
    }

    /// The hashes of these spans, in order; `None` if a tile is missing or too narrow.
    pub fn hashes(&self, spans: &[Span]) -> Option<Vec<Hash>> {
        spans.iter().map(|span| self.hash(*span)).collect()
    }

    fn of_node(&self, node: Node) -> Option<Hash> {
        let (at, offset, count) = TileAt::of(node);
        self.0.get(&at)?.get(offset..offset + count).map(Hash::of_row)
    }
}

/// The tiles that change when a tree of this size gets these leaves, each as wide as it then is. `read` gives the tiles
/// that are begun: at most one for each level.
///
/// # Errors
/// [`GrowError`]: nothing may be kept then.
pub fn grow<E>(
    size: u64,
    leaves: Vec<Hash>,
    mut read: impl FnMut(TileAt) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Tile>, GrowError<E>> {
    let (mut changed, mut row) = (Vec::new(), leaves);
    for level in 0..MOST_LEVELS {
        if row.is_empty() {
            break;
        }
        let before = size >> (HEIGHT * u32::from(level));
        let begun = TileAt { level, n: before / FULL };
        let width = before % FULL;
        let mut hashes = if width > 0 { begun_tile(begun, width, &mut read)? } else { Vec::new() };
        hashes.append(&mut row);
        for (n, part) in (begun.n..).zip(hashes.chunks(256)) {
            if part.len() == 256 {
                row.push(Hash::of_row(part));
            }
            changed.push(Tile { at: TileAt { level, n }, hashes: part.to_vec() });
        }
    }
    Ok(changed)
}

fn begun_tile<E>(
    at: TileAt,
    width: u64,
    read: &mut impl FnMut(TileAt) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, GrowError<E>> {
    let hashes = read(at).map_err(GrowError::Read)?;
    if u64::try_from(hashes.len()) == Ok(width) {
        return Ok(hashes);
    }
    Err(GrowError::Width { level: at.level, n: at.n, found: hashes.len(), expected: width })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::merkle::span;

    fn leaf(n: u64) -> Hash {
        Hash::of_leaf(&n.to_be_bytes())
    }

    /// A tree that grew in these steps.
    fn grown(steps: &[u64]) -> Tiles {
        let (mut tiles, mut size) = (Tiles::default(), 0);
        for step in steps {
            let leaves = (size..size + step).map(leaf).collect();
            let read = |at| Ok::<_, Infallible>(tiles.0.get(&at).cloned().unwrap_or_default());
            for tile in grow(size, leaves, read).unwrap() {
                tiles.add(tile.at, tile.hashes);
            }
            size += step;
        }
        tiles
    }

    #[test]
    fn a_tree_of_70000_leaves_has_the_tiles_that_the_specification_counts() {
        let width = |level, n| TileAt { level, n }.width(70_000);
        assert_eq!((width(0, 272), width(0, 273), width(0, 274)), (256, 112, 0));
        assert_eq!((width(1, 0), width(1, 1), width(2, 0), width(3, 0)), (256, 17, 1, 0));
        assert_eq!((TileAt { level: 1, n: 0 }.width(256), TileAt { level: 63, n: u64::MAX }.width(u64::MAX)), (1, 0));
    }

    #[test]
    fn a_tree_grows_to_the_same_tiles_whatever_the_steps() {
        let at_once = grown(&[70_000]);
        let in_steps = grown(&[1, 63, 192, 300, 65_000, 4_444]);
        assert_eq!(at_once.0, in_steps.0);
        for (at, hashes) in &at_once.0 {
            assert_eq!(u64::try_from(hashes.len()), Ok(at.width(70_000)), "{at:?}");
        }
    }

    #[test]
    fn tiles_give_every_hash_of_the_tree() {
        let tiles = grown(&[1000]);
        let leaves: Vec<_> = (0..1000).map(leaf).collect();
        for size in [1, 2, 255, 256, 257, 511, 512, 999, 1000] {
            let whole = Span::whole(size).unwrap();
            assert_eq!(tiles.hash(whole), Some(Hash::of_row(&leaves[..usize::try_from(size).unwrap()])), "{size}");
            for span in span::inclusion(size - 1, size).unwrap() {
                let row = &leaves[usize::try_from(span.from).unwrap()..usize::try_from(span.to).unwrap()];
                assert_eq!(tiles.hash(span), Some(Hash::of_row(row)));
            }
        }
    }

    #[test]
    fn a_proof_in_ten_million_leaves_needs_a_handful_of_tiles() {
        let path = span::inclusion(1_234_567, 10_000_000).unwrap();
        assert!(path.len() >= 23 && needed(&path).len() <= 6, "{} hashes, {:?}", path.len(), needed(&path));
    }

    #[test]
    fn a_tile_that_is_missing_or_of_another_width_stops_the_growing() {
        let read = |_| Ok::<_, Infallible>(vec![leaf(0); 63]);
        let refused = grow(64, vec![leaf(64)], read).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "tile 0 of level 0 has 63 hashes where the tree has 64; the ledger's tiles are damaged"
        );
    }
}
