//! Filing a report: the one thing that must never fail somebody who has something to say.
//!
//! Looks up the receipt first, so that a retry gets the same answer whatever changed meanwhile; then decides, seals
//! everything in memory, and writes it in one transaction. 201 means on disk.
//!
//! Source: security.md, "The receipt" and "Sealing"; api.md, "Filing".

use std::sync::Arc;

use super::{
    App,
    context::Production,
    error::AppError,
    form::{self, DEFAULTS, Delay, FilingBody, OwnPart},
    handle,
    record::{Subject, is_conflict, note_state, tags_of},
    shown,
    view::Filed,
};
use crate::{
    domain::{
        catalogue::{self, Chain, RaisedBecause, Severity},
        event::Event,
        ids::{ProductionId, ReportId},
        lifecycle::{self, Filing, People},
        policy::Side,
        report::Report,
        time::UtcMillis,
    },
    sealing::{
        cbor, content,
        filing::{self as sealing, Part, Reads, SealedFiling},
        kept_out::{self, Name},
        keys::{Keys, SealTo},
        kind::UnitKind,
        receipt::{LookupKey, Receipt},
    },
    storage::{
        Conn, StorageError, Tx, engine, productions,
        report_parts::{self, EnvelopeRow, UnitRow},
        reports::{self, ReportRow},
    },
};

