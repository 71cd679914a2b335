//! One write on its way: who waits for it, whether it may still start, and what came of it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    connection::Tx,
    crowd::Coming,
    error::StorageError,
    filings::{self, NewReport},
};

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Settles between caller and writer whether a write starts: exactly one of the two wins.
#[derive(Debug, Clone, Default)]
pub(super) struct Claim(Arc<AtomicU8>);

impl Claim {
    /// The writer takes the write up; false if the caller has given up.
    pub(super) fn start(&self) -> bool {
        self.settle(STARTED)
    }

    /// The caller gives up; false if the writer has started, and then the answer will come.
    pub(super) fn give_up(&self) -> bool {
        self.settle(GIVEN_UP)
    }

    fn settle(&self, to: u8) -> bool {
        self.0.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// What one run of a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ran {
    /// It wants to be committed.
    Done,
    /// It refused; its changes are to be rolled back.
    Refused,
    /// It panicked; the connection is in an unknown state.
    Panicked,
}

/// A write without its types.
pub(super) trait Job: Send {
    /// See [`Claim::start`].
    fn start(&self) -> bool;
    /// Monotonic time after which it must not be committed any more.
    fn deadline(&self) -> Duration;
    /// Runs it and keeps the result for [`Job::answer`].
    fn run(&mut self, tx: &mut Tx) -> Ran;
    /// The new report that it is, if it is one: those are written together, see [`filings::add`].
    fn filing(&self) -> Option<&NewReport> {
        None
    }
    /// Keeps what became of the new report when it was written together with others: `false` if it was not current.
    fn written(&mut self, _current: bool) -> Ran {
        Ran::Refused
    }
    /// Replaces what the last run came to by an error.
    fn spoil(&mut self, error: StorageError);
    /// Answers with what the last run came to.
    fn answer(self: Box<Self>);
    /// Answers with an error.
    fn fail(self: Box<Self>, error: StorageError);
}

/// The writes of a batch, those between two new reports by key, which is mostly that of the report they are about: so two
/// processes claim the same reports in the same order, and neither waits for the other in a circle. Those of one key stay
/// as they came; nobody who waits for an answer has asked for anything else yet.
pub(super) fn in_order(mut batch: Vec<([u8; 16], Box<dyn Job>)>) -> Vec<Box<dyn Job>> {
    for between in batch.chunk_by_mut(|(_, a), (_, b)| a.filing().is_none() && b.filing().is_none()) {
        between.sort_by_key(|(key, _)| *key);
    }
    batch.into_iter().map(|(_, job)| job).collect()
}

/// A write with its types.
pub(super) struct Write<T, E, F> {
    /// What to do.
    pub(super) work: F,
    /// Settles whether it starts.
    pub(super) claim: Claim,
    /// See [`Job::deadline`].
    pub(super) deadline: Duration,
    /// Who waits.
    pub(super) reply: oneshot::Sender<Result<T, E>>,
    /// What the last run came to.
    pub(super) result: Option<Result<T, E>>,
}

impl<T, E, F> Job for Write<T, E, F>
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
    F: Fn(&mut Tx) -> Result<T, E> + Send + 'static,
{
    fn start(&self) -> bool {
        self.claim.start()
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }

    fn run(&mut self, tx: &mut Tx) -> Ran {
        // The closure touches only the database, and its connection is thrown away after a panic: nothing half done is
        // seen by anybody.
        let Ok(result) = catch_unwind(AssertUnwindSafe(|| (self.work)(tx))) else { return Ran::Panicked };
        let ran = if result.is_ok() { Ran::Done } else { Ran::Refused };
        self.result = Some(result);
        ran
    }

    fn spoil(&mut self, error: StorageError) {
        self.result = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        let never_ran = || Err(StorageError::Unavailable("the write did not run".to_owned()).into());
        // A caller that has gone away is no matter: what was committed stays.
        drop(self.reply.send(self.result.unwrap_or_else(never_ran)));
    }

    fn fail(self: Box<Self>, error: StorageError) {
        drop(self.reply.send(Err(error.into())));
    }
}

/// A new report.
pub(super) struct File {
    /// What to write.
    pub(super) filing: NewReport,
    /// Counts it, until it is answered.
    pub(super) _coming: Coming,
    /// Settles whether it starts.
    pub(super) claim: Claim,
    /// See [`Job::deadline`].
    pub(super) deadline: Duration,
    /// Who waits.
    pub(super) reply: oneshot::Sender<Result<(), StorageError>>,
    /// What the last run came to.
    pub(super) result: Option<Result<(), StorageError>>,
}

impl Job for File {
    fn start(&self) -> bool {
        self.claim.start()
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }

    fn run(&mut self, tx: &mut Tx) -> Ran {
        match filings::add(tx, &[&self.filing]) {
            Ok(current) => self.written(current == [true]),
            Err(error) => {
                self.result = Some(Err(error));
                Ran::Refused
            }
        }
    }

    fn filing(&self) -> Option<&NewReport> {
        Some(&self.filing)
    }

    fn written(&mut self, current: bool) -> Ran {
        self.result = Some(if current { Ok(()) } else { Err(StorageError::Conflict) });
        if current { Ran::Done } else { Ran::Refused }
    }

    fn spoil(&mut self, error: StorageError) {
        self.result = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        let never_ran = || Err(StorageError::Unavailable("the write did not run".to_owned()));
        drop(self.reply.send(self.result.unwrap_or_else(never_ran)));
    }

    fn fail(self: Box<Self>, error: StorageError) {
        drop(self.reply.send(Err(error)));
    }
}
