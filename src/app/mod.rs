//! Use cases: one method each, one file per group.
//!
//! Each asks the clock once, seals what was said, then makes one write. What follows from a decision (events, state,
//! notices, ledger leaves) is put on record in one place: `record`.

pub mod acts;
pub mod board;
mod bounces;
pub mod deadlines;
pub mod deliveries;
pub mod error;
pub mod events;
pub mod form;
pub mod ledger;
pub mod link;
pub mod manifest;
pub mod outages;
pub mod people;
pub mod policy;
pub mod productions;
pub mod readiness;
pub mod roster;
pub mod sending;
pub mod sessions;
pub mod setup;
pub mod statistics;
pub mod unanswered;
pub mod view;
pub mod wellbeing;

mod caused;
mod context;
mod fields;
mod filing;
mod handle;
mod inbox;
mod notices;
mod opened;
mod packet;
mod record;
mod report_page;
mod resealing;
mod said;
mod shown;
mod sight;
mod tags;
mod telling;
mod upkeep;

use std::{collections::HashMap, fmt, sync::Arc};

pub use context::{Production, Seat};
pub use filing::FiledAs;
pub use record::{Decided, Subject, UnderWay};
pub use sight::Reader;

use crate::{
    app::{error::AppError, ledger::LedgerKeys, sessions::Strangers},
    auth::{common_passwords::CommonPasswords, stretch::Permits, token::Tokens},
    clock::Clock,
    config::Settings,
    domain::ids::{ProductionId, ReportId},
    entropy::Entropy,
    sealing::{server::ServerKeys, unit::SealMode},
    storage::{Storage, StorageError},
};

/// Everything a use case needs, put together once at start. Clones share it.
#[derive(Clone)]
pub struct App {
    pub(crate) inner: Arc<Inner>,
}

/// What [`App`] shares.
pub(crate) struct Inner {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) storage: Storage,
    pub(crate) settings: Settings,
    pub(crate) keys: ServerKeys,
    pub(crate) ledger: LedgerKeys,
    pub(crate) permits: Permits,
    pub(crate) tokens: Tokens,
    pub(crate) common_passwords: CommonPasswords,
    pub(crate) seal_mode: SealMode,
    pub(crate) nudges: Nudges,
    /// Failed sign-ins under addresses that have no account.
    pub(crate) strangers: Strangers,
    /// Productions as last loaded; used only while their revision in the database is the same.
    pub(crate) productions: std::sync::RwLock<HashMap<ProductionId, Arc<Production>>>,
    /// Whose a crew code was when it last filed: saves a query, and is checked by the one that is left.
    pub(crate) crew_codes: std::sync::RwLock<HashMap<[u8; 32], ProductionId>>,
    /// The ledger's head before some span, as last asked for.
    pub(crate) head_before: std::sync::RwLock<Option<ledger::HeadBefore>>,
    /// Leaves of a log that a witness says it cosigned, where that is more than there are here: by origin and witness.
    pub(crate) claims: std::sync::Mutex<std::collections::BTreeMap<(String, String), u64>>,
    /// Acts under way in this process: the engine passes over their reports for a moment.
    pub(crate) under_way: std::sync::Mutex<HashMap<ReportId, u32>>,
}

/// Wakes the workers before their time.
#[derive(Debug, Default)]
pub struct Nudges {
    /// A deadline may be nearer than the engine sleeps for.
    pub engine: tokio::sync::Notify,
    /// A notice waits.
    pub sender: tokio::sync::Notify,
    /// A head was signed that witnesses have not seen.
    pub witnesses: tokio::sync::Notify,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("storage", &self.inner.storage).finish_non_exhaustive()
    }
}

/// What an [`App`] is made of.
pub struct Parts {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// The database, migrated.
    pub storage: Storage,
    /// Settings.
    pub settings: Settings,
    /// Keys from the root secret.
    pub keys: ServerKeys,
    /// Keys that sign for the ledger.
    pub ledger: LedgerKeys,
    /// The right to stretch passwords.
    pub permits: Permits,
    /// Signs and checks access tokens.
    pub tokens: Tokens,
    /// Always [`SealMode::Sealed`], but in the leak test.
    pub seal_mode: SealMode,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock: parts.clock,
                entropy: parts.entropy,
                storage: parts.storage,
                settings: parts.settings,
                keys: parts.keys,
                ledger: parts.ledger,
                permits: parts.permits,
                tokens: parts.tokens,
                common_passwords: CommonPasswords::shipped(),
                seal_mode: parts.seal_mode,
                nudges: Nudges::default(),
                strangers: Strangers::default(),
                productions: std::sync::RwLock::default(),
                crew_codes: std::sync::RwLock::default(),
                head_before: std::sync::RwLock::default(),
                claims: std::sync::Mutex::default(),
                under_way: std::sync::Mutex::default(),
            }),
        }
    }

    /// What wakes the workers.
    pub fn nudges(&self) -> &Nudges {
        &self.inner.nudges
    }

    /// Names one process among those that share a database.
    pub fn draw_instance(&self) -> [u8; 16] {
        self.inner.entropy.bytes()
    }

    /// Where it gets the time from.
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }
}

/// An instant as answers show it: RFC 3339 in UTC.
pub fn rfc3339(at: crate::domain::time::UtcMillis) -> String {
    shown::time(at)
}

impl From<StorageError> for AppError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(_) => Self::Unavailable { retry_after_seconds: 5 },
            StorageError::Conflict | StorageError::Duplicate(_) | StorageError::Corrupt(_) | StorageError::Other(_) => {
                Self::internal(error)
            }
        }
    }
}
