//! Reads: a few threads, each with a connection of its own, never the asynchronous ones.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc::Receiver},
};

use tokio::sync::oneshot;

use super::{
    connection::{Access, Conn, Link, Target},
    error::StorageError,
    job::Claim,
};

/// A read without its types; it answers by itself.
pub(super) type Read = Box<dyn FnOnce(&mut Reader) + Send>;

/// What a read sees as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Snapshot {
    /// All its statements.
    OfTransaction,
    /// Each of them; for a read that has only one, or of what is only ever added to.
    OfStatement,
}

/// Makes a read that answers to the sender.
pub(super) fn read<T, E, F>(snapshot: Snapshot, work: F, claim: Claim, reply: oneshot::Sender<Result<T, E>>) -> Read
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
    F: Fn(&mut Conn) -> Result<T, E> + Send + 'static,
{
    Box::new(move |reader| {
        if claim.start() {
            // Nobody may be waiting any more; then the result is of no use.
            drop(reply.send(reader.answer(snapshot, &work)));
        }
    })
}

/// The state of a reading thread.
pub(super) struct Reader {
    /// Where to read.
    pub(super) target: Target,
    /// The connection, while it is good.
    pub(super) link: Option<Link>,
}

impl Reader {
    /// Works until every sender is gone.
    pub(super) fn run(mut self, tasks: &Arc<Mutex<Receiver<Read>>>) {
        loop {
            // One thread waits in the queue, the others for the lock: whoever is free takes the next.
            let next = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            match next {
                Ok(task) => task(&mut self),
                Err(_) => return,
            }
        }
    }

    /// Runs a read, once more on a new connection if the one at hand turns out to be gone.
    fn answer<T, E: From<StorageError>>(
        &mut self,
        snapshot: Snapshot,
        work: &impl Fn(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let was_open = self.link.is_some();
        match self.attempt(snapshot, work) {
            Err(Attempt::Lost(_)) if was_open => self.attempt(snapshot, work).map_err(Attempt::into_refusal),
            other => other.map_err(Attempt::into_refusal),
        }
    }

    fn attempt<T, E: From<StorageError>>(
        &mut self,
        snapshot: Snapshot,
        work: &impl Fn(&mut Conn) -> Result<T, E>,
    ) -> Result<T, Attempt<E>> {
        // Taken out, and put back only when known to be good.
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::open(&self.target, Access::Read).map_err(Attempt::Lost)?,
        };
        link.clear();
        if snapshot == Snapshot::OfTransaction {
            link.conn.begin_read().map_err(|error| Attempt::Lost(error.into()))?;
        }
        let result = catch_unwind(AssertUnwindSafe(|| work(&mut link.conn)))
            .map_err(|_| Attempt::Refused(StorageError::Other("a read panicked".to_owned()).into()))?;
        if link.is_lost() {
            return Err(Attempt::Lost(StorageError::Unavailable("the connection was lost".to_owned())));
        }
        if snapshot == Snapshot::OfStatement || link.conn.roll_back().is_ok() {
            self.link = Some(link);
        }
        result.map_err(Attempt::Refused)
    }
}

/// Why a read gave nothing.
enum Attempt<E> {
    Lost(StorageError),
    Refused(E),
}

impl<E: From<StorageError>> Attempt<E> {
    fn into_refusal(self) -> E {
        match self {
            Self::Lost(error) => error.into(),
            Self::Refused(refusal) => refusal,
        }
    }
}
