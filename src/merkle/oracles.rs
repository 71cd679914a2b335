//! Trees, proofs, tiles and notes held against implementations that are not ours.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;
use signed_note::{StandardVerifier, VerifierList};
use tlog_tiles::{Tile as OtherTile, TileHashReader, TileReader};

use super::{
    Hash,
    checkpoint::Checkpoint,
    hash,
    key::{KeyKind, KeyName, NoteSigner},
    path::{TileOf, TilePath},
    proof,
    span::{self, Span},
    tile::{TileAt, Tiles, grow},
};

/// A tree of ours with its tiles, beside the same tree of others.
struct Both {
    ours: Tiles,
    theirs: MemoryBackedTree<Sha256, [u8; 8]>,
    size: u64,
}

impl Both {
    fn of(size: u64) -> Self {
        let mut both = Self { ours: Tiles::default(), theirs: MemoryBackedTree::new(), size };
        (0..size).for_each(|n| both.theirs.push(n.to_be_bytes()));
        let leaves = (0..size).map(|n| Hash::of_leaf(&n.to_be_bytes())).collect();
        for tile in grow(0, leaves, |_| Err("nothing is begun")).unwrap() {
            both.ours.add(tile.at, tile.hashes);
        }
        both
    }

    fn root(&self, size: u64) -> Hash {
        Span::whole(size).map_or_else(Hash::of_nothing, |whole| self.ours.hash(whole).unwrap())
    }

    fn hashes(&self, spans: Option<Vec<Span>>) -> Vec<Hash> {
        self.ours.hashes(&spans.unwrap()).unwrap()
    }
}

impl TileReader for Both {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[OtherTile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        Ok(tiles
            .iter()
            .map(|tile| {
                let path = tile.path();
                let path: TilePath = path.strip_prefix("tile/8/").unwrap().parse().unwrap();
                let TileOf::Hashes(level) = path.what else { panic!("no entries are asked for") };
                let width = path.width();
                assert!(TileAt { level, n: path.n }.width(self.size) >= width);
                let first = path.n * 256;
                let shift = 8 * u32::from(level);
                let of = |n: u64| self.ours.hash(Span { from: n << shift, to: (n + 1) << shift }).unwrap();
                hash::to_bytes(&(first..first + width).map(of).collect::<Vec<_>>())
            })
            .collect())
    }

    fn save_tiles(&self, _: &[OtherTile], _: &[Vec<u8>]) {}
}

fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hash::to_bytes(hashes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn trees_of_random_size_have_the_root_and_the_proofs_of_ct_merkle(size in 1_u64..3000, a in any::<u64>(), b in any::<u64>()) {
        let both = Both::of(size);
        let root = both.root(size);
        let theirs = both.theirs.root();
        prop_assert_eq!(root.0.as_slice(), theirs.as_bytes().as_slice());
        let (index, old) = (a % size, 1 + b % size);
        let ours = both.hashes(span::inclusion(index, size));
        let theirs = both.theirs.prove_inclusion(usize::try_from(index).unwrap());
        prop_assert_eq!(bytes(&ours), theirs.as_bytes());
        prop_assert_eq!(proof::inclusion(Hash::of_leaf(&index.to_be_bytes()), index, size, &ours, root), Ok(()));
        let ours = both.hashes(span::consistency(old, size));
        let theirs = both.theirs.prove_consistency(usize::try_from(size - old).unwrap());
        prop_assert_eq!(bytes(&ours), theirs.as_bytes());
        prop_assert_eq!(proof::consistency((old, both.root(old)), (size, root), &ours), Ok(()));
    }

    #[test]
    fn a_changed_bit_of_a_proof_is_found(size in 2_u64..3000, a in any::<u64>(), bit in any::<usize>()) {
        let both = Both::of(size);
        let (index, root) = (a % size, both.root(size));
        let mut changed = bytes(&both.hashes(span::inclusion(index, size)));
        let bit = bit % (changed.len() * 8);
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = hash::from_bytes(&changed).unwrap();
        let leaf = Hash::of_leaf(&index.to_be_bytes());
        prop_assert_eq!(proof::inclusion(leaf, index, size, &changed, root), Err(proof::ProofError::Root));
    }

    #[test]
    fn a_run_of_any_tree_is_proved(size in 1_u64..3000, a in any::<u64>(), b in any::<u64>()) {
        let both = Both::of(size);
        let (a, b) = (a % size, b % size);
        let (from, to) = (a.min(b), a.max(b) + 1);
        let mut leaves: Vec<_> = (from..to).map(|n| Hash::of_leaf(&n.to_be_bytes())).collect();
        let beside = both.hashes(span::run(from, to, size));
        prop_assert_eq!(proof::run(from, &leaves, size, &beside, both.root(size)), Ok(()));
        leaves[0].0[0] ^= 1;
        prop_assert_eq!(proof::run(from, &leaves, size, &beside, both.root(size)), Err(proof::ProofError::Root));
    }

    #[test]
    fn others_read_our_tiles_and_prove_with_them(size in 1_u64..3000, a in any::<u64>()) {
        let both = Both::of(size);
        let (index, root) = (a % size, tlog_tiles::Hash(both.root(size).0));
        let reader = TileHashReader::new(size, root, &both);
        let theirs = tlog_tiles::prove_record(size, index, &reader).unwrap();
        let theirs: Vec<_> = theirs.iter().map(|hash| Hash(hash.0)).collect();
        prop_assert_eq!(theirs, both.hashes(span::inclusion(index, size)));
    }

    #[test]
    fn addresses_are_those_of_others(level in 0_u8..64, n in 0_u64..(1 << 50), width in 1_u32..=256) {
        let partial = u8::try_from(width).ok();
        let ours = TilePath { what: TileOf::Hashes(level), n, partial };
        let theirs = OtherTile::new(8, level, n, width, false).path();
        prop_assert_eq!(format!("tile/8/{ours}"), theirs);
    }
}

#[test]
fn others_verify_our_notes_and_read_our_checkpoints() {
    let name = KeyName::new("looks.example/ledger").unwrap();
    let signer = NoteSigner::new(name, KeyKind::Note, &[9; 32]);
    let checkpoint = Checkpoint { origin: "looks.example/ledger".to_owned(), size: 64, root: Hash([3; 32]) };
    let note = checkpoint.sign(&signer).unwrap().to_string();
    let verifier = StandardVerifier::new(&signer.public().to_string()).unwrap();
    let theirs = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
    let (verified, unverified) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));
    let read = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((read.origin(), read.size(), read.hash().0), ("looks.example/ledger", 64, [3; 32]));
}
