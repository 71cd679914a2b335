//! Group commit: a thread that owns a connection and commits everything that waits in one transaction.
//!
//! A commit costs a flush of the disk, so whatever came in during the last one shares the next. Of several writes each has
//! a savepoint: one that refuses is rolled back alone. New reports have none: they are written together, and only if that
//! fails is the batch begun again with a savepoint for each, to find the one that cannot be written. Every batch records
//! its id first; when the answer to COMMIT is lost, the same batch is begun again with the same id, and a duplicate says
//! that it took place (see `Conn::begin_write`).

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError},
    },
    thread,
    time::Duration,
};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tokio::sync::watch;

use super::{
    checkpoints::Log,
    connection::{Access, Begin, Conn, Link, Target},
    crowd::Crowd,
    error::StorageError,
    filings::{self, NewReport},
    job::{Job, Ran, in_order},
    store::WriterSettings,
};
use crate::clock::{Clock, SystemClock};

/// How often a write that clashed with another is run again by itself.
const CLASH_RUNS: u32 = 5;
/// Longest pause between two attempts to reach the database.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Most filings of one batch: each waits for all, and if everybody waited for the same flush, the cores would have nothing
/// to seal meanwhile.
const MOST_FILINGS: usize = 32;
/// How long a writer that waits for filings sleeps before it looks again. Woken by each of them it would take a core away.
const NAP: Duration = Duration::from_millis(2);
const HOUR_MILLIS: i64 = 3_600_000;

/// Work outside any transaction; it is given the reason if there is no connection.
pub(super) type Outside = Box<dyn FnOnce(Result<&mut Conn, StorageError>) + Send>;

/// What a writer is asked for.
pub(super) enum Task {
    /// A write that shares a transaction.
    Write {
        /// Writes of one key run in the order in which they came.
        key: [u8; 16],
        /// The write.
        job: Box<dyn Job>,
    },
    /// Something that must be done outside any transaction.
    Outside(Outside),
}

/// A write of the batch at hand.
struct Slot {
    job: Box<dyn Job>,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// To be run, or run in this attempt.
    Open,
    /// Clashed with another transaction: to be run again by itself.
    PutOff,
    /// Panicked or spoilt its transaction: answered with that, never run again.
    Dead,
}

/// How the new reports of a batch are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filings {
    /// All that follow each other in one go.
    Together,
    /// Each like any other write.
    Apart,
}

impl Filings {
    /// Whether a write goes in together with its neighbours.
    fn takes(self, slot: &Slot) -> bool {
        self == Self::Together && slot.job.filing().is_some()
    }
}

/// Why an attempt came to nothing.
struct Failed {
    error: StorageError,
    /// Whether COMMIT had been sent, so that the batch may be on disk all the same.
    in_doubt: bool,
    /// Whether new reports could not be written together, so that each is to be tried by itself.
    apart: bool,
}

impl Failed {
    fn before_commit(error: impl Into<StorageError>) -> Self {
        Self { error: error.into(), in_doubt: false, apart: false }
    }
}

/// The state of a writer's thread.
pub(super) struct Writer {
    /// Where to write.
    pub(super) target: Target,
    /// What to do.
    pub(super) tasks: Receiver<Task>,
    /// Most writes that share a transaction, at least 1.
    pub(super) max_batch: usize,
    /// See [`super::WriterSettings::linger`].
    pub(super) linger: Duration,
    /// The filings under way.
    pub(super) crowd: Crowd,
    /// How much longer than its deadline a write waits whose outcome is in doubt.
    pub(super) patience: Duration,
    /// Real time, for deadlines and the hour of a batch: never the time of the domain.
    pub(super) clock: Arc<SystemClock>,
    /// Has the log written back, where there is one.
    pub(super) log: Option<Log>,
    /// The connection, while it is good.
    pub(super) link: Option<Link>,
    /// Moves with every commit.
    pub(super) changed: watch::Sender<u64>,
}

impl Writer {
    /// Works until every sender is gone.
    pub(super) fn run(mut self) {
        while let Ok(first) = self.tasks.recv() {
            let (batch, outside) = self.gather(first);
            let writes = batch.len();
            let started = batch.into_iter().filter(|job| job.start());
            self.work_off(started.map(|job| Slot { job, standing: Standing::Open }).collect());
            if let Some(log) = &mut self.log {
                log.grew_by(writes);
            }
            if let Some(outside) = outside {
                outside(self.connected().map(|link| &mut link.conn));
            }
        }
    }

