//! [`Storage`]: opens a database, hands writes to the writers and reads to the readers.

mod threads;

use std::{
    fmt,
    sync::{Arc, Mutex, mpsc::SyncSender},
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::{oneshot, watch};

use super::{
    checkpoints::Turn,
    connection::{Access, Conn, Link, Target, Tx},
    crowd::{Coming, Crowd},
    engine,
    error::StorageError,
    filings::{self, Earlier, Glance, NewReport},
    job::{Claim, File, Job, Write},
    migrations,
    reader::{Read, Snapshot, read},
    writer::Task,
};
use crate::{
    clock::{Clock, SystemClock},
    domain::time::UtcMillis,
};

/// How writes and reads are carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterSettings {
    /// Most writes that share one transaction, at least 1; 1 gives every write a transaction of its own.
    pub max_batch: usize,
    /// How long a batch waits at most for filings that are being sealed. Alone, nobody waits: a batch begins at once
    /// unless [`WriterSettings::BUSY`] or more filings are under way.
    pub linger: Duration,
    /// Threads that write, at least 1. SQLite always has one.
    pub writers: usize,
    /// Threads that read, at least 1.
    pub readers: usize,
    /// Most writes, and most reads, that wait; the next is refused as unavailable.
    pub queue: usize,
    /// How long a write or read may wait before it is refused as unavailable and does not happen.
    ///
    /// Source: domain.md, "Fairness".
    pub patience: Duration,
}

impl WriterSettings {
    /// How many filings under way make it worth while to wait for each other.
    pub const BUSY: usize = 4;
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self {
            max_batch: 256,
            linger: Duration::from_millis(20),
            writers: 3,
            readers: 4,
            queue: 4096,
            patience: Duration::from_secs(10),
        }
    }
}

/// A database that is open. Clones share it; the last one gone waits until everything accepted is on disk.
#[derive(Clone)]
pub struct Storage {
    inner: Arc<Inner>,
}

struct Inner {
    target: Target,
    patience: Duration,
    clock: Arc<SystemClock>,
    crowd: Crowd,
    log_turn: Turn,
    writers: Vec<SyncSender<Task>>,
    readers: Option<SyncSender<Read>>,
    changed: watch::Sender<u64>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("target", &self.inner.target).finish_non_exhaustive()
    }
}