/// The longest random delay.
const LONGEST_DELAY_MILLIS: u32 = 2 * 3_600_000;
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
    New { production: Arc<Production>, repeated: bool },
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
            let (production, repeated) = match found {
                Found::Repeated(subject) => return self.filed_again(&subject, &reporter).await,
                Found::New { production, repeated } => (production, repeated),
            };
            match self.file_new(&production, &reporter, &body, repeated, now).await {
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
                let id = mac.map(|mac| production_of_code(conn, &mac, now)).transpose()?.flatten();
                let production = app.production_in(conn, id.ok_or(AppError::NotFound)?)?;
                let repeated = is_repeated(conn, &production, &category, now)?;
                Ok(Found::New { production, repeated })
            })
            .await?;
        if let Found::New { production, .. } = &found {
            self.remember(production);
        }
        Ok(found)
    }

    async fn file_new(
        &self,
        production: &Arc<Production>,
        reporter: &Reporter,
        body: &FilingBody,
        repeated: bool,
        now: UtcMillis,
    ) -> Result<Filed, AppError> {
        let (category, kind) = body.listed(&production.catalogue)?;
        if !production.has_anybody(Side::Union) {
            return Err(AppError::ProductionNotReady);
        }
        let (severity, because) =
            catalogue::severity(category, kind, body.severity.into(), body.was_ignored_before(), repeated);
        let drafted = self.draft(production, body, category.chain(), severity, now);
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

    /// Decides what the filing makes, before anything is sealed or written.
    fn draft(
        &self,
        production: &Production,
        body: &FilingBody,
        chain: Chain,
        severity: Severity,
        now: UtcMillis,
    ) -> Draft {
        let id = ReportId::new(self.inner.entropy.bytes());
        let tags = self.kept_out_at_filing(production, id, body.subject_role.as_deref());
        let packed: Vec<u8> = tags.concat();
        let tags = tags_of(&packed);
        let people = self.people_of(production, id, &tags);
        let retaliation = chain == Chain::Union;
        let delay = match body.delay {
            Delay::None => 0,
            Delay::UpTo2h => i64::from(self.inner.entropy.below(LONGEST_DELAY_MILLIS)),
        };
        let filing = Filing { retaliation, severity, delay_millis: delay };
        let (_, events) = lifecycle::file(&filing, &production.policy, &people, now);
        let at_once = severity >= Severity::NextSetup && !retaliation;
        Draft {
            id,
            category: body.category.clone(),
            names_subject: body.subject_role.is_some(),
            delay_dropped: at_once && body.delay == Delay::UpTo2h,
            handle: handle::draw(&*self.inner.entropy),
            severity,
            chain,
            tags,
            people,
            events,
        }
    }

    /// The subject's role, and every member who holds it now.
    fn kept_out_at_filing(&self, production: &Production, id: ReportId, role: Option<&str>) -> Vec<kept_out::Tag> {
        let mut names = Vec::new();
        if let Some(role) = role {
            names.push(Name::Role(role));
            let holders = production.seats.iter().filter(|s| s.roles.iter().any(|r| r == role));
            names.extend(holders.map(|s| Name::Member(s.member)));
        }
        kept_out::fill(&self.inner.keys.kept, id, &names, &*self.inner.entropy)
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
        let seats = readers(production, &draft.people, draft.chain);
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
        let row = self.new_row(&production, reporter, &draft, &sealed);
        let (units, envelopes) = filed_rows(&row, &readers, reporter.keys.id().0, &sealed);
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

    fn new_row(&self, production: &Production, reporter: &Reporter, draft: &Draft, sealed: &SealedFiling) -> ReportRow {
        let keys = reporter.keys.public();
        let counts = !draft.names_subject && draft.chain == Chain::Production;
        ReportRow {
            id: draft.id,
            production_id: production.id,
            lookup: reporter.row.into(),
            content_tag: reporter.tag.into(),
            verify_key: keys.verify.0.into(),
            reading_key: keys.reading.into(),
            ledger_key: (*reporter.lookup.ledger_key().as_bytes()).into(),
            handle: draft.handle.clone(),
            chain: draft.chain.code().to_owned(),
            category: draft.category.clone(),
            severity: draft.severity.code().to_owned(),
            stage: String::new(),
            awaiting: None,
            level: 0,
            cycle: 0,
            due_at: None,
            wake_at: None,
            deliver_at: None,
            outcome: None,
            holder: None,
            policy_version: production.policy.version,
            roster_version: production.roster_version,
            overflow: false,
            unanswered: false,
            delivered_from: None,
            delivered_to: None,
            counts_for_repeated: counts,
            digest: sealed.digest.into(),
            digest_signature: sealed.signature.into(),
            size_steps: size_steps(sealed),
            prev_entry: None,
            state: String::new(),
            version: 1,
            open: true,
            outages_until: UtcMillis::default(),
        }
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

/// A filing that is decided but not sealed yet.
struct Draft {
    id: ReportId,
    category: String,
    names_subject: bool,
    delay_dropped: bool,
    handle: String,
    severity: Severity,
    chain: Chain,
    tags: Vec<kept_out::Tag>,
    people: People,
    events: Vec<Event>,
}

/// The production a crew code files to: one in force, or an old one that still files.
pub(super) fn production_of_code(
    conn: &mut Conn,
    mac: &[u8; 32],
    now: UtcMillis,
) -> Result<Option<ProductionId>, AppError> {
    let found = productions::crew_code(conn, mac)?;
    Ok(found.filter(|code| code.until.is_none_or(|until| now < until)).map(|code| code.production_id))
}

/// Another report of the category, delivered long enough ago and not too long.
fn is_repeated(conn: &mut Conn, production: &Production, category: &str, now: UtcMillis) -> Result<bool, AppError> {
    let repeated = production.policy.document.repeated;
    let from = now.plus_millis(1 - repeated.within.millis());
    let to = now.plus_millis(-1 - repeated.after.millis());
    Ok(reports::has_earlier(conn, production.id, category, from, to)?)
}

/// Everybody who gets a row: production and observers read the shared part, the union side both; whoever is kept out has
/// a decoy. Of a `retaliation` report only union seats have rows.
fn readers<'p>(production: &'p Production, people: &People, chain: Chain) -> Vec<(&'p SealTo, Reads)> {
    let mut readers: Vec<(&SealTo, Reads)> = Vec::new();
    for seat in &production.seats {
        let known = readers.iter().any(|(known, _)| known.id() == seat.seal_to.id());
        if known || (chain == Chain::Union && seat.side != Side::Union) {
            continue;
        }
        let hidden = people.seats.iter().any(|s| s.member == seat.member && s.kept_out);
        let reads = match seat.side {
            _ if hidden => Reads::Nothing,
            Side::Union => Reads::SharedAndUnion,
            Side::Production | Side::Observer => Reads::Shared,
        };
        readers.push((&seat.seal_to, reads));
    }
    readers
}

fn filed_rows(
    row: &ReportRow,
    readers: &[[u8; 16]],
    reporter: [u8; 16],
    sealed: &SealedFiling,
) -> (Vec<UnitRow>, Vec<EnvelopeRow>) {
    // The group of the filing's envelopes is the report itself: later units have their own.
    let group_id = (*row.id.as_bytes()).into();
    let kinds = [UnitKind::Shared, UnitKind::Union, UnitKind::Own];
    let addressed = ["all", "union", "reporter"];
    let units = sealed.units.iter().zip(kinds.iter().zip(addressed)).map(|(unit, (kind, to))| UnitRow {
        report_id: row.id,
        id: unit.unit,
        kind: kind.code().to_owned(),
        addressed: to.to_owned(),
        ciphertext: unit.ciphertext.clone(),
        key_commit: unit.commit.into(),
        event_seq: Some(0),
    });
    let all = readers.iter().zip(&sealed.envelopes).chain([(&reporter, &sealed.reporter_envelope)]);
    let envelopes = all.map(|(key_id, envelope)| EnvelopeRow {
        report_id: row.id,
        group_id,
        key_id: (*key_id).into(),
        sealed: envelope.clone(),
    });
    (units.collect(), envelopes.collect())
}

fn size_steps(sealed: &SealedFiling) -> i32 {
    let bytes: usize = sealed.units.iter().map(|u| u.ciphertext.len()).sum();
    i32::try_from(bytes / crate::sealing::unit::PADDING_STEP_BYTES).unwrap_or(i32::MAX)
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
