//! Signs and publishes the ledger's head, once what it covers is on disk; and refuses where that would be a second
//! history.
//!
//! Source: ledger.md, "Order and durability".

use crate::{
    app::{App, error::AppError},
    domain::time::{Seconds, UtcMillis},
    merkle::{
        Hash,
        checkpoint::Checkpoint,
        note::Note,
        span::Span,
        tile::{TileAt, Tiles, needed},
    },
    storage::{
        Conn, StorageError, Tx,
        heads::{self, CheckpointRow, LogRow},
        ledger,
    },
};

use super::{
    integrate::{LEDGER, tiles_at},
    kept,
    keys::origin,
};

/// So many tiles are read by one statement. A proof needs five or six.
const TILES_AT_ONCE: usize = 16;

/// What a turn of the ledger came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerTurn {
    /// Whatever was due is done; this is the published size.
    Published {
        /// Leaves under the last checkpoint.
        size: u64,
    },
    /// Nothing is integrated or signed, and why. Leaves wait; everything else goes on.
    Refused(SecondHistory),
}

/// Why nothing may be signed: a database that does not go on from what was published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecondHistory {
    /// Entries that were published are missing.
    #[error(
        "the ledger in this database has {here} entries, but {published} were published: the database was restored from an \
         older copy. Nothing is signed until somebody runs `lastlooks ledger reopen`; reports and deadlines go on"
    )]
    Behind {
        /// Leaves in the database.
        here: u64,
        /// Leaves under the last checkpoint that was published.
        published: u64,
    },
    /// Entries that were published are others here.
    #[error(
        "the first {published} entries of the ledger are not the ones that were published: the database was changed or \
         restored from an older copy. Nothing is signed until somebody runs `lastlooks ledger reopen`; reports and \
         deadlines go on"
    )]
    Other {
        /// Leaves under the last checkpoint that was published.
        published: u64,
    },
    /// The last checkpoint is of a log that this database does not know.
    #[error(
        "the last published checkpoint is of the log {origin}, which this database does not know: the database was \
         restored from an older copy, or the file DATA_DIR/checkpoint belongs to another host. Nothing is signed until \
         somebody runs `lastlooks ledger reopen`; reports and deadlines go on"
    )]
    Unknown {
        /// The checkpoint's log.
        origin: String,
    },
    /// A witness says that it cosigned more, and shows nothing.
    #[error(
        "the witness {witness} says that it cosigned {published} entries of this ledger, and {here} are here: the database was \
         restored from an older copy, or the witness is wrong. Nothing is signed while it says so, until somebody runs \
         `lastlooks ledger reopen` or takes the witness out of the settings; reports and deadlines go on"
    )]
    Claimed {
        /// The name of its key.
        witness: String,
        /// Leaves in the database.
        here: u64,
        /// Leaves that it says it cosigned.
        published: u64,
    },
    /// The file with the last checkpoint is none that this host signed.
    #[error(
        "the file DATA_DIR/checkpoint holds no checkpoint that this host signed. Nothing is signed until it is restored, \
         or somebody runs `lastlooks ledger reopen`; reports and deadlines go on"
    )]
    Damaged,
}

impl App {
    /// One turn: what an earlier process left unsigned is signed, then the tick that is over is integrated, committed, and
    /// only then signed and published.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; [`AppError::Internal`] if the tiles are damaged or the disk refuses. The next turn makes
    /// up for it.
    pub async fn ledger_turn(&self, now: UtcMillis) -> Result<LedgerTurn, AppError> {
        let log = self.log(now).await?;
        if let Some(refused) = self.second_history().await? {
            return Ok(LedgerTurn::Refused(refused));
        }
        self.integrate(now).await?;
        Ok(LedgerTurn::Published { size: self.publish(&log, now).await? })
    }

    /// When the next turn is due.
    pub fn next_ledger_turn(&self, now: UtcMillis) -> UtcMillis {
        self.tick_of(now).plus(self.ledger_tick())
    }

    /// The log that is written to; begun if there was none.
    pub(in crate::app) async fn log(&self, now: UtcMillis) -> Result<LogRow, AppError> {
        if let Some(log) = self.inner.storage.read(heads::log).await? {
            return Ok(log);
        }
        // The first filing of a host may be what begins its log: the hour only, so that its moment is not read from here.
        let (opened_at, _) = now.span(Seconds::hours(1));
        let first = LogRow { number: 1, origin: origin(&self.inner.settings.public_url, 1), from_size: 0, opened_at };
        let write = move |tx: &mut Tx| match heads::log(tx)? {
            Some(log) => Ok(log),
            None => heads::add_log(tx, &first).map(|()| first.clone()),
        };
        match self.inner.storage.write(&LEDGER, write).await {
            // Another process was first.
            Err(StorageError::Duplicate(_)) => self.inner.storage.read(heads::log).await?.ok_or(AppError::NotFound),
            answer => Ok(answer?),
        }
    }

