//! The inbox: what the receipt opens, and what whoever holds it may do.
//!
//! Nothing here is logged, counted or remembered beyond the act itself.

use super::{
    App,
    context::stored,
    error::AppError,
    form,
    opened::{Sealed, own_part_of, sealed_for},
    record::{Decided, Subject, is_conflict},
    said::{Saying, To},
    shown,
    view::Inbox,
};
use crate::{
    domain::{
        event::{Addressed, Event},
        lifecycle::{Command, Safety},
    },
    sealing::{keys::Keys, kind::UnitKind, receipt::Receipt},
    storage::{Conn, report_parts, reports, resealings},
};

/// Longest message, characters.
pub(super) const MESSAGE_CHARS: usize = 2000;
/// How often an act is sealed anew because the roster changed under it.
const MOST_TRIES: usize = 5;

/// Whoever holds a receipt, for one request.
struct Holder {
    keys: Keys,
    subject: Subject,
    /// Somebody was let in who cannot open it yet.
    is_awaited: bool,
}

impl App {
    /// What the receipt opens.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a receipt that opens nothing.
    pub async fn inbox(&self, receipt: &Receipt) -> Result<Inbox, AppError> {
        let (holder, sealed, events) = self.holder_with(receipt).await?;
        let opened = self.open_units(&holder.subject, &sealed, &holder.keys);
        let own =
            own_part_of(&opened).ok_or_else(|| super::context::corrupt("the reporter's own part does not open"))?;
        if holder.is_awaited {
            self.reseal_on_visit(&holder.subject, &holder.keys).await;
        }
        Ok(shown::inbox(&holder.subject, &events, &opened, &own))
    }

    /// Writes to the desks.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for the text; [`AppError::NotFound`]; [`AppError::OutOfOrder`].
    pub async fn write_to_desks(
        &self,
        receipt: &Receipt,
        to: Addressed,
        text: &str,
        key: Option<[u8; 16]>,
    ) -> Result<Inbox, AppError> {
        form::text("text", text, MESSAGE_CHARS)?;
        if text.trim().is_empty() {
            return Err(AppError::invalid("text", "must not be empty"));
        }
        let addressed = match to {
            Addressed::Union => To::Union,
            Addressed::All => To::All,
            Addressed::Reporter => return Err(AppError::invalid("to", "must be union or all")),
        };
        let saying = Saying { kind: UnitKind::Message, to: addressed, text };
        self.act_with_receipt(receipt, Command::Message(to), Some(saying), key).await
    }

    /// "Is it safe now?" `No` is the contest; its reason, if any, goes to both sides.
    ///
    /// # Errors
    /// As [`App::write_to_desks`].
    pub async fn say_safety(
        &self,
        receipt: &Receipt,
        safety: Safety,
        reason: Option<&str>,
        key: Option<[u8; 16]>,
    ) -> Result<Inbox, AppError> {
        let reason = reason.filter(|r| !r.trim().is_empty());
        reason.map_or(Ok(()), |r| form::text("reason", r, MESSAGE_CHARS))?;
        let to = if safety == Safety::No { To::All } else { To::Union };
        let saying = reason.map(|text| Saying { kind: UnitKind::Safety, to, text });
        self.act_with_receipt(receipt, Command::Safety(safety), saying, key).await
    }

    /// It is not fixed, and why.
    ///
    /// # Errors
    /// As [`App::write_to_desks`].
    pub async fn contest(&self, receipt: &Receipt, reason: &str, key: Option<[u8; 16]>) -> Result<Inbox, AppError> {
        if reason.trim().is_empty() {
            return Err(AppError::invalid("reason", "must not be empty"));
        }
        self.say_safety(receipt, Safety::No, Some(reason), key).await
    }

