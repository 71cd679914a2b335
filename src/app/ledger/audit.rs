//! Walks the whole ledger: leaves, tiles, checkpoints, entries against events. Names the first thing that is wrong.
//!
//! A report's first key is its reporter's alone once a union summary began another chain; entries under it are counted,
//! not opened.
//!
//! Source: ledger.md, "Verification without us".

use std::fmt;

use crate::{
    app::{App, caused::mac_of, context::stored, error::AppError},
    domain::{
        event::Event,
        ids::ReportId,
        ledger::{EntryFacts, Leaf, LedgerKey, Opening, PublicKind, entries_of},
        lifecycle::{self, apply},
        report::Report,
    },
    merkle::{
        Hash,
        checkpoint::Checkpoint,
        note::Note,
        tile::{FULL, TileAt},
    },
    storage::{
        Conn, heads,
        ledger::{self, Placed},
        report_parts,
        reports::{self, ReportRow},
    },
};

use super::{integrate::tile_hashes, proof::decoded, publish::root_at};

/// Reports that are looked at together.
const REPORTS: i64 = 200;
/// Checkpoints that are looked at together.
const CHECKPOINTS: i64 = 1000;

/// What was walked and found sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Audited {
    /// Leaves, each in its tiles.
    pub leaves: u64,
    /// Signed heads.
    pub checkpoints: u64,
    /// Reports whose entries are those of their events.
    pub reports: u64,
    /// Entries that were opened.
    pub opened: u64,
    /// Entries under a key that this host has no more.
    pub sealed: u64,
}

impl fmt::Display for Audited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sound: {} leaves, {} checkpoints, {} reports, {} entries opened",
            self.leaves, self.checkpoints, self.reports, self.opened
        )?;
        if self.sealed > 0 {
            write!(f, ", {} under a key that this host has no more", self.sealed)?;
        }
        Ok(())
    }
}

/// The first thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Flaw {
    /// A leaf, tile, checkpoint, entry or event.
    #[error("{0}")]
    Found(String),
    /// It cannot be walked.
    #[error("the ledger cannot be read: {0}")]
    Unreadable(String),
}

impl Flaw {
    /// With what was being read, where that is what is wrong.
    fn of(self, what: &str) -> Self {
        match self {
            Self::Found(why) => Self::Found(why),
            Self::Unreadable(why) => Self::Unreadable(format!("{what}: {why}")),
        }
    }
}

impl From<AppError> for Flaw {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Internal(cause) => Self::Unreadable(cause.to_string()),
            other => Self::Unreadable(other.to_string()),
        }
    }
}