    /// Everything that waits, and for a moment what others are about to bring, up to the largest batch or the first task
    /// that wants no transaction.
    fn gather(&self, first: Task) -> (Vec<Box<dyn Job>>, Option<Outside>) {
        let mut batch = Vec::new();
        let (mut next, mut filings, mut waited) = (Ok(first), 0, Duration::ZERO);
        loop {
            match next {
                Ok(Task::Write { key, job }) => {
                    filings += usize::from(job.filing().is_some());
                    batch.push((key, job));
                }
                Ok(Task::Outside(work)) => return (in_order(batch), Some(work)),
                Err(TryRecvError::Empty) if waited < self.linger && self.is_worth_waiting(filings) => {
                    thread::sleep(NAP);
                    waited += NAP;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return (in_order(batch), None),
            }
            if batch.len() >= self.max_batch || filings >= MOST_FILINGS {
                return (in_order(batch), None);
            }
            next = self.tasks.try_recv();
        }
    }

    /// Whether somebody is sealing what could share the commit of these filings, instead of making one more.
    fn is_worth_waiting(&self, filings: usize) -> bool {
        let under_way = self.crowd.size();
        (1..under_way).contains(&filings) && under_way >= WriterSettings::BUSY
    }

    fn connected(&mut self) -> Result<&mut Link, StorageError> {
        let link = match self.link.take() {
            Some(link) => link,
            None => Link::open(&self.target, Access::Write)?,
        };
        Ok(self.link.insert(link))
    }

    /// Commits a batch, answers it, then runs those that clashed one by one.
    fn work_off(&mut self, slots: Vec<Slot>) {
        for slot in self.commit(slots) {
            self.repeat_alone(slot.job);
        }
    }

    fn repeat_alone(&mut self, mut job: Box<dyn Job>) {
        for run in 1..=CLASH_RUNS {
            let slot = Slot { job, standing: Standing::Open };
            match self.commit(vec![slot]).pop() {
                None => return,
                Some(slot) => job = slot.job,
            }
            thread::sleep(Duration::from_millis(u64::from(run) * 5));
        }
        job.answer();
    }

    /// Tries a batch until it is committed, refused as a whole, or out of time. Returns those put off; all others are
    /// answered.
    fn commit(&mut self, mut slots: Vec<Slot>) -> Vec<Slot> {
        let mut batch = [0; 16];
        if slots.is_empty() || getrandom::fill(&mut batch).is_err() {
            let error = StorageError::Unavailable("the system gives no random bytes".to_owned());
            for slot in slots {
                slot.job.fail(error.clone());
            }
            return Vec::new();
        }
        let (mut in_doubt, mut pause) = (false, Duration::ZERO);
        while !slots.is_empty() {
            match self.attempt(&batch, &mut slots) {
                Ok(()) => {
                    self.changed.send_modify(|commits| *commits = commits.wrapping_add(1));
                    return answer(slots);
                }
                Err(failed) => {
                    in_doubt |= failed.in_doubt;
                    self.link = None;
                    slots = self.without_late(slots, in_doubt, &failed.error);
                    thread::sleep(pause);
                    pause = (pause * 2).clamp(Duration::from_millis(10), LONGEST_PAUSE);
                }
            }
        }
        Vec::new()
    }

    /// Answers what is out of time. A write whose outcome is in doubt waits longer, because "it did not happen" may be
    /// untrue; after that the caller is told to try again, which its receipt or idempotency key makes harmless.
    fn without_late(&self, slots: Vec<Slot>, in_doubt: bool, error: &StorageError) -> Vec<Slot> {
        let now = self.clock.monotonic();
        let grace = if in_doubt { self.patience } else { Duration::ZERO };
        let (late, rest): (Vec<Slot>, Vec<Slot>) = slots
            .into_iter()
            .partition(|slot| slot.standing == Standing::Dead && !in_doubt || slot.job.deadline() + grace <= now);
        for slot in late {
            match slot.standing {
                Standing::Dead => slot.job.answer(),
                Standing::Open | Standing::PutOff => slot.job.fail(unavailable(error)),
            }
        }
        rest
    }

    /// One attempt, or two: the second with new reports one by one.
    fn attempt(&mut self, batch: &[u8; 16], slots: &mut [Slot]) -> Result<(), Failed> {
        match self.try_out(batch, slots, Filings::Together) {
            Err(Failed { apart: true, .. }) => {
                self.connected().map_err(Failed::before_commit)?.conn.roll_back().map_err(Failed::before_commit)?;
                self.try_out(batch, slots, Filings::Apart)
            }
            done => done,
        }
    }

    /// Begin, run each, commit.
    fn try_out(&mut self, batch: &[u8; 16], slots: &mut [Slot], filings: Filings) -> Result<(), Failed> {
        let hour = self.clock.now().get().div_euclid(HOUR_MILLIS) * HOUR_MILLIS;
        let clock = Arc::clone(&self.clock);
        let link = self.connected().map_err(Failed::before_commit)?;
        link.clear();
        match link.conn.begin_write(batch, hour, begin(slots, filings)) {
            Ok(()) => {}
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                // An earlier attempt is on disk: its results stand. The transaction just begun goes with the connection.
                self.link = None;
                return Ok(());
            }
            Err(error) => return Err(Failed::before_commit(error)),
        }
        let done = run_all(link, slots, filings)?;
        if done == 0 {
            return link.conn.roll_back().map_err(Failed::before_commit);
        }
        // Refused with 503 means that it did not happen: so nothing late is committed.
        let now = clock.monotonic();
        if slots.iter().any(|slot| slot.standing == Standing::Open && slot.job.deadline() <= now) {
            return Err(Failed::before_commit(StorageError::Unavailable("too slow".to_owned())));
        }
        link.conn.commit().map_err(|error| Failed { in_doubt: true, ..Failed::before_commit(error) })
    }
}

