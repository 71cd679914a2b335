//! Writes SQLite's log back into the file on a thread of its own, so that no filing waits for it.
//!
//! The writer goes on meanwhile. What comes in faster than this thread keeps up with is left to the writer's own limit
//! (`wal_autocheckpoint`), which then has little to do and lets the log begin anew.

use std::sync::{
    Arc, Mutex, PoisonError,
    mpsc::{Receiver, SyncSender, sync_channel},
};

use diesel::{RunQueryDsl, connection::SimpleConnection, dsl::sql, sql_types::Integer};

use super::{
    connection::{Access, Conn, Link, Target},
    error::StorageError,
};

/// Writes after which the log is written back: some 25 MiB of it if they are filings.
const WRITES: usize = 200;

/// Whose turn it is: SQLite refuses to empty a log that is being written back.
pub(super) type Turn = Arc<Mutex<()>>;

/// Where a writer says how much it wrote.
#[derive(Debug)]
pub(super) struct Log {
    asks: SyncSender<()>,
    writes: usize,
}

impl Log {
    /// For an SQLite file: where to say it, and what listens there.
    pub(super) fn of(target: &Target, turn: &Turn) -> Option<(Self, Checkpoints)> {
        match target {
            Target::Postgres { .. } => None,
            Target::Sqlite(_) => {
                let (asks, asked) = sync_channel(1);
                let checkpoints = Checkpoints { target: target.clone(), asked, turn: Arc::clone(turn), link: None };
                Some((Self { asks, writes: 0 }, checkpoints))
            }
        }
    }

    /// So many more writes are in the log.
    pub(super) fn grew_by(&mut self, writes: usize) {
        self.writes += writes;
        // Full: it was asked already and comes to it.
        if self.writes >= WRITES && self.asks.try_send(()).is_ok() {
            self.writes = 0;
        }
    }
}

/// The state of the thread that writes the log back.
pub(super) struct Checkpoints {
    target: Target,
    asked: Receiver<()>,
    turn: Turn,
    /// The connection, once it was needed.
    link: Option<Link>,
}

impl Checkpoints {
    /// Works until the writer is gone.
    pub(super) fn run(mut self) {
        let turn = Arc::clone(&self.turn);
        while let Ok(()) = self.asked.recv() {
            let _ours = turn.lock().unwrap_or_else(PoisonError::into_inner);
            // Whatever is in the way, the writer's own limit makes up for it.
            if self.write_back().is_err() {
                self.link = None;
            }
        }
    }

    fn write_back(&mut self) -> Result<(), StorageError> {
        let link = match self.link.take() {
            Some(link) => link,
            None => Link::open(&self.target, Access::Write)?,
        };
        self.link.insert(link).conn.write_log_back()
    }
}

impl Conn {
    /// Writes as much of the log back into the file as nobody still needs; whoever writes or reads goes on meanwhile.
    fn write_log_back(&mut self) -> Result<(), StorageError> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(c) => Ok(c.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")?),
        }
    }

    /// Writes the log back into the file and empties it, so that deleted text is gone from the disk. PostgreSQL sees to
    /// its own log.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if readers kept the log in use; the next call tries again.
    pub(super) fn empty_log(&mut self, turn: &Turn) -> Result<(), StorageError> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(c) => {
                let _ours = turn.lock().unwrap_or_else(PoisonError::into_inner);
                let busy: i32 = sql::<Integer>("PRAGMA wal_checkpoint(TRUNCATE)").get_result(c)?;
                if busy == 0 { Ok(()) } else { Err(StorageError::Unavailable("the log is in use".to_owned())) }
            }
        }
    }
}