    /// It is happening again, or worse.
    ///
    /// # Errors
    /// As [`App::write_to_desks`].
    pub async fn say_worse(
        &self,
        receipt: &Receipt,
        text: Option<&str>,
        key: Option<[u8; 16]>,
    ) -> Result<Inbox, AppError> {
        let text = text.filter(|t| !t.trim().is_empty());
        text.map_or(Ok(()), |t| form::text("text", t, MESSAGE_CHARS))?;
        let saying = text.map(|text| Saying { kind: UnitKind::Worse, to: To::Union, text });
        self.act_with_receipt(receipt, Command::Worse, saying, key).await
    }

    /// Takes the report back. Before delivery it is erased: the answer is then the last that anybody sees of it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::OutOfOrder`] once it is closed.
    pub async fn withdraw(&self, receipt: &Receipt) -> Result<Inbox, AppError> {
        let now = self.inner.clock.now();
        let (holder, sealed, mut events) = self.holder_with(receipt).await?;
        let opened = self.open_units(&holder.subject, &sealed, &holder.keys);
        let own =
            own_part_of(&opened).ok_or_else(|| super::context::corrupt("the reporter's own part does not open"))?;
        let decided = self.decide(holder.subject.row.id, Command::Withdraw, now, |_, _, _| Ok(())).await?;
        events.extend(decided.events.into_iter().map(|event| (i32::MAX, event)));
        Ok(shown::inbox(&decided.subject, &events, &opened, &own))
    }

    async fn act_with_receipt(
        &self,
        receipt: &Receipt,
        command: Command,
        saying: Option<Saying<'_>>,
        key: Option<[u8; 16]>,
    ) -> Result<Inbox, AppError> {
        let now = self.inner.clock.now();
        for _ in 0..MOST_TRIES {
            let holder = self.holder(receipt).await?;
            match self.act_once(&holder, command.clone(), saying, key, now).await {
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(error),
                Ok(_) => return self.inbox(receipt).await,
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    async fn act_once(
        &self,
        holder: &Holder,
        command: Command,
        saying: Option<Saying<'_>>,
        key: Option<[u8; 16]>,
        now: crate::domain::time::UtcMillis,
    ) -> Result<Option<Decided>, AppError> {
        let sealed = saying.map(|s| self.seal_said(&holder.subject, &holder.keys, s)).transpose()?;
        self.decide_said(&holder.subject, command, sealed, key, now).await
    }

    async fn holder(&self, receipt: &Receipt) -> Result<Holder, AppError> {
        let keys = receipt.keys();
        let lookup = receipt.lookup_key().row(&self.inner.keys.lookup);
        let app = self.clone();
        let subject = self.inner.storage.read(move |conn| app.subject_by_lookup(conn, &lookup)).await?;
        Ok(Holder { keys, subject, is_awaited: false })
    }

    async fn holder_with(&self, receipt: &Receipt) -> Result<(Holder, Sealed, Vec<(i32, Event)>), AppError> {
        let keys = receipt.keys();
        let reader = keys.id();
        let lookup = receipt.lookup_key().row(&self.inner.keys.lookup);
        let app = self.clone();
        let (subject, sealed, events, is_awaited) = self
            .inner
            .storage
            .read(move |conn| {
                let subject = app.subject_by_lookup(conn, &lookup)?;
                let sealed = sealed_for(conn, &subject, reader)?;
                let events = events_of(conn, &subject)?;
                let is_awaited = !resealings::of_report(conn, subject.row.id)?.is_empty();
                Ok::<_, AppError>((subject, sealed, events, is_awaited))
            })
            .await?;
        Ok((Holder { keys, subject, is_awaited }, sealed, events))
    }

    fn subject_by_lookup(&self, conn: &mut Conn, lookup: &[u8; 32]) -> Result<Subject, AppError> {
        let row = reports::by_lookup(conn, lookup)?.ok_or(AppError::NotFound)?;
        self.subject_of(conn, row)
    }
}

/// Inside a read: the events of a report with their numbers.
pub(super) fn events_of(conn: &mut Conn, subject: &Subject) -> Result<Vec<(i32, Event)>, AppError> {
    let rows = report_parts::events(conn, subject.row.id)?;
    rows.iter().map(|row| Ok((row.seq, stored(&row.body)?))).collect()
}