/// How a batch is to begin: with a savepoint, if what comes first needs one. A write that is alone needs none: if it
/// refuses, the whole transaction goes; and on SQLite a savepoint keeps a copy of every page that is changed under it.
fn begin(slots: &[Slot], filings: Filings) -> Begin {
    let mut live = slots.iter().filter(|slot| slot.standing != Standing::Dead);
    match (live.next(), live.next()) {
        (Some(first), Some(_)) if !filings.takes(first) => Begin::Part,
        _ => Begin::Whole,
    }
}

/// Runs every write of the batch, in their order; returns how many want to be committed.
fn run_all(link: &mut Link, slots: &mut [Slot], filings: Filings) -> Result<usize, Failed> {
    let mut in_part = begin(slots, filings) == Begin::Part;
    let mut live: Vec<&mut Slot> = slots.iter_mut().filter(|slot| slot.standing != Standing::Dead).collect();
    let alone = live.len() == 1;
    let mut groups = live.chunk_by_mut(|a, b| filings.takes(a) && filings.takes(b)).peekable();
    let mut done = 0;
    while let Some(group) = groups.next() {
        if group.first().is_some_and(|slot| filings.takes(slot)) {
            done += run_together(link, group)?;
            in_part = false;
            continue;
        }
        for slot in group {
            if !in_part && !alone {
                link.conn.begin_part().map_err(Failed::before_commit)?;
                in_part = true;
            }
            let ran = run_alone(link, slot, groups.peek().is_none())?;
            if ran == Ran::Refused && in_part {
                link.conn.undo_part().map_err(Failed::before_commit)?;
            }
            done += usize::from(ran == Ran::Done);
        }
    }
    Ok(done)
}

/// Writes new reports together; returns how many were.
fn run_together(link: &mut Link, slots: &mut [&mut Slot]) -> Result<usize, Failed> {
    let filings: Vec<&NewReport> = slots.iter().filter_map(|slot| slot.job.filing()).collect();
    let added = filings::add(&mut link.conn, &filings);
    if link.is_lost() {
        return Err(lost());
    }
    let current = added.map_err(|error| Failed { apart: true, ..Failed::before_commit(error) })?;
    let mut done = 0;
    for (slot, current) in slots.iter_mut().zip(current) {
        slot.standing = Standing::Open;
        done += usize::from(slot.job.written(current) == Ran::Done);
    }
    Ok(done)
}

/// Runs a write by itself; what a refused one changed is still to be undone.
fn run_alone(link: &mut Link, slot: &mut Slot, last: bool) -> Result<Ran, Failed> {
    slot.standing = Standing::Open;
    let ran = slot.job.run(&mut link.conn);
    if link.is_lost() {
        return Err(lost());
    }
    let clashed = link.took_clash();
    match ran {
        Ran::Done => {
            // PostgreSQL answers COMMIT in a spoilt transaction with success and rolls back: so the last one is asked
            // before. For the others the next part cannot begin.
            let kept = if last { link.check_unspoilt() } else { link.conn.next_part() };
            match kept {
                Ok(()) => Ok(ran),
                Err(error) => Err(dead(slot, &format!("it went on after a failed statement: {error}"))),
            }
        }
        Ran::Refused => {
            if clashed {
                slot.standing = Standing::PutOff;
            }
            Ok(ran)
        }
        Ran::Panicked => Err(dead(slot, "it panicked")),
    }
}

fn lost() -> Failed {
    Failed::before_commit(StorageError::Unavailable("the connection was lost".to_owned()))
}

/// Takes a write out for good; the others of its batch are run again on a new connection.
fn dead(slot: &mut Slot, why: &str) -> Failed {
    let error = StorageError::Other(format!("a write was stopped: {why}"));
    slot.standing = Standing::Dead;
    slot.job.spoil(error.clone());
    Failed::before_commit(error)
}

fn answer(slots: Vec<Slot>) -> Vec<Slot> {
    let (put_off, done): (Vec<Slot>, Vec<Slot>) = slots.into_iter().partition(|s| s.standing == Standing::PutOff);
    for slot in done {
        slot.job.answer();
    }
    put_off
}

fn unavailable(error: &StorageError) -> StorageError {
    match error {
        StorageError::Unavailable(_) => error.clone(),
        StorageError::Conflict | StorageError::Duplicate(_) | StorageError::Corrupt(_) | StorageError::Other(_) => {
            StorageError::Unavailable(error.to_string())
        }
    }
}
