//! Begins a new log where the old one cannot go on: after a restore from an older copy.
//!
//! Source: ledger.md, "Order and durability".

use std::fmt;

use serde::Serialize;

use crate::{
    app::{App, error::AppError, shown::time},
    domain::{ledger::PublicKind, time::UtcMillis},
    merkle::checkpoint::Checkpoint,
    storage::{
        Tx,
        heads::{self, LogRow},
        ledger,
    },
};

use super::{integrate::LEDGER, kept, keys::origin, public};

/// A log that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopened {
    /// The new log.
    pub origin: String,
    /// Entries that are left, and go on in it.
    pub kept: u64,
    /// Size of the last published head of the old one, if it is known.
    pub published: Option<u64>,
}

impl fmt::Display for Reopened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the ledger goes on as {}, with {} entries", self.origin, self.kept)?;
        match self.published.filter(|published| *published > self.kept) {
            Some(published) => write!(f, "lost for ever: entries {} to {} of the old log", self.kept, published - 1),
            None => f.write_str(
                "entries of the old log differ or cannot be compared; its heads stand with whoever kept them",
            ),
        }
    }
}

/// The body of the link between two logs.
#[derive(Serialize)]
struct LinkBody {
    kind: &'static str,
    at: String,
    origin: String,
    from_size: i64,
    /// The highest head of the old log that is known, as its signed note; null if none is.
    head: Option<String>,
    /// Places in the old log of entries that are not in this one: the first, and the one after the last.
    lost: Option<[u64; 2]>,
}

impl App {
    /// Begins a new log. The highest head of the old one that is known here or that a witness shows is named in its link,
    /// and the files with it set aside.
    ///
    /// # Errors
    /// [`AppError::OutOfOrder`] if the ledger goes on from what was published; [`AppError::Unavailable`].
    pub async fn reopen_ledger(&self) -> Result<Reopened, AppError> {
        let now = self.inner.clock.now();
        self.compare_with_witnesses().await?;
        if self.second_history().await?.is_none() {
            let (state, rule) = ("signed".to_owned(), "it goes on from what was published".to_owned());
            return Err(AppError::OutOfOrder { state, rule });
        }
        let data_dir = &self.inner.settings.data_dir;
        let texts = kept::all(data_dir).map_err(AppError::internal)?;
        let ours = texts.into_iter().filter_map(|text| self.own_checkpoint(&text).map(|head| (head, text)));
        let (head, note) = ours.max_by_key(|(head, _)| head.size).unzip();
        let app = self.clone();
        let begin = move |tx: &mut Tx| app.begin_log(tx, head.as_ref(), note.as_deref(), now);
        let reopened = self.inner.storage.write(&LEDGER, begin).await?;
        kept::set_aside(data_dir).map_err(AppError::internal)?;
        Ok(reopened)
    }

    fn begin_log(
        &self,
        tx: &mut Tx,
        head: Option<&Checkpoint>,
        note: Option<&str>,
        now: UtcMillis,
    ) -> Result<Reopened, AppError> {
        ledger::lock(tx)?;
        let from_size = ledger::size(tx)?;
        let logs = heads::logs(tx)?;
        let mut number = logs.last().map_or(0, |log| log.number);
        let add = |tx: &mut Tx, number, origin: &str| {
            heads::add_log(tx, &LogRow { number, origin: origin.to_owned(), from_size, opened_at: now })
        };
        // A log that this database has forgotten: its name must not be used again.
        if let Some(head) = head.filter(|head| !logs.iter().any(|log| log.origin == head.origin)) {
            number += 1;
            add(tx, number, &head.origin)?;
        }
        let mut new = number + 1;
        while logs.iter().any(|log| log.origin == self.origin(new))
            || head.is_some_and(|head| head.origin == self.origin(new))
        {
            new += 1;
        }
        add(tx, number + 1, &self.origin(new))?;
        let kept = from_size.unsigned_abs();
        let published = head.map(|head| head.size);
        let body = LinkBody {
            kind: PublicKind::Link.code(),
            at: time(now),
            origin: self.origin(new),
            from_size,
            head: note.map(str::to_owned),
            lost: published.filter(|published| *published > kept).map(|published| [kept, published]),
        };
        public::add(tx, PublicKind::Link, &body, now)?;
        Ok(Reopened { origin: body.origin, kept, published })
    }

    fn origin(&self, number: i32) -> String {
        origin(&self.inner.settings.public_url, number)
    }
}
