//! Whether this process can do its work, and how the service is doing: asked through `/health/ready`, the metrics and
//! `lastlooks doctor`.

use super::{App, error::AppError, sending, shown};
use crate::{
    domain::time::{Seconds, UtcMillis},
    storage::{
        StorageError, engine,
        vitals::{self, Vitals},
    },
};

/// How the service is doing, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wellbeing {
    /// When this was so.
    pub at: UtcMillis,
    /// Why deadlines are held, `None` if they are not.
    pub held: Option<String>,
    /// Since the last heartbeat of any process; `None` before the first. Milliseconds.
    pub beat_age: Option<i64>,
    /// How long the longest wait of anything due is. Milliseconds, 0 if nothing is late.
    pub due_lag: i64,
    /// Notices that wait to be sent.
    pub waiting_notices: i64,
    /// For how long the oldest of them has been tried, about. Milliseconds, 0 if none waits.
    pub oldest_notice_age: i64,
    /// Notices that were given up.
    pub dead_notices: i64,
    /// Addresses that a mail server said do not exist.
    pub dead_addresses: i64,
    /// Entries of the ledger without a place.
    pub ledger_pending: i64,
    /// Since the oldest of them was recorded. Milliseconds, 0 if none waits.
    pub ledger_pending_age: i64,
    /// Entries of the ledger in their places.
    pub ledger_size: i64,
    /// Size of the last signed checkpoint; `None` before the first.
    pub ledger_checkpoint: Option<i64>,
}

/// Open reports of the production chain, by level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByLevel {
    /// Level, 1..=9, and how many reports have come to it.
    pub open: Vec<(i32, i64)>,
    /// Of these, those with a missed deadline on record that nobody has answered yet.
    pub overdue: Vec<(i32, i64)>,
}

impl Wellbeing {
    /// From what the database shows at `now`.
    pub fn of(vitals: Vitals, now: UtcMillis) -> Self {
        let age = |since: Option<UtcMillis>| since.map_or(0, |since| now.since(since).max(0));
        let tried_since = |(attempts, _, next): &(i32, i64, Option<UtcMillis>)| {
            next.map(|next| next.plus_millis(-sending::waited(*attempts)))
        };
        Self {
            at: now,
            beat_age: vitals.last_beat.map(|at| now.since(at)),
            due_lag: age(vitals.due_since),
            waiting_notices: vitals.waiting.iter().map(|(_, count, _)| count).sum(),
            oldest_notice_age: age(vitals.waiting.iter().filter_map(tried_since).min()),
            dead_notices: vitals.dead_notices,
            dead_addresses: vitals.dead_addresses,
            ledger_pending: vitals.ledger_pending,
            ledger_pending_age: age(vitals.ledger_pending_since),
            ledger_size: vitals.ledger_size,
            ledger_checkpoint: vitals.ledger_checkpoint,
            held: vitals.engine.held.then(|| reason(vitals.engine)),
        }
    }
}

impl App {
    /// The database answers.
    ///
    /// # Errors
    /// What is wrong, in words for the host.
    pub async fn check_database(&self) -> Result<(), String> {
        self.inner.storage.read(engine::state).await.map(drop).map_err(|error| error.to_string())
    }

    /// Deadlines fire: nobody and nothing holds the engine.
    ///
    /// # Errors
    /// Why it is held, in words for the host.
    pub async fn check_engine(&self) -> Result<(), String> {
        let state = self.inner.storage.read(engine::state).await;
        match state.map_err(|error: StorageError| error.to_string())? {
            state if state.held => Err(reason(state)),
            _ => Ok(()),
        }
    }

    /// How the service is doing now.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn wellbeing(&self) -> Result<Wellbeing, AppError> {
        let now = self.inner.clock.now();
        let vitals = self.inner.storage.read(move |conn| vitals::vitals(conn, now)).await?;
        Ok(Wellbeing::of(vitals, now))
    }

    /// Open and overdue reports of the production chain by level.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn reports_by_level(&self) -> Result<ByLevel, AppError> {
        let vitals::ByLevel { open, overdue } = self.inner.storage.read(vitals::by_level).await?;
        Ok(ByLevel { open, overdue })
    }

    /// Why the engine is held, `None` if it is not.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn held_because(&self) -> Result<Option<String>, AppError> {
        let state = self.inner.storage.read(engine::state).await?;
        Ok(state.held.then(|| reason(state)))
    }
}

/// How long what `security.txt` says is to be believed, from the day on which it is fetched.
///
/// Source: RFC 9116, section 2.5.5: less than a year.
const CONTACT_KEPT: Seconds = Seconds::days(180);

impl App {
    /// Whom to tell of a hole, as a URI, and until when that is to be believed, RFC 3339; `None` if nobody is named.
    pub fn security_contact(&self) -> Option<(&str, String)> {
        let contact = self.inner.settings.security_contact.as_deref()?;
        let (today, _) = self.inner.clock.now().span(Seconds::days(1));
        Some((contact, shown::time(today.plus(CONTACT_KEPT))))
    }
}

fn reason(state: engine::EngineRow) -> String {
    state.held_reason.unwrap_or_else(|| "deadlines are held".to_owned())
}
