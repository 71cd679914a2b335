//! The sender: leases notices, sends them, and has put on record what became of each.

use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::join_all;
use secrecy::ExposeSecret as _;

use crate::{
    app::{App, error::AppError, sending::Outgoing},
    domain::time::{Seconds, UtcMillis},
    notify::{Mailer, SendError, pace::HostPace},
    storage::outbox::NoticeRow,
};

/// Notices that are on their way at the same time.
const AT_ONCE: usize = 16;
/// The longest sleep. Whoever puts a notice in the outbox from this process wakes the sender; another process cannot.
const LONGEST_SLEEP: Seconds = Seconds(5);

/// Sends what is in the outbox.
pub struct Sender {
    app: App,
    mailer: Arc<dyn Mailer>,
    /// Of mail servers; a folder takes mails as they come.
    pace: Option<Mutex<HostPace>>,
}

/// What became of one notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Accepted,
    NotSent,
}

/// What a turn did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Mails that were accepted.
    pub sent: usize,
    /// Notices that were looked at.
    pub leased: usize,
    /// When there is something to do again, at the latest.
    pub again_at: UtcMillis,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl Sender {
    /// A sender by this way.
    pub fn new(app: App, mailer: Arc<dyn Mailer>) -> Self {
        let per_minute = NonZeroU32::new(app.settings().mail_per_host_per_minute).unwrap_or(NonZeroU32::MIN);
        let by_servers = app.settings().mail_url.expose_secret().starts_with("smtp");
        let pace = by_servers.then(|| Mutex::new(HostPace::new(per_minute)));
        Self { app, mailer, pace }
    }

    /// Sends one set of what waits now.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; what was leased is sent again once the lease is over.
    pub async fn turn(&self) -> Result<Turn, AppError> {
        let now = self.app.clock().now();
        let rows = self.app.lease_notices(AT_ONCE, now).await?;
        let sent = join_all(rows.iter().map(|row| self.send(row))).await;
        let accepted = sent.iter().filter(|sent| **sent == Sent::Accepted).count();
        let next = self.app.next_notice().await?.unwrap_or(now.plus(LONGEST_SLEEP));
        Ok(Turn { sent: accepted, leased: rows.len(), again_at: next.min(now.plus(LONGEST_SLEEP)) })
    }

    /// One notice from its row to its record. One that fails here keeps no other from being sent.
    async fn send(&self, row: &NoticeRow) -> Sent {
        match self.try_to_send(row).await {
            Ok(sent) => sent,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, notice = %row.id, "a notice was left for later");
                Sent::NotSent
            }
        }
    }

    async fn try_to_send(&self, row: &NoticeRow) -> Result<Sent, AppError> {
        let now = self.app.clock().now();
        let outgoing = match self.app.prepare_notice(row, now).await {
            Ok(Some(outgoing)) => outgoing,
            Ok(None) => return Ok(Sent::NotSent),
            Err(error @ AppError::Unavailable { .. }) => return Err(error),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, kind = row.kind, "a notice has no words");
                self.app.notice_failed(row, false, now).await?;
                return Ok(Sent::NotSent);
            }
        };
        if let Err(until) = self.take_turn(&outgoing, now) {
            self.app.put_notice_off(row, until).await?;
            return Ok(Sent::NotSent);
        }
        self.hand_over(&outgoing).await
    }

    fn take_turn(&self, outgoing: &Outgoing, now: UtcMillis) -> Result<(), UtcMillis> {
        let Some(pace) = &self.pace else { return Ok(()) };
        pace.lock().unwrap_or_else(PoisonError::into_inner).take(outgoing.host(), now)
    }

    async fn hand_over(&self, outgoing: &Outgoing) -> Result<Sent, AppError> {
        let answer = self.mailer.send(&outgoing.mail).await;
        let now = self.app.clock().now();
        match answer {
            Ok(accepted) => {
                self.app.notice_accepted(outgoing, &accepted.reply, self.mailer.tells(), now).await?;
                Ok(Sent::Accepted)
            }
            Err(SendError::AddressDead { reply }) => {
                tracing::warn!(reply, "a mail server says that an address does not exist");
                self.app.address_is_dead(outgoing, &reply, now).await?;
                Ok(Sent::NotSent)
            }
            Err(error @ (SendError::Refused { .. } | SendError::Path { .. } | SendError::Malformed { .. })) => {
                let given_up = self.app.notice_failed(outgoing.notice(), error.is_worth_retrying(), now).await?;
                let attempts = outgoing.notice().attempts + 1;
                tracing::warn!(%error, attempts, given_up, "a mail was not taken");
                Ok(Sent::NotSent)
            }
        }
    }
}
