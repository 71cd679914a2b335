//! Writes SQLite's log back into the file on a thread of its own, so that no filing waits for it.
//!
//! The writer goes on meanwhile. What comes in faster than this thread keeps up with is left to the writer's own limit
//! (`wal_autocheckpoint`), which then has little to do and lets the log begin anew.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use diesel::{RunQueryDsl, dsl::sql, sql_types::Integer};

use super::{
    connection::{Access, Conn, Link, Target},
    error::StorageError,
};

/// Writes after which the log is written back: some 20 MiB of it if they are filings.
const WRITES: usize = 200;

/// Whose turn it is: SQLite refuses to empty a log that is being written back.
pub(super) type Turn = Arc<Mutex<()>>;

/// Where a writer says how much it wrote. The thread ends with it.
#[derive(Debug)]
pub(super) struct Log {
    asks: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    writes: usize,
}

impl Log {
    /// Starts the thread of an SQLite file; PostgreSQL needs none.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if it cannot be started.
    pub(super) fn start(target: &Target, turn: &Turn) -> Result<Option<Self>, StorageError> {
        match target {
            Target::Postgres { .. } => Ok(None),
            Target::Sqlite(_) => {
                let (asks, asked) = sync_channel(1);
                let checkpoints = Checkpoints { target: target.clone(), asked, turn: Arc::clone(turn), link: None };
                let started = thread::Builder::new().name("writer's log".to_owned()).spawn(move || checkpoints.run());
                let thread =
                    started.map_err(|e| StorageError::Unavailable(format!("no thread could be started: {e}")))?;
                Ok(Some(Self { asks: Some(asks), thread: Some(thread), writes: 0 }))
            }
        }
    }

    /// So many more writes are in the log.
    pub(super) fn grew_by(&mut self, writes: usize) {
        self.writes += writes;
        // Full: it was asked already and comes to it.
        let asks = self.asks.as_ref().filter(|_| self.writes >= WRITES);
        if asks.is_some_and(|asks| asks.try_send(()).is_ok()) {
            self.writes = 0;
        }
    }
}

impl Drop for Log {
    /// Waits for it, so that nobody has the file open once the writer is gone.
    fn drop(&mut self) {
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            // One that panicked has nothing left to finish.
            drop(thread.join());
        }
    }
}

/// The state of the thread that writes the log back.
struct Checkpoints {
    target: Target,
    asked: Receiver<()>,
    turn: Turn,
    /// The connection, once it was needed.
    link: Option<Link>,
}

impl Checkpoints {
    /// Works until the writer is gone.
    fn run(mut self) {
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
            Self::Sqlite(c) => {
                let _busy: i32 = sql::<Integer>("PRAGMA wal_checkpoint(PASSIVE)").get_result(c)?;
                Ok(())
            }
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
