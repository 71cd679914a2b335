//! Filing a report: the one thing that must never fail somebody who has something to say.
//!
//! Looks up the receipt first, so that a retry gets the same answer whatever changed meanwhile; then decides, seals
//! everything in memory, and writes it in one transaction. 201 means on disk.
//!
//! Source: security.md, "The receipt" and "Sealing"; api.md, "Filing".

mod draft;
mod found;
mod rows;

use std::sync::Arc;

pub(super) use self::found::code_at;
use self::{
    draft::Draft,
    found::{Circumstances, Found},
};
use super::{
    App,
    caused::Caused,
    context::Production,
    error::AppError,
    form::{self, DEFAULTS, FilingBody, OwnPart},
    record::{Subject, is_conflict, note_state},
    view::Filed,
};
use crate::{
    domain::{
        catalogue::{self, RaisedBecause},
        policy::Side,
        report::Report,
        time::UtcMillis,
    },
    sealing::{
        cbor, content,
        filing::{self as sealing, Part, SealedFiling},
        keys::Keys,
        kind::UnitKind,
        receipt::{LookupKey, Receipt},
    },
    storage::{
        Coming, StorageError, Tx,
        filings::{Counted, NewReport},
        productions,
    },
};

/// How often a filing is sealed anew because the roster changed under it.
const MOST_TRIES: usize = 5;

/// Whether a filing was new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FiledAs {
    /// It is on disk now: 201.
    New(Filed),
    /// The same receipt repeated the same content: 200, with today's status.
    Again(Filed),
}

/// The receipt with everything derived from it, for one request.
struct Reporter {
    lookup: LookupKey,
    keys: Keys,
    row: [u8; 32],
    tag: [u8; 32],
}