    /// Whether signing would tell another history than the one that was published.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; [`AppError::Internal`] if the file cannot be read.
    pub async fn second_history(&self) -> Result<Option<SecondHistory>, AppError> {
        for text in kept::all(&self.inner.settings.data_dir).map_err(AppError::internal)? {
            if let Some(contradiction) = self.contradicts(&text).await? {
                return Ok(Some(contradiction));
            }
        }
        let head = |conn: &mut Conn| Ok::<_, StorageError>((heads::log(conn)?, ledger::size(conn)?));
        let (Some(log), size) = self.inner.storage.read(head).await? else { return Ok(None) };
        let here = size.unsigned_abs();
        let claimed = self.claimed_beyond(&log.origin, here);
        Ok(claimed.map(|(witness, published)| SecondHistory::Claimed { witness, here, published }))
    }

    /// Whether the database does not go on from this note, which was published.
    pub(super) async fn contradicts(&self, note: &str) -> Result<Option<SecondHistory>, AppError> {
        let Some(published) = self.own_checkpoint(note) else { return Ok(Some(SecondHistory::Damaged)) };
        self.inner.storage.read(move |conn| compare(conn, &published)).await
    }

    /// A checkpoint that this host signed, under whatever origin.
    pub(super) fn own_checkpoint(&self, text: &str) -> Option<Checkpoint> {
        let note: Note = text.parse().ok()?;
        let signer = self.inner.ledger.log(note.unverified().lines().next()?).ok()?;
        Checkpoint::of_note(&note, signer.public()).ok()
    }

    /// Signs the head unless it is signed, keeps it beside the database, then in it; answers its size.
    async fn publish(&self, log: &LogRow, now: UtcMillis) -> Result<u64, AppError> {
        let number = log.number;
        let (head, last) = self
            .inner
            .storage
            .read(move |conn| Ok::<_, AppError>((head(conn)?, heads::last_checkpoint(conn, number)?)))
            .await?;
        let Some((size, root)) = head else { return Ok(0) };
        let signed = last.as_ref().map_or(0, |row| row.size);
        let rows = i64::try_from(size).map_err(AppError::internal)?;
        if signed == rows {
            return Ok(size);
        }
        let checkpoint = Checkpoint { origin: log.origin.clone(), size, root };
        let note = checkpoint.sign(&self.inner.ledger.log(&log.origin)?).map_err(AppError::internal)?.to_string();
        let draft = format!(".checkpoint-{}", hex::encode(self.inner.entropy.bytes::<8>()));
        kept::write(&self.inner.settings.data_dir, &draft, &note).map_err(AppError::internal)?;
        // A clock that was set back must not put a longer log before a shorter one.
        let signed_at = last.map_or(now, |row| row.signed_at.max(now));
        let row = CheckpointRow { log: log.number, size: rows, note, signed_at };
        self.inner.storage.write(&LEDGER, move |tx| heads::add_checkpoint(tx, &row)).await?;
        Ok(size)
    }
}

/// Size and root of all leaves that have their places; `None` before the first.
fn head(conn: &mut Conn) -> Result<Option<(u64, Hash)>, AppError> {
    let size = u64::try_from(ledger::size(conn)?).map_err(AppError::internal)?;
    if size == 0 {
        return Ok(None);
    }
    Ok(Some((size, root_at(conn, size)?)))
}

/// The root of the tree of this size, at most as long as the log is.
pub(super) fn root_at(conn: &mut Conn, size: u64) -> Result<Hash, StorageError> {
    let Some(whole) = Span::whole(size) else { return Ok(Hash::of_nothing()) };
    hashes_of(conn, &[whole])?.pop().ok_or_else(|| StorageError::Corrupt("the ledger's tiles lack a root".to_owned()))
}

/// The hashes of the subtrees over these spans, out of the tiles.
pub(super) fn hashes_of(conn: &mut Conn, spans: &[Span]) -> Result<Vec<Hash>, StorageError> {
    let wanted: Vec<TileAt> = needed(spans).into_iter().collect();
    let mut tiles = Tiles::default();
    for part in wanted.chunks(TILES_AT_ONCE) {
        for (at, hashes) in tiles_at(conn, part)? {
            tiles.add(at, hashes);
        }
    }
    tiles.hashes(spans).ok_or_else(|| StorageError::Corrupt("a tile of the ledger is missing or too narrow".to_owned()))
}

fn compare(conn: &mut Conn, published: &Checkpoint) -> Result<Option<SecondHistory>, AppError> {
    let logs = heads::logs(conn)?;
    match logs.iter().rev().position(|log| log.origin == published.origin) {
        None => return Ok(Some(SecondHistory::Unknown { origin: published.origin.clone() })),
        Some(0) => {}
        // Another log was begun after it.
        Some(_) => return Ok(None),
    }
    let here = u64::try_from(ledger::size(conn)?).map_err(AppError::internal)?;
    if here < published.size {
        return Ok(Some(SecondHistory::Behind { here, published: published.size }));
    }
    let same = root_at(conn, published.size)? == published.root;
    Ok((!same).then_some(SecondHistory::Other { published: published.size }))
}
