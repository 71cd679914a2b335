//! What anybody may read of the ledger: checkpoint, tiles, entries, keys, public entries. Nothing beyond what is published.
//!
//! Source: ledger.md; C2SP tlog-tiles, "APIs".

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::{App, error::AppError},
    merkle::{
        checkpoint::Checkpoint,
        entries,
        note::Note,
        path::{TileOf, TilePath},
        tile::{FULL, TileAt},
    },
    storage::{
        Conn,
        heads::{self, LogRow},
        ledger,
    },
};

/// The log as a phone keeps it, so that a promise or a bundle can be checked later without asking this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LedgerView {
    /// Names the log: first line of its checkpoints.
    #[schema(example = "looks.example.org/ledger")]
    pub origin: String,
    /// Verifier key of the log, one line (C2SP signed-note).
    pub key: String,
    /// Verifier key of promises, one line.
    pub promise_key: String,
}

impl App {
    /// The last checkpoint with its cosignatures.
    ///
    /// # Errors
    /// [`AppError::NotFound`] before the first.
    pub async fn ledger_checkpoint(&self) -> Result<String, AppError> {
        self.inner.storage.read(checkpoint).await
    }

    /// The last published head; `None` before the first.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub(in crate::app) async fn published_head(&self) -> Result<Option<Checkpoint>, AppError> {
        let last = |conn: &mut Conn| match heads::log(conn)? {
            Some(log) => heads::last_checkpoint(conn, log.number),
            None => Ok(None),
        };
        let Some(row) = self.inner.storage.read(last).await? else { return Ok(None) };
        Ok(row.note.parse::<Note>().ok().and_then(|note| note.unverified().parse().ok()))
    }

    /// The log's keys: a line for checkpoints, a line for promises.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn ledger_keys(&self) -> Result<String, AppError> {
        let LedgerView { key, promise_key, .. } = self.ledger_view().await?;
        Ok(format!("{key}\n{promise_key}\n"))
    }

    /// The log's name and keys.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn ledger_view(&self) -> Result<LedgerView, AppError> {
        let origin = self.log(self.inner.clock.now()).await?.origin;
        Ok(LedgerView {
            key: self.inner.ledger.log(&origin)?.public().to_string(),
            promise_key: self.inner.ledger.promise(&origin)?.public().to_string(),
            origin,
        })
    }

    /// A tile of hashes or a bundle of entries.
    ///
    /// # Errors
    /// [`AppError::NotFound`] beyond the published tree.
    pub async fn ledger_tile(&self, path: TilePath) -> Result<Vec<u8>, AppError> {
        self.inner.storage.read(move |conn| tile(conn, path)).await
    }

    /// The body of a public entry.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for any other entry, and beyond the published tree.
    pub async fn ledger_opening(&self, index: u64) -> Result<Vec<u8>, AppError> {
        self.inner.storage.read(move |conn| opening(conn, index)).await
    }
}

fn current(conn: &mut Conn) -> Result<LogRow, AppError> {
    heads::log(conn)?.ok_or(AppError::NotFound)
}

fn checkpoint(conn: &mut Conn) -> Result<String, AppError> {
    let log = current(conn)?;
    let row = heads::last_checkpoint(conn, log.number)?.ok_or(AppError::NotFound)?;
    let lines = heads::cosignatures(conn, log.number, row.size)?;
    Ok(lines.iter().fold(row.note, |note, row| note + &row.line))
}

/// Leaves that anybody may see.
pub(super) fn published(conn: &mut Conn) -> Result<u64, AppError> {
    let log = current(conn)?;
    let signed = heads::last_checkpoint(conn, log.number)?.map_or(0, |row| row.size);
    u64::try_from(signed.max(log.from_size)).map_err(AppError::internal)
}

fn tile(conn: &mut Conn, path: TilePath) -> Result<Vec<u8>, AppError> {
    let level = match path.what {
        TileOf::Hashes(level) => level,
        TileOf::Entries => 0,
    };
    let at = TileAt { level, n: path.n };
    if at.width(published(conn)?) < path.width() {
        return Err(AppError::NotFound);
    }
    match path.what {
        TileOf::Hashes(_) => hashes(conn, at, path.width()),
        TileOf::Entries => bundle(conn, path),
    }
}

fn hashes(conn: &mut Conn, at: TileAt, width: u64) -> Result<Vec<u8>, AppError> {
    let n = i64::try_from(at.n).map_err(|_| AppError::NotFound)?;
    let row = ledger::tile(conn, at.level.into(), n)?.ok_or(AppError::NotFound)?;
    let bytes = usize::try_from(width * 32).map_err(AppError::internal)?;
    row.hashes.get(..bytes).map(<[u8]>::to_vec).ok_or(AppError::NotFound)
}

fn bundle(conn: &mut Conn, path: TilePath) -> Result<Vec<u8>, AppError> {
    let from = i64::try_from(path.n * FULL).map_err(|_| AppError::NotFound)?;
    let to = from.saturating_add(i64::try_from(path.width()).map_err(AppError::internal)?);
    let rows = ledger::leaves(conn, from, to)?;
    entries::encode(rows.iter().map(|row| row.leaf.0.as_slice())).ok_or(AppError::NotFound)
}

fn opening(conn: &mut Conn, index: u64) -> Result<Vec<u8>, AppError> {
    if index >= published(conn)? {
        return Err(AppError::NotFound);
    }
    let index = i64::try_from(index).map_err(|_| AppError::NotFound)?;
    ledger::public_opening(conn, index)?.ok_or(AppError::NotFound)
}