impl App {
    /// Files a report under a crew code.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the field; [`AppError::NotFound`] for an unknown crew code;
    /// [`AppError::OtherContent`] where the receipt belongs to something else; [`AppError::ProductionNotReady`];
    /// [`AppError::Unavailable`].
    pub async fn file(&self, crew_code: Option<&str>, body: FilingBody) -> Result<FiledAs, AppError> {
        let now = self.inner.clock.now();
        body.check()?;
        let reporter = self.reporter(&body)?;
        for _ in 0..MOST_TRIES {
            let coming = self.inner.storage.coming();
            let found = self.find_for_filing(&reporter, crew_code, &body, now).await?;
            let (production, around) = match found {
                Found::Repeated(subject) => return self.filed_again(&subject, &reporter).await,
                Found::New(production, around) => (production, around),
            };
            match self.file_new(&production, &reporter, &body, around, now, coming).await {
                Err(error) if is_conflict(&error) || is_taken(&error) => {}
                answer => return answer.map(FiledAs::New),
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    fn reporter(&self, body: &FilingBody) -> Result<Reporter, AppError> {
        let receipt = body
            .receipt
            .parse::<Receipt>()
            .map_err(|_| AppError::invalid("receipt", "must be 32 lower-case hex digits"))?;
        let lookup = receipt.lookup_key();
        let row = lookup.row(&self.inner.keys.lookup);
        let tag = content::tag(&lookup, body, &DEFAULTS).map_err(AppError::internal)?;
        Ok(Reporter { keys: receipt.keys(), lookup, row, tag })
    }

    async fn file_new(
        &self,
        production: &Arc<Production>,
        reporter: &Reporter,
        body: &FilingBody,
        around: Circumstances,
        now: UtcMillis,
        coming: Coming,
    ) -> Result<Filed, AppError> {
        let (category, kind) = body.listed(&production.catalogue)?;
        if !production.has_anybody(Side::Union) {
            return Err(AppError::ProductionNotReady);
        }
        let (severity, because) =
            catalogue::severity(category, kind, body.severity.into(), body.was_ignored_before(), around.repeated);
        let drafted = self.draft(production, body, category.chain(), severity, now);
        let drafted = Draft { by_old_code: around.by_old_code, ..drafted };
        let own = OwnPart {
            filed_at: now.get(),
            severity: body.severity,
            raised_because: because,
            delay_dropped: drafted.delay_dropped,
        };
        let sealed = self.seal(production, reporter, body, &drafted, &own)?;
        let written = self.write_filing(production, reporter, drafted, sealed, coming).await?;
        self.filed(&written, &own, &reporter.lookup.ledger_key()).await
    }

    fn seal(
        &self,
        production: &Production,
        reporter: &Reporter,
        body: &FilingBody,
        draft: &Draft,
        own: &OwnPart,
    ) -> Result<(SealedFiling, Vec<[u8; 16]>), AppError> {
        let shared = form::part_bytes(&body.shared())?;
        let union = form::part_bytes(&body.union())?;
        let own = form::part_bytes(own)?;
        let parts = [
            Part { kind: UnitKind::Shared, body: &shared },
            Part { kind: UnitKind::Union, body: &union },
            Part { kind: UnitKind::Own, body: &own },
        ];
        let clear = cbor::canonical(&(&body.category, draft.severity.code(), draft.chain.code()));
        let ledger_key = reporter.lookup.ledger_key();
        let seats = rows::readers(production, &draft.people, draft.chain);
        let sealed = sealing::seal_filing(
            &sealing::Filing {
                production: production.id,
                reporter: &reporter.keys,
                ledger_key: &ledger_key,
                policy_version: u32::try_from(production.policy.version).map_err(AppError::internal)?,
                roster_version: u32::try_from(production.roster_version).map_err(AppError::internal)?,
                clear: &clear.map_err(AppError::internal)?,
                parts: &parts,
                seats: &seats,
            },
            self.inner.seal_mode,
            &*self.inner.entropy,
        )
        .map_err(AppError::internal)?;
        Ok((sealed, seats.iter().map(|(seat, _)| seat.id().0).collect()))
    }

    async fn write_filing(
        &self,
        production: &Arc<Production>,
        reporter: &Reporter,
        draft: Draft,
        (sealed, readers): (SealedFiling, Vec<[u8; 16]>),
        coming: Coming,
    ) -> Result<Subject, AppError> {
        let row = rows::new_row(production, reporter, &draft, &sealed);
        let sealed = rows::parts(&row, &readers, reporter.keys.id().0, sealed)?;
        let counted = Counted { hour: draft.hour, budget: hourly_budget(production), by_old_code: draft.by_old_code };
        let mut subject = Subject {
            production: Arc::clone(production),
            row,
            report: Report::unfiled(),
            tags: draft.tags,
            people: draft.people,
            policy: Arc::clone(&production.policy),
            next_ledger_key: None,
        };
        let Caused { events, notices, leaves } = self.gather_first(&mut subject, &draft.events)?;
        note_state(&mut subject)?;
        let (revision, report) = (production.revision, subject.row.clone());
        let new = NewReport { revision, counted, report, sealed, events, notices, leaves };
        self.inner.storage.file(production.id.as_bytes(), new, coming).await?;
        self.nudge_both();
        Ok(subject)
    }

    /// The same receipt with the same content: today's status.
    async fn filed_again(&self, subject: &Subject, reporter: &Reporter) -> Result<FiledAs, AppError> {
        let own = self.own_part(subject, &reporter.keys).await?;
        Ok(FiledAs::Again(self.filed(subject, &own, &reporter.lookup.ledger_key()).await?))
    }

    /// The keyed hash under which a crew code is stored.
    pub(super) fn crew_code_mac(&self, code: &str) -> [u8; 32] {
        self.inner.keys.crew.mac(&[code.as_bytes()])
    }
}

/// How many filings an hour may bring before they are marked.
fn hourly_budget(production: &Production) -> i32 {
    i32::try_from(production.settings.hourly_budget()).unwrap_or(i32::MAX)
}

/// Refuses as a conflict what was decided on an older picture of the production.
pub(super) fn is_current(tx: &mut Tx, production: &Production) -> Result<(), AppError> {
    let now = productions::mark(tx, production.id)?.ok_or(AppError::NotFound)?;
    if now.revision == production.revision { Ok(()) } else { Err(AppError::internal(StorageError::Conflict)) }
}

/// Two phones sent the same receipt at once: the other one was first.
fn is_taken(error: &AppError) -> bool {
    match error {
        AppError::Internal(cause) => matches!(cause.downcast_ref::<StorageError>(), Some(StorageError::Duplicate(_))),
        _ => false,
    }
}

/// The words of [`RaisedBecause`] on the wire.
pub(super) fn because_codes(because: &[RaisedBecause]) -> Vec<String> {
    because
        .iter()
        .map(|b| match b {
            RaisedBecause::CategoryMinimum => "category_minimum".to_owned(),
            RaisedBecause::IgnoredBefore => "ignored_before".to_owned(),
            RaisedBecause::Repeated => "repeated".to_owned(),
        })
        .collect()
}
