//! Lays down the tiles of a large tree without its leaves: a proof reads tiles alone.

use diesel::{RunQueryDsl as _, sql_query};
use lastlooks::{
    merkle::{
        Hash,
        hash::{from_bytes, to_bytes},
        tile,
    },
    storage::{
        Bytes, Conn, Storage, StorageError,
        ledger::{self, LeafRow, TileRow},
    },
};

use crate::Written;

/// Leaves that are laid down in one transaction.
const STEP: u64 = 1 << 20;

/// The hash of the leaf at a place, where this laid it down; what stood there before has its own.
pub(crate) fn leaf(index: u64) -> Option<Hash> {
    (index >= STEP).then(|| made(index))
}

fn made(index: u64) -> Hash {
    Hash::of_leaf(&index.to_be_bytes())
}

/// Grows the log to this size, and gives the last leaf a row, from which the size is read.
///
/// # Errors
/// If the database refuses.
pub(crate) fn grow(storage: &Storage, size: u64) -> Written {
    let mut from = storage.read_blocking(ledger::size)?.unsigned_abs();
    while from < size {
        let to = ((from / STEP + 1) * STEP).min(size);
        storage.write_blocking(&[1; 16], move |tx| lay(tx, from, to))?;
        from = to;
    }
    let last = LeafRow { idx: size.cast_signed() - 1, leaf: Bytes([1; 65]) };
    storage.write_blocking(&[1; 16], move |tx| ledger::add_leaves(tx, std::slice::from_ref(&last), &[]))?;
    storage.write_blocking(&[1; 16], rest)
}

/// Years of leaves were laid down in seconds: whoever reads at PostgreSQL now would have to write them out first.
fn rest(tx: &mut Conn) -> Written {
    if matches!(tx, Conn::Postgres(_)) {
        sql_query("CHECKPOINT").execute(tx)?;
    }
    Ok(())
}

fn lay(tx: &mut Conn, from: u64, to: u64) -> Written {
    let read = |at: tile::TileAt| {
        let row = ledger::tile(tx, at.level.into(), at.n.cast_signed())?;
        let hashes = row.and_then(|row| from_bytes(&row.hashes)).unwrap_or_default();
        Ok::<_, StorageError>(hashes)
    };
    let tiles = tile::grow(from, (from..to).map(made).collect(), read);
    let row = |tile: tile::Tile| TileRow {
        level: tile.at.level.into(),
        n: tile.at.n.cast_signed(),
        width: i32::try_from(tile.hashes.len()).unwrap_or(i32::MAX),
        hashes: to_bytes(&tile.hashes),
    };
    let rows: Vec<_> = tiles.map_err(|e| StorageError::Corrupt(e.to_string()))?.into_iter().map(row).collect();
    ledger::put_tiles(tx, &rows)
}
