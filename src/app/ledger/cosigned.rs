//! Which heads a bundle rests on: those that a quorum of the configured witnesses cosigned, where there are any.
//!
//! Source: ledger.md, "What a bundle says".

use crate::{
    app::error::AppError,
    domain::time::UtcMillis,
    evidence::quorum::Quorum,
    merkle::{key::VerifierKey, note::NoteSignature},
    storage::{
        Conn,
        heads::{self, CheckpointRow, CosignatureRow},
    },
};

/// Cosignatures that are looked at together. More than one checkpoint can have.
const PAGE: i64 = 1024;
/// A run begins at most so many leaves before the head that is nearest: 65 bytes each.
const FARTHEST: i64 = 50_000;

/// The heads of one log, as these witnesses saw them.
pub(super) struct Heads<'q> {
    pub(super) log: i32,
    pub(super) quorum: &'q Quorum,
}

impl Heads<'_> {
    /// The shortest head of at least this size that a quorum cosigned; without one the shortest.
    pub(super) fn from(&self, conn: &mut Conn, size: i64) -> Result<Option<CheckpointRow>, AppError> {
        match self.seen_from(conn, size, None)? {
            Some(seen) => Ok(heads::checkpoint_from(conn, self.log, seen)?),
            None => Ok(heads::checkpoint_from(conn, self.log, size)?),
        }
    }

    /// The longest head of at most this size that a quorum cosigned; without one that is near, the longest.
    pub(super) fn up_to(&self, conn: &mut Conn, size: i64) -> Result<Option<CheckpointRow>, AppError> {
        let rows = heads::cosignatures_up_to(conn, self.log, size, PAGE)?;
        let seen = groups(&rows).find(|group| self.seen_at(group).is_some()).and_then(|group| group.first());
        let near = seen.map(|row| row.size).filter(|seen| size - seen <= FARTHEST);
        Ok(heads::checkpoint_up_to(conn, self.log, near.unwrap_or(size))?)
    }

    /// The first head that a quorum cosigned then or later, by the witnesses' clocks; without one the first that was signed
    /// then or later, else the last.
    pub(super) fn since(&self, conn: &mut Conn, at: UtcMillis) -> Result<Option<CheckpointRow>, AppError> {
        let signed = match heads::checkpoint_since(conn, self.log, at)? {
            Some(row) => Some(row),
            None => heads::last_checkpoint(conn, self.log)?,
        };
        let Some(row) = signed else { return Ok(None) };
        match self.seen_from(conn, row.size, Some(at))? {
            Some(seen) => Ok(heads::checkpoint_from(conn, self.log, seen)?),
            None => Ok(Some(row)),
        }
    }

    /// The smallest size from `size` on that a quorum had cosigned, not before `at`.
    fn seen_from(&self, conn: &mut Conn, size: i64, at: Option<UtcMillis>) -> Result<Option<i64>, AppError> {
        let mut from = size;
        loop {
            let rows = heads::cosignatures_from(conn, self.log, from, PAGE)?;
            let is_seen = |group: &&[CosignatureRow]| {
                self.seen_at(group).is_some_and(|seen| at.is_none_or(|at| seen >= at.get().div_euclid(1000)))
            };
            if let Some(row) = groups(&rows).find(is_seen).and_then(|group| group.first()) {
                return Ok(Some(row.size));
            }
            // The last group may go on behind the page.
            match rows.last() {
                Some(last) if rows.len() >= usize::try_from(PAGE).unwrap_or_default() && last.size > from => {
                    from = last.size;
                }
                Some(_) | None => return Ok(None),
            }
        }
    }

    /// When a quorum had cosigned a head, seconds since 1970, from what was added to it.
    fn seen_at(&self, rows: &[CosignatureRow]) -> Option<i64> {
        let at = |key: &VerifierKey| {
            let key = key.to_string();
            rows.iter().find(|row| row.witness == key).and_then(|row| said_at(&row.line))
        };
        self.quorum.seen_at(at).and_then(|at| i64::try_from(at).ok())
    }
}

/// The rows of each size; they are ordered by it.
fn groups(rows: &[CosignatureRow]) -> impl Iterator<Item = &[CosignatureRow]> {
    rows.chunk_by(|a, b| a.size == b.size)
}

/// The time in a cosignature's line, which was checked when it was kept. Seconds since 1970.
pub(super) fn said_at(line: &str) -> Option<u64> {
    let line: NoteSignature = line.trim_end().parse().ok()?;
    line.bytes.first_chunk::<8>().map(|at| u64::from_be_bytes(*at))
}