impl Storage {
    /// Opens a database and starts its threads. It is reached once at the start, so that a wrong URL is told at once;
    /// later losses mend themselves. Migrations are another step: [`Storage::migrate`].
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] if it cannot be reached or a thread cannot be started.
    pub fn open(target: Target, settings: &WriterSettings) -> Result<Self, StorageError> {
        let first = Link::open(&target, Access::Write)?;
        let mut inner = Inner {
            patience: settings.patience,
            clock: Arc::new(SystemClock::new()),
            crowd: Crowd::default(),
            log_turn: Turn::default(),
            writers: Vec::new(),
            readers: None,
            changed: watch::Sender::new(0),
            threads: Mutex::default(),
            target,
        };
        inner.start_writers(settings, first)?;
        inner.start_readers(settings)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Which database this is.
    pub fn target(&self) -> &Target {
        &self.inner.target
    }

    /// Runs `work` inside a transaction that it shares with others, and answers once that is on disk.
    ///
    /// `work` may run several times and must touch nothing but the database. An error rolls back what it did, alone. Writes
    /// of one `key` run in the order of their calls. It goes on even if the caller stops waiting.
    ///
    /// # Errors
    /// Whatever `work` refuses with. [`StorageError::Unavailable`] if the database is away or too busy for as long as
    /// [`WriterSettings::patience`]: then it did not happen, unless the database went away during COMMIT and stayed away
    /// for as long again.
    pub async fn write<T, E, F>(&self, key: &[u8; 16], work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
        F: Fn(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let (claim, answer) = self.submit_write(key, work)?;
        self.wait(&claim, answer).await
    }

    /// As [`Storage::write`], for callers without an asynchronous runtime. Blocks.
    ///
    /// # Errors
    /// As [`Storage::write`].
    pub fn write_blocking<T, E, F>(&self, key: &[u8; 16], work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
        F: Fn(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let (_, answer) = self.submit_write(key, work)?;
        answer.blocking_recv().unwrap_or_else(|_| Err(gone().into()))
    }

    /// Counts a filing that has just arrived, so that writers know whom to wait for; see [`Storage::file`].
    pub fn coming(&self) -> Coming {
        self.inner.crowd.enter()
    }

    /// Stores a new report, and answers once it is on disk. Those that wait are written together: for what is filed at the
    /// same time there is one statement per table. Writes of one `key` take place in the order of their calls.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] if its production was changed since it was decided; [`StorageError::Duplicate`] if its
    /// receipt has filed already; [`StorageError::Unavailable`] as with [`Storage::write`].
    pub async fn file(&self, key: &[u8; 16], filing: NewReport, coming: Coming) -> Result<(), StorageError> {
        let (reply, answer) = oneshot::channel();
        let claim = Claim::default();
        let job =
            File { filing, _coming: coming, claim: claim.clone(), deadline: self.deadline(), reply, result: None };
        self.submit(key, Box::new(job))?;
        self.wait(&claim, answer).await
    }

    /// All that a filing has to know before it is sealed; `None` for an unknown crew code. `lookup` and `code` as they are
    /// stored. One statement without a transaction around it: it is a snapshot by itself.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`] as with [`Storage::write`].
    pub async fn glance(
        &self,
        lookup: [u8; 32],
        code: [u8; 32],
        earlier: Earlier,
    ) -> Result<Option<Glance>, StorageError> {
        self.read_added(move |conn| filings::glance(conn, &lookup, &code, &earlier)).await
    }

    /// Runs `work` on one consistent snapshot, through which nothing can be written.
    ///
    /// # Errors
    /// Whatever `work` refuses with; [`StorageError::Unavailable`] as with [`Storage::write`].
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
        F: Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (claim, answer) = self.submit_read(Snapshot::OfTransaction, work)?;
        self.wait(&claim, answer).await
    }

    /// As [`Storage::read`], each statement on a snapshot of its own: for what is only ever added to, as the ledger is. On a
    /// server that saves two round trips.
    ///
    /// # Errors
    /// As [`Storage::read`].
    pub async fn read_added<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
        F: Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (claim, answer) = self.submit_read(Snapshot::OfStatement, work)?;
        self.wait(&claim, answer).await
    }

    /// As [`Storage::read`], for callers without an asynchronous runtime. Blocks.
    ///
    /// # Errors
    /// As [`Storage::read`].
    pub fn read_blocking<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
        F: Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (_, answer) = self.submit_read(Snapshot::OfTransaction, work)?;
        answer.blocking_recv().unwrap_or_else(|_| Err(gone().into()))
    }

    /// Tells whenever this process has committed something. What other processes commit shows in [`super::changes::mark`].
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// Brings the tables to the version of this binary. Blocks; returns the names of what was applied.
    ///
    /// # Errors
    /// [`StorageError`] if a step fails; the steps before it stay.
    pub fn migrate(&self) -> Result<Vec<String>, StorageError> {
        migrations::migrate(&mut Link::open(&self.inner.target, Access::Write)?.conn)
    }

    /// Names of the migrations that [`Storage::migrate`] would apply. Blocks.
    ///
    /// # Errors
    /// [`StorageError`] if the database cannot be asked.
    pub fn pending(&self) -> Result<Vec<String>, StorageError> {
        migrations::pending(&mut Link::open(&self.inner.target, Access::Write)?.conn)
    }

    /// Versions of migrations that were applied and are not in this program: a newer one made the tables. Blocks.
    ///
    /// # Errors
    /// [`StorageError`] if the database cannot be asked.
    pub fn unknown_migrations(&self) -> Result<Vec<String>, StorageError> {
        migrations::unknown(&mut Link::open(&self.inner.target, Access::Write)?.conn)
    }

    /// Takes the tables away again, newest migration first. Blocks. For tests and for going back by hand.
    ///
    /// # Errors
    /// [`StorageError`] if a step fails.
    pub fn revert(&self) -> Result<Vec<String>, StorageError> {
        migrations::revert(&mut Link::open(&self.inner.target, Access::Write)?.conn)
    }

    /// Housekeeping, at least hourly: forgets what is only kept for a while, then empties SQLite's log, in which deleted
    /// text would stay readable.
    ///
    /// # Errors
    /// [`StorageError::Unavailable`]; the next call makes up for it.
    pub async fn upkeep(&self, now: UtcMillis) -> Result<(), StorageError> {
        let today = self.inner.clock.now();
        self.write(&[0; 16], move |tx| engine::forget_old(tx, now, today)).await?;
        let (sender, answer) = oneshot::channel();
        let turn = Arc::clone(&self.inner.log_turn);
        let empty = move |conn: Result<&mut Conn, _>| conn.and_then(|conn| conn.empty_log(&turn));
        let work = move |conn: Result<&mut Conn, StorageError>| drop(sender.send(empty(conn)));
        self.send(0, Task::Outside(Box::new(work)))?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    fn submit_write<T, E, F>(
        &self,
        key: &[u8; 16],
        work: F,
    ) -> Result<(Claim, oneshot::Receiver<Result<T, E>>), StorageError>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
        F: Fn(&mut Tx) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let claim = Claim::default();
        let job = Write { work, claim: claim.clone(), deadline: self.deadline(), reply, result: None };
        self.submit(key, Box::new(job))?;
        Ok((claim, answer))
    }

    /// When a write that comes in now is too late to be committed. Monotonic.
    fn deadline(&self) -> Duration {
        self.inner.clock.monotonic().saturating_add(self.inner.patience)
    }

    fn submit(&self, key: &[u8; 16], job: Box<dyn Job>) -> Result<(), StorageError> {
        // Keys are random bytes: their first one spreads well enough over a handful of writers.
        self.send(usize::from(key[0]) % self.inner.writers.len(), Task::Write { key: *key, job })
    }

    fn send(&self, writer: usize, task: Task) -> Result<(), StorageError> {
        let sender = self.inner.writers.get(writer).ok_or_else(gone)?;
        sender.try_send(task).map_err(|_| too_busy())
    }

    fn submit_read<T, E, F>(
        &self,
        snapshot: Snapshot,
        work: F,
    ) -> Result<(Claim, oneshot::Receiver<Result<T, E>>), StorageError>
    where
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
        F: Fn(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let claim = Claim::default();
        let sender = self.inner.readers.as_ref().ok_or_else(gone)?;
        sender.try_send(read(snapshot, work, claim.clone(), reply)).map_err(|_| too_busy())?;
        Ok((claim, answer))
    }

    /// Waits for the answer, or gives up if nobody has started by then.
    async fn wait<T, E: From<StorageError>>(
        &self,
        claim: &Claim,
        mut answer: oneshot::Receiver<Result<T, E>>,
    ) -> Result<T, E> {
        let answered = match tokio::time::timeout(self.inner.patience, &mut answer).await {
            Ok(answered) => answered,
            Err(_) if claim.give_up() => return Err(too_busy().into()),
            Err(_) => answer.await,
        };
        answered.unwrap_or_else(|_| Err(gone().into()))
    }
}

fn gone() -> StorageError {
    StorageError::Unavailable("the database is being closed".to_owned())
}

fn too_busy() -> StorageError {
    StorageError::Unavailable("too much is waiting for the database".to_owned())
}
