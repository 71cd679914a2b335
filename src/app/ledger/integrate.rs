//! Gives pending leaves their places, at fixed ticks.
//!
//! What an outsider must not learn is which leaves belong together, and when something happened between two ticks. So a
//! tick takes all that waits, in an order that chance alone makes, and fills it up to a multiple of 64 with random bytes;
//! where nothing waits, 64 of them come all the same. Between ticks nothing public changes.
//!
//! Source: ledger.md, "Order and durability".

use crate::{
    app::{App, error::AppError},
    domain::{
        ledger::Leaf,
        time::{Seconds, UtcMillis},
    },
    merkle::{
        Hash,
        hash::{from_bytes, to_bytes},
        tile::{self, TileAt},
    },
    storage::{
        Conn, StorageError, Tx, heads,
        ledger::{self, LeafRow, PlacesRow, TileRow, WaitingRow},
    },
};

/// Every tick adds a multiple of this many leaves.
///
/// Source: ledger.md, "Order and durability".
const STEP: usize = 64;
/// Key of the ledger's writes: one writer serves them all.
pub(super) const LEDGER: [u8; 16] = *b"lastlooks/ledger";

impl App {
    /// The length of a tick.
    pub fn ledger_tick(&self) -> Seconds {
        Seconds(self.inner.settings.ledger_tick_seconds)
    }

    /// The tick that `now` lies in: the one that is over has its leaves integrated.
    pub(super) fn tick_of(&self, now: UtcMillis) -> UtcMillis {
        let (from, to) = now.span(self.ledger_tick());
        if to == now { now } else { from }
    }

    /// Integrates what is pending, once for each tick, whoever of several processes comes first; whether it was this one.
    /// Nothing of it is public until the head is signed.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; [`AppError::Internal`] if the tiles are damaged: then nothing was kept.
    pub async fn integrate(&self, now: UtcMillis) -> Result<bool, AppError> {
        let tick = self.tick_of(now);
        if self.is_integrated(self.inner.storage.read(heads::last_tick).await?, tick) {
            return Ok(false);
        }
        let app = self.clone();
        self.inner.storage.write(&LEDGER, move |tx| app.integrate_in(tx, tick)).await
    }

    /// A tick far ahead comes of a clock that was wrong and is right again: it keeps nothing from being integrated.
    fn is_integrated(&self, last: UtcMillis, tick: UtcMillis) -> bool {
        tick <= last && last <= tick.plus(self.ledger_tick())
    }

    fn integrate_in(&self, tx: &mut Tx, tick: UtcMillis) -> Result<bool, AppError> {
        ledger::lock(tx)?;
        if self.is_integrated(heads::last_tick(tx)?, tick) {
            return Ok(false);
        }
        let size = ledger::size(tx)?;
        let pending = ledger::take_pending(tx)?;
        let (leaves, places) = self.placed(&pending, size)?;
        ledger::add_leaves(tx, &leaves, &places)?;
        grow_tiles(tx, size, &leaves)?;
        heads::set_tick(tx, tick)?;
        Ok(true)
    }

    /// All that waits, filled up with padding, each leaf in a place of chance from `size` on; and where those of each group
    /// went.
    fn placed(&self, pending: &[WaitingRow], size: i64) -> Result<(Vec<LeafRow>, Vec<PlacesRow>), AppError> {
        let mut leaves = Vec::new();
        for group in pending {
            leaves.extend_from_slice(group.leaves()?);
        }
        let padded = leaves.len().max(1).next_multiple_of(STEP);
        leaves.resize_with(padded, || *Leaf::padding(self.inner.entropy.bytes()).as_bytes());
        let places = self.shuffled(padded, size);
        let mut rows: Vec<_> =
            places.iter().zip(leaves).map(|(idx, leaf)| LeafRow { idx: *idx, leaf: leaf.into() }).collect();
        rows.sort_unstable_by_key(|row| row.idx);
        let (mut of_groups, mut rest) = (Vec::with_capacity(pending.len()), places.as_slice());
        for group in pending {
            let (theirs, after) = rest.split_at(group.leaves()?.len());
            of_groups.push(PlacesRow::of(group.id, theirs));
            rest = after;
        }
        // By id, as they lie on disk.
        of_groups.sort_unstable();
        Ok((rows, of_groups))
    }

    /// So many places from `from` on, in an order of chance.
    fn shuffled(&self, count: usize, from: i64) -> Vec<i64> {
        // One draw for all. Keys of 128 bits are never equal.
        let mut draws = vec![0; count * 16];
        self.inner.entropy.fill(&mut draws);
        let mut order: Vec<_> = draws.as_chunks::<16>().0.iter().zip(from..).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, place)| place).collect()
    }
}

fn grow_tiles(tx: &mut Tx, size: i64, leaves: &[LeafRow]) -> Result<(), AppError> {
    let before = u64::try_from(size).map_err(AppError::internal)?;
    let hashes = leaves.iter().map(|row| Hash::of_leaf(&row.leaf.0)).collect();
    let changed = tile::grow(before, hashes, |at| tile_hashes(tx, at)).map_err(AppError::internal)?;
    let mut rows = Vec::with_capacity(changed.len());
    for tile in changed {
        rows.push(TileRow {
            level: tile.at.level.into(),
            n: i64::try_from(tile.at.n).map_err(AppError::internal)?,
            width: i32::try_from(tile.hashes.len()).map_err(AppError::internal)?,
            hashes: to_bytes(&tile.hashes),
        });
    }
    Ok(ledger::put_tiles(tx, &rows)?)
}

/// A tile's hashes as they are stored; none if there is no such tile.
pub(super) fn tile_hashes(tx: &mut Tx, at: TileAt) -> Result<Vec<Hash>, StorageError> {
    Ok(tiles_at(tx, &[at])?.pop().map_or(Vec::new(), |(_, hashes)| hashes))
}

/// The hashes of those of these tiles that there are.
pub(super) fn tiles_at(conn: &mut Conn, at: &[TileAt]) -> Result<Vec<(TileAt, Vec<Hash>)>, StorageError> {
    let place = |at: &TileAt| Some((i32::from(at.level), i64::try_from(at.n).ok()?));
    let rows = ledger::tiles(conn, &at.iter().filter_map(place).collect::<Vec<_>>())?;
    let found = |row: TileRow| {
        let at = TileAt { level: u8::try_from(row.level).ok()?, n: u64::try_from(row.n).ok()? };
        Some((at, from_bytes(&row.hashes)?))
    };
    let broken = || StorageError::Corrupt("a tile breaks off inside a hash".to_owned());
    rows.into_iter().map(|row| found(row).ok_or_else(broken)).collect()
}
