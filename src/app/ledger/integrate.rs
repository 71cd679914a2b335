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
        Bytes, StorageError, Tx, heads,
        ledger::{self, LeafRow, PlaceRow, TileRow, WaitingRow},
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
        let (leaves, places) = placed(self.shuffled(pending), size);
        ledger::add_leaves(tx, &leaves, &places)?;
        grow_tiles(tx, size, &leaves)?;
        heads::set_tick(tx, tick)?;
        Ok(true)
    }

    /// In an order of chance, filled up with padding.
    fn shuffled(&self, pending: Vec<WaitingRow>) -> Vec<Slot> {
        let padding = pending.len().max(1).next_multiple_of(STEP) - pending.len();
        let mut slots: Vec<_> = pending.into_iter().map(Slot::from).collect();
        slots.extend((0..padding).map(|_| Slot::padding(self.inner.entropy.bytes())));
        // One draw for all. Keys of 128 bits are never equal.
        let mut draws = vec![0; slots.len() * 16];
        self.inner.entropy.fill(&mut draws);
        let mut order: Vec<_> = draws.as_chunks::<16>().0.iter().zip(slots).collect();
        order.sort_unstable_by_key(|(key, _)| *key);
        order.into_iter().map(|(_, slot)| slot).collect()
    }
}

/// A leaf on its way to its place.
struct Slot {
    leaf: Bytes<65>,
    /// `None` for padding.
    opened_by: Option<Bytes<16>>,
}

impl From<WaitingRow> for Slot {
    fn from(row: WaitingRow) -> Self {
        Self { leaf: row.leaf, opened_by: Some(row.id) }
    }
}

impl Slot {
    fn padding(random: [u8; 64]) -> Self {
        Self { leaf: (*Leaf::padding(random).as_bytes()).into(), opened_by: None }
    }
}

fn placed(slots: Vec<Slot>, size: i64) -> (Vec<LeafRow>, Vec<PlaceRow>) {
    let (mut leaves, mut places) = (Vec::with_capacity(slots.len()), Vec::with_capacity(slots.len()));
    for (idx, slot) in (size..).zip(slots) {
        leaves.push(LeafRow { idx, leaf: slot.leaf });
        places.extend(slot.opened_by.map(|id| PlaceRow { id, idx }));
    }
    // By id, as they lie on disk.
    places.sort_unstable();
    (leaves, places)
}

fn grow_tiles(tx: &mut Tx, size: i64, leaves: &[LeafRow]) -> Result<(), AppError> {
    let before = u64::try_from(size).map_err(AppError::internal)?;
    let hashes = leaves.iter().map(|row| Hash::of_leaf(&row.leaf.0)).collect();
    let changed = tile::grow(before, hashes, |at| tile_hashes(tx, at)).map_err(AppError::internal)?;
    for tile in changed {
        let row = TileRow {
            level: tile.at.level.into(),
            n: i64::try_from(tile.at.n).map_err(AppError::internal)?,
            width: i32::try_from(tile.hashes.len()).map_err(AppError::internal)?,
            hashes: to_bytes(&tile.hashes),
        };
        ledger::put_tile(tx, &row)?;
    }
    Ok(())
}

/// A tile's hashes as they are stored; none if there is no such tile.
pub(super) fn tile_hashes(tx: &mut Tx, at: TileAt) -> Result<Vec<Hash>, StorageError> {
    let Ok(n) = i64::try_from(at.n) else { return Ok(Vec::new()) };
    let Some(row) = ledger::tile(tx, at.level.into(), n)? else { return Ok(Vec::new()) };
    from_bytes(&row.hashes).ok_or_else(|| StorageError::Corrupt("a tile breaks off inside a hash".to_owned()))
}
