//! Filing a report: the one thing that must never fail somebody who has something to say.
//!
//! Looks up the receipt first, so that a retry gets the same answer whatever changed meanwhile; then decides, seals
//! everything in memory, and writes it in one transaction. 201 means on disk.
//!
//! Source: security.md, "The receipt" and "Sealing"; api.md, "Filing".

mod draft;
mod rows;

use std::sync::Arc;

use self::draft::Draft;
use super::{
    App,
    context::Production,
    error::AppError,
    form::{self, DEFAULTS, FilingBody, OwnPart},
    record::{Subject, is_conflict, note_state},
    shown,
    view::Filed,
};
use crate::{
    domain::{
        catalogue::{self, RaisedBecause},
        ids::ProductionId,
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
        Conn, StorageError, Tx, engine, productions, report_parts,
        reports::{self, ReportRow},
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

/// What was found before deciding.
enum Found {
    Repeated(Box<Subject>),
    New(Arc<Production>, Circumstances),
}

/// What stands around a new filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Circumstances {
    /// Another report of the category was delivered lately.
    repeated: bool,
    /// Its crew code is no longer in full force.
    by_old_code: bool,
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
            let found = self.find_for_filing(&reporter, crew_code, &body, now).await?;
            let (production, around) = match found {
                Found::Repeated(subject) => return self.filed_again(&subject, &reporter).await,
                Found::New(production, around) => (production, around),
            };
            match self.file_new(&production, &reporter, &body, around, now).await {
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

    async fn find_for_filing(
        &self,
        reporter: &Reporter,
        crew_code: Option<&str>,
        body: &FilingBody,
        now: UtcMillis,
    ) -> Result<Found, AppError> {
        let app = self.clone();
        let (row, tag) = (reporter.row, reporter.tag);
        let mac = crew_code.map(|code| self.crew_code_mac(code));
        let category = body.category.clone();
        let found = self
            .inner
            .storage
            .read(move |conn| {
                if reports::is_filed(conn, &row)? {
                    let found = reports::by_lookup(conn, &row)?.ok_or(AppError::NotFound)?;
                    let same = crate::sealing::same(&found.content_tag.0, &tag);
                    return if same {
                        app.subject_of(conn, found).map(|s| Found::Repeated(Box::new(s)))
                    } else {
                        Err(AppError::OtherContent)
                    };
                }
                let code = mac.map(|mac| code_at(conn, &mac, now)).transpose()?.flatten().ok_or(AppError::NotFound)?;
                let production = app.production_in(conn, code.production)?;
                let repeated = is_repeated(conn, &production, &category, now)?;
                Ok(Found::New(production, Circumstances { repeated, by_old_code: !code.is_in_force }))
            })
            .await?;
        if let Found::New(production, _) = &found {
            self.remember(production);
        }
        Ok(found)
    }

    async fn file_new(
        &self,
        production: &Arc<Production>,
        reporter: &Reporter,
        body: &FilingBody,
        around: Circumstances,
        now: UtcMillis,
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
        let written = self.write_filing(production, reporter, drafted, sealed).await?;
        Ok(shown::filed(&written, &own))
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
    ) -> Result<Subject, AppError> {
        let app = self.clone();
        let key = production.id;
        let production = Arc::clone(production);
        let row = rows::new_row(&production, reporter, &draft, &sealed);
        let (units, envelopes) = rows::parts(&row, &readers, reporter.keys.id().0, &sealed);
        let packed = draft.tags.concat();
        let written = self
            .inner
            .storage
            .write(key.as_bytes(), move |tx| {
                is_current(tx, &production)?;
                let mut subject = Subject {
                    production: Arc::clone(&production),
                    row: row.clone(),
                    report: Report::unfiled(),
                    tags: draft.tags.clone(),
                    people: draft.people.clone(),
                    policy: Arc::clone(&production.policy),
                    next_ledger_key: None,
                };
                // Its deadlines are set now: no outage before now has taken anything from them.
                subject.row.outages_until = engine::last_outage(tx)?;
                mark_overflow(tx, &mut subject.row, &production, &draft)?;
                app.append(tx, &mut subject, &draft.events)?;
                note_state(&mut subject)?;
                reports::add(tx, &subject.row)?;
                report_parts::add_kept_out(tx, subject.row.id, &packed)?;
                report_parts::add_units(tx, &units)?;
                report_parts::add_envelopes(tx, &envelopes)?;
                Ok::<_, AppError>(subject)
            })
            .await?;
        self.inner.nudges.engine.notify_one();
        self.inner.nudges.sender.notify_one();
        Ok(written)
    }

    /// The same receipt with the same content: today's status.
    async fn filed_again(&self, subject: &Subject, reporter: &Reporter) -> Result<FiledAs, AppError> {
        let own = self.own_part(subject, &reporter.keys).await?;
        Ok(FiledAs::Again(shown::filed(subject, &own)))
    }

    /// The keyed hash under which a crew code is stored.
    pub(super) fn crew_code_mac(&self, code: &str) -> [u8; 32] {
        self.inner.keys.crew.mac(&[code.as_bytes()])
    }
}

/// A crew code that files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CodeFound {
    /// The production it files to.
    pub(super) production: ProductionId,
    /// It is today's, or was rotated less than a week ago. Else what it files is marked for the union side.
    pub(super) is_in_force: bool,
}

/// A crew code in force, or an old one that still files.
pub(super) fn code_at(conn: &mut Conn, mac: &[u8; 32], now: UtcMillis) -> Result<Option<CodeFound>, AppError> {
    let found = productions::crew_code(conn, mac)?.filter(|code| code.until.is_none_or(|until| now < until));
    Ok(found.map(|code| CodeFound {
        production: code.production_id,
        is_in_force: code.full_until.is_none_or(|until| now < until),
    }))
}

/// Counts the filing in its production's hour. Above the budget, or by an old code, it is marked for the union side
/// alone: nothing else of it is any different, but that nothing is raised because of it.
///
/// Source: security.md, "Being crew without saying who".
fn mark_overflow(tx: &mut Tx, row: &mut ReportRow, production: &Production, draft: &Draft) -> Result<(), AppError> {
    let filed = productions::count_filing(tx, production.id, draft.hour)?;
    let budget = i32::try_from(production.settings.hourly_budget()).unwrap_or(i32::MAX);
    row.overflow = draft.by_old_code || filed > budget;
    row.counts_for_repeated &= !row.overflow;
    Ok(())
}

/// Another report of the category, delivered long enough ago and not too long.
fn is_repeated(conn: &mut Conn, production: &Production, category: &str, now: UtcMillis) -> Result<bool, AppError> {
    let repeated = production.policy.document.repeated;
    let from = now.plus_millis(1 - repeated.within.millis());
    let to = now.plus_millis(-1 - repeated.after.millis());
    Ok(reports::has_earlier(conn, production.id, category, from, to)?)
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
