//! Words that belong to an act: sealed before the write, written with the act or not at all.

use super::{
    App,
    context::KeptOut,
    error::AppError,
    filing::is_current,
    record::{Decided, Subject},
};
use crate::{
    domain::{catalogue::Chain, event::Event, lifecycle::Command, policy::Side, time::UtcMillis},
    sealing::{
        filing::{self as sealing, Said, SealedSaid},
        keys::{Keys, SealTo},
        kind::{Audience, UnitKind},
    },
    storage::{
        Tx, engine,
        report_parts::{self, EnvelopeRow, UnitRow},
    },
};

/// Who may read an act's words. The reporter always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// The union side.
    Union,
    /// Both sides (and observers, once told).
    All,
}

/// An act's words, before they are sealed.
#[derive(Clone, Copy)]
pub(super) struct Saying<'a> {
    /// What they are.
    pub(super) kind: UnitKind,
    /// For whom.
    pub(super) to: To,
    /// The words.
    pub(super) text: &'a str,
}

/// An act's words, sealed.
#[derive(Clone)]
pub(super) struct SaidRows {
    kind: UnitKind,
    to: To,
    sealed: SealedSaid,
    readers: Vec<[u8; 16]>,
}

impl App {
    /// Seals an act's words to everybody they are for; whoever is kept out has a decoy.
    pub(super) fn seal_said(&self, subject: &Subject, author: &Keys, saying: Saying<'_>) -> Result<SaidRows, AppError> {
        let readers = self.said_readers(subject, saying.to);
        let reporter = subject.reporter();
        let said = Said {
            report: subject.bound(),
            author,
            kind: saying.kind,
            to: match saying.to {
                To::Union => Audience::Union,
                To::All => Audience::All,
            },
            previous: None,
            body: saying.text.as_bytes(),
            ledger_key: None,
            seats: &readers,
            reporter: Some(&reporter),
        };
        let sealed =
            sealing::seal_said(&said, self.inner.seal_mode, &*self.inner.entropy).map_err(AppError::internal)?;
        let readers = readers.iter().map(|(seat, _)| seat.id().0).collect();
        Ok(SaidRows { kind: saying.kind, to: saying.to, sealed, readers })
    }

    fn said_readers<'s>(&self, subject: &'s Subject, to: To) -> Vec<(&'s SealTo, bool)> {
        let kept_out = KeptOut::new(&self.inner.keys.kept, subject.row.id, &subject.tags);
        let union_only = to == To::Union || subject.report.chain == Chain::Union;
        let mut readers: Vec<(&SealTo, bool)> = Vec::new();
        for seat in &subject.production.seats {
            let known = readers.iter().any(|(known, _)| known.id() == seat.seal_to.id());
            if known || (union_only && seat.side != Side::Union) {
                continue;
            }
            let hidden = subject.production.seats_of(seat.member).any(|s| kept_out.holds(s));
            readers.push((&seat.seal_to, !hidden));
        }
        readers
    }

    /// Decides a command that carries words. The same key again changes nothing: then `None`.
    ///
    /// # Errors
    /// As [`App::decide`]; a conflict where the roster changed since the words were sealed.
    pub(super) async fn decide_said(
        &self,
        subject: &Subject,
        command: Command,
        said: Option<SaidRows>,
        key: Option<[u8; 16]>,
        now: UtcMillis,
    ) -> Result<Option<Decided>, AppError> {
        let id = subject.row.id;
        if let Some(key) = key
            && self.was_used(id.as_bytes(), key).await?
        {
            return Ok(None);
        }
        let production = std::sync::Arc::clone(&subject.production);
        let decided = self
            .decide(id, command, now, move |tx, subject, events| {
                if let Some(key) = &key {
                    engine::first_use(
                        tx,
                        subject.row.id.as_bytes(),
                        key,
                        now.up(crate::domain::time::Seconds::hours(1)),
                    )?;
                }
                if let Some(said) = &said {
                    is_current(tx, &production)?;
                    write_said(tx, subject, events, said)?;
                }
                Ok(())
            })
            .await?;
        Ok(Some(decided))
    }

    async fn was_used(&self, scope: &[u8; 16], key: [u8; 16]) -> Result<bool, AppError> {
        let scope = *scope;
        Ok(self.inner.storage.read(move |conn| engine::is_used(conn, &scope, &key)).await?)
    }
}

/// Writes an act's words beside the first event that they belong to. An act that changed nothing has none.
fn write_said(tx: &mut Tx, subject: &Subject, events: &[Event], said: &SaidRows) -> Result<(), AppError> {
    let before = subject.report.counted.values().sum::<u32>();
    let Some(place) = events.iter().position(|event| belongs(said.kind, event)) else { return Ok(()) };
    let seq = i32::try_from(before).map_err(AppError::internal)? + i32::try_from(place).map_err(AppError::internal)?;
    let report_id = subject.row.id;
    let unit = &said.sealed.unit;
    report_parts::add_units(
        tx,
        &[UnitRow {
            report_id,
            id: unit.unit,
            kind: said.kind.code().to_owned(),
            addressed: match said.to {
                To::Union => "union".to_owned(),
                To::All => "all".to_owned(),
            },
            ciphertext: unit.ciphertext.clone(),
            key_commit: unit.commit.into(),
            event_seq: Some(seq),
        }],
    )?;
    let group_id = (*unit.unit.as_bytes()).into();
    let reporter = subject.reporter_keys().id().0;
    let own = said.sealed.reporter_envelope.iter().map(|sealed| (reporter, sealed));
    let seats = said.readers.iter().copied().zip(&said.sealed.envelopes);
    let rows: Vec<EnvelopeRow> = seats
        .chain(own)
        .map(|(key_id, sealed)| EnvelopeRow { report_id, group_id, key_id: key_id.into(), sealed: sealed.clone() })
        .collect();
    Ok(report_parts::add_envelopes(tx, &rows)?)
}

/// The event of an act that its words belong to; what follows from the act has none.
fn belongs(kind: UnitKind, event: &Event) -> bool {
    let codes: &[&str] = match kind {
        UnitKind::Answer | UnitKind::Completion => &["answered", "referred"],
        UnitKind::Message => &["message"],
        UnitKind::Verification => &["verified", "rejected"],
        UnitKind::StopWork => &["stop_work"],
        UnitKind::Resumption => &["resumed"],
        UnitKind::Safety => &["contested", "safe_now", "cannot_tell"],
        UnitKind::Worse => &["worse"],
        UnitKind::Escalation => &["escalated"],
        UnitKind::NotCredible => &["not_credible_proposed", "not_credible"],
        UnitKind::Summary => &["summary"],
        UnitKind::Shared | UnitKind::Union | UnitKind::Own | UnitKind::Photo => &[],
    };
    codes.contains(&event.kind.code())
}