impl From<crate::storage::StorageError> for Flaw {
    fn from(error: crate::storage::StorageError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl App {
    /// Walks everything; `tell` hears how far it has come. Blocks, and reads in parts, so that the service goes on.
    ///
    /// # Errors
    /// [`Flaw`]: the first thing that is wrong.
    pub fn audit_ledger(&self, tell: &mut dyn FnMut(&str)) -> Result<Audited, Flaw> {
        let mut audited = Audited { leaves: self.audit_tiles(tell)?, ..Audited::default() };
        audited.checkpoints = self.audit_checkpoints(tell)?;
        self.audit_public(&mut audited)?;
        self.audit_reports(&mut audited, tell)?;
        Ok(audited)
    }

    /// Every leaf is in its tile, every full tile in the one above, and no tile holds more.
    fn audit_tiles(&self, tell: &mut dyn FnMut(&str)) -> Result<u64, Flaw> {
        let size = self.inner.storage.read_blocking(ledger::size)?.unsigned_abs();
        let mut row = Vec::new();
        for n in 0..size.div_ceil(FULL) {
            let found = self.inner.storage.read_blocking(move |conn| leaf_hashes(conn, n, size))?;
            self.audit_tile(TileAt { level: 0, n }, &found, &mut row)?;
            if n % 4096 == 4095 {
                tell(&format!("{} of {size} leaves", (n + 1) * FULL));
            }
        }
        let mut level = 0;
        while !row.is_empty() {
            level += 1;
            let below = std::mem::take(&mut row);
            for (n, part) in (0..).zip(below.chunks(256)) {
                self.audit_tile(TileAt { level, n }, part, &mut row)?;
            }
        }
        tell(&format!("{size} leaves lie in their tiles"));
        Ok(size)
    }

    fn audit_tile(&self, at: TileAt, hashes: &[Hash], above: &mut Vec<Hash>) -> Result<(), Flaw> {
        let stored = self.inner.storage.read_blocking(move |conn| tile_hashes(conn, at))?;
        if stored != hashes {
            return Err(Flaw::Found(format!(
                "tile {} of level {} does not hold the hashes of what is below it",
                at.n, at.level
            )));
        }
        if hashes.len() == 256 {
            above.push(Hash::of_row(hashes));
        }
        Ok(())
    }

    /// Every head is signed by its log and has the root of the tree.
    fn audit_checkpoints(&self, tell: &mut dyn FnMut(&str)) -> Result<u64, Flaw> {
        let mut count = 0;
        for log in self.inner.storage.read_blocking(heads::logs)? {
            let signer = self.inner.ledger.log(&log.origin)?;
            let mut after = -1;
            loop {
                let number = log.number;
                let rows = self
                    .inner
                    .storage
                    .read_blocking(move |conn| heads::checkpoints_after(conn, number, after, CHECKPOINTS))?;
                let Some(last) = rows.last().map(|row| row.size) else { break };
                after = last;
                for row in rows {
                    let wrong =
                        |why: &str| Flaw::Found(format!("the checkpoint of {} at {} {why}", log.origin, row.size));
                    let note: Note = row.note.parse().map_err(|_| wrong("is no signed note"))?;
                    let said = Checkpoint::of_note(&note, signer.public())
                        .map_err(|e| wrong(&format!("is not sound: {e}")))?;
                    let size = row.size.unsigned_abs();
                    let root = self.inner.storage.read_blocking(move |conn| root_at(conn, size));
                    let root = root.map_err(|_| wrong("is longer than the tree"))?;
                    if said.size != size || said.root != root {
                        return Err(wrong("has another root than the tree"));
                    }
                    count += 1;
                }
            }
        }
        tell(&format!("{count} checkpoints have the roots of the tree"));
        Ok(count)
    }

    /// Every public entry commits to its body.
    fn audit_public(&self, audited: &mut Audited) -> Result<(), Flaw> {
        let rows = self.inner.storage.read_blocking(ledger::public_openings);
        let rows = rows.map_err(|error| Flaw::from(error).of("the public entries"))?;
        for row in rows {
            let leaf = self.inner.storage.read_blocking(move |conn| leaf_at(conn, row.idx))?;
            let kinds = [PublicKind::Policy, PublicKind::Roster, PublicKind::Outage, PublicKind::Link];
            if !kinds.iter().any(|kind| Leaf::public(*kind, &row.opening) == leaf) {
                return Err(Flaw::Found(format!("the public entry {} does not commit to its body", row.idx)));
            }
            audited.opened += 1;
        }
        Ok(())
    }

    /// Every report's state is what its events make, and its entries are those of its events.
    fn audit_reports(&self, audited: &mut Audited, tell: &mut dyn FnMut(&str)) -> Result<(), Flaw> {
        let mut after = None;
        loop {
            let ids = self.inner.storage.read_blocking(move |conn| reports::ids_after(conn, after, REPORTS))?;
            let Some(last) = ids.last().copied() else { break };
            after = Some(last);
            for id in ids {
                let app = self.clone();
                let read = move |conn: &mut Conn| Recorded::read(&app, conn, id);
                let report = self.inner.storage.read_blocking(read);
                let report = report.map_err(|flaw| flaw.of(&format!("report {id}")))?;
                // Erased meanwhile.
                let Some(report) = report else { continue };
                report.audit(audited).map_err(|why| Flaw::Found(format!("report {id}: {why}")))?;
                audited.reports += 1;
            }
        }
        tell(&format!("{} reports have the entries of their events", audited.reports));
        Ok(())
    }
}

/// A report with everything that is on record of it.
struct Recorded {
    row: ReportRow,
    events: Vec<Event>,
    /// Openings with their leaves, placed or pending.
    entries: Vec<(Opening, Leaf)>,
}

impl Recorded {
    fn read(app: &App, conn: &mut Conn, id: ReportId) -> Result<Option<Self>, Flaw> {
        let Some(row) = reports::find(conn, id)? else { return Ok(None) };
        let rows = report_parts::events(conn, id)?;
        if let Some(changed) = rows.iter().find(|row| mac_of(&app.inner.keys.written, row) != row.mac.0) {
            return Err(Flaw::Found(format!("report {id}: its event {} is not as it was written", changed.seq)));
        }
        let events = rows.iter().map(|event| stored(&event.body)).collect::<Result<_, _>>()?;
        let mut entries = Vec::new();
        for Placed { idx, opening } in ledger::openings_of(conn, id)? {
            entries.push((decoded(&opening)?, leaf_at(conn, idx)?));
        }
        for row in ledger::pending_of(conn, id)? {
            let leaf = Leaf::try_from(row.leaf.0.as_slice()).map_err(AppError::internal)?;
            entries.push((decoded(&row.opening)?, leaf));
        }
        Ok(Some(Self { row, events, entries }))
    }

    fn audit(&self, audited: &mut Audited) -> Result<(), String> {
        let report = lifecycle::replay(Report::unfiled(), &self.events);
        let state: Report = serde_json::from_str(&self.row.state).map_err(|_| "its state cannot be read")?;
        if report != state {
            return Err("its state is not what its events make".to_owned());
        }
        let key = LedgerKey::new(self.row.ledger_key.0);
        let mut expected = self.expected();
        if expected.len() != self.entries.len() {
            return Err(format!(
                "its events make {} entries, and {} are on record",
                expected.len(),
                self.entries.len()
            ));
        }
        for (opening, leaf) in &self.entries {
            let at = expected.iter().position(|facts| is_of(opening, facts));
            let at = at.ok_or_else(|| format!("no event of it makes the entry `{}` on record", opening.kind.code()))?;
            let facts = expected.swap_remove(at);
            let is_current = facts.chain == report.chain;
            match leaf.open(opening, &key) {
                Ok(()) => audited.opened += 1,
                Err(_) if !is_current => audited.sealed += 1,
                Err(why) => return Err(format!("its entry `{}`: {why}", opening.kind.code())),
            }
        }
        Ok(())
    }

    fn expected(&self) -> Vec<EntryFacts> {
        let (mut report, mut all) = (Report::unfiled(), Vec::new());
        for event in &self.events {
            report = apply(report, event);
            all.extend(entries_of(event, &report));
        }
        all
    }
}

fn is_of(opening: &Opening, facts: &EntryFacts) -> bool {
    let said = (opening.mark(), opening.deadline, opening.moved, opening.at);
    said == (facts.mark, facts.deadline, facts.moved, facts.at)
}

fn leaf_hashes(conn: &mut Conn, n: u64, size: u64) -> Result<Vec<Hash>, Flaw> {
    let (from, to) = (n * FULL, ((n + 1) * FULL).min(size));
    let rows = ledger::leaves(conn, from.cast_signed(), to.cast_signed())?;
    let gapless = rows.iter().zip(from..).all(|(row, idx)| row.idx.unsigned_abs() == idx);
    if !gapless || rows.len() as u64 != to - from {
        return Err(Flaw::Found(format!("a leaf is missing between {from} and {to}")));
    }
    Ok(rows.iter().map(|row| Hash::of_leaf(&row.leaf.0)).collect())
}

fn leaf_at(conn: &mut Conn, idx: i64) -> Result<Leaf, Flaw> {
    let rows = ledger::leaves(conn, idx, idx + 1)?;
    let row = rows.first().ok_or_else(|| Flaw::Found(format!("leaf {idx} is missing")))?;
    Leaf::try_from(row.leaf.0.as_slice()).map_err(|e| Flaw::Found(format!("leaf {idx}: {e}")))
}
