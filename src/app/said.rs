//! Words that belong to an act: sealed before the write, written with the act or not at all.

use super::{
    App,
    context::KeptOut,
    error::AppError,
    filing::is_current,
    record::{Decided, Subject},
};
use crate::{
    domain::{catalogue::Chain, event::Event, lifecycle::Command, policy::Side, report::Report, time::UtcMillis},
    sealing::{
        filing::{self as sealing, Said, SealedSaid},
        keys::{Keys, SealTo},
        kind::{Audience, UnitKind},
        receipt::LedgerKey,
        sha256,
    },
    storage::{
        Bytes, StorageError, Tx, engine,
        report_parts::{self, EnvelopeRow, SealedRow, UnitRow},
    },
};

/// Who may read an act's words. The reporter always may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// The union side.
    Union,
    /// Both sides (and observers, once told).
    All,
    /// The writer's own side and the reporter.
    Reporter(Side),
}

impl To {
    const fn audience(self) -> Audience {
        match self {
            Self::Union => Audience::Union,
            Self::All => Audience::All,
            Self::Reporter(_) => Audience::Reporter,
        }
    }
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
    /// L of the chain that the words start.
    ledger_key: Option<Bytes<32>>,
}

impl App {
    /// Seals an act's words to everybody they are for; whoever is kept out has a decoy.
    pub(super) fn seal_said(&self, subject: &Subject, author: &Keys, saying: Saying<'_>) -> Result<SaidRows, AppError> {
        let readers = self.said_readers(subject, saying);
        let reporter = subject.reporter();
        let ledger_key = (saying.kind == UnitKind::Summary).then(|| LedgerKey::new(self.inner.entropy.bytes()));
        let said = Said {
            report: subject.bound(),
            author,
            kind: saying.kind,
            to: saying.to.audience(),
            previous: None,
            body: saying.text.as_bytes(),
            ledger_key: ledger_key.as_ref(),
            seats: &readers,
            reporter: Some(&reporter),
        };
        let sealed =
            sealing::seal_said(&said, self.inner.seal_mode, &*self.inner.entropy).map_err(AppError::internal)?;
        let readers = readers.iter().map(|(seat, _)| seat.id().0).collect();
        let ledger_key = ledger_key.map(|key| Bytes(*key.as_bytes()));
        Ok(SaidRows { kind: saying.kind, to: saying.to, sealed, readers, ledger_key })
    }

    fn said_readers<'s>(&self, subject: &'s Subject, saying: Saying<'_>) -> Vec<(&'s SealTo, bool)> {
        let kept_out = KeptOut::new(&self.inner.keys.kept, subject.row.id, &subject.tags);
        let Report { chain, retaliation, .. } = subject.report;
        let addressed = Addressed { kind: saying.kind, to: saying.to, chain, retaliation };
        let mut readers: Vec<(&SealTo, bool)> = Vec::new();
        for seat in &subject.production.seats {
            let known = readers.iter().any(|(known, _)| known.id() == seat.seal_to.id());
            if known || !addressed.is_for(seat.side) {
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
        let key = key.map(|key| named_for(&command, key));
        if let Some(key) = key
            && self.was_used(id.as_bytes(), key).await?
        {
            return Ok(None);
        }
        let production = std::sync::Arc::clone(&subject.production);
        let decided = self
            .decide(id, command, now, move |tx, subject, events| {
                if let Some(key) = &key {
                    let hour = now.up(crate::domain::time::Seconds::hours(1));
                    // The same key was there first, in the moment between looking and writing: look again.
                    if !engine::first_use(tx, subject.row.id.as_bytes(), key, hour)? {
                        return Err(StorageError::Conflict.into());
                    }
                }
                if let Some(said) = &said {
                    is_current(tx, &production)?;
                    write_said(tx, subject, events, said)?;
                    subject.next_ledger_key = said.ledger_key;
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

/// The key of an act within its report: the same name given by somebody else, or to another act, is another key.
fn named_for(command: &Command, key: [u8; 16]) -> [u8; 16] {
    let actor = command.actor().map_or([0; 16], |actor| *actor.member.as_bytes());
    // The act's name comes last: the other two have fixed lengths.
    let hash = sha256(&[&key, &actor, command.code().as_bytes()]);
    let mut named = [0; 16];
    named.copy_from_slice(&hash[..16]);
    named
}

/// Words that were said, as far as it decides who reads them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Addressed {
    /// What they are.
    pub(super) kind: UnitKind,
    /// For whom.
    pub(super) to: To,
    /// The chain that ran when they were said.
    pub(super) chain: Chain,
    /// The report is one about retaliation.
    pub(super) retaliation: bool,
}

impl Addressed {
    /// Whether a side gets envelopes of these words. A `retaliation` report never has any for observers, and none for
    /// the production side before the union shares a summary.
    pub(super) fn is_for(self, side: Side) -> bool {
        let hidden = match self.kind {
            UnitKind::Shared => self.retaliation,
            UnitKind::Summary => false,
            UnitKind::Union
            | UnitKind::Own
            | UnitKind::Answer
            | UnitKind::Completion
            | UnitKind::Message
            | UnitKind::Verification
            | UnitKind::StopWork
            | UnitKind::Resumption
            | UnitKind::Safety
            | UnitKind::Worse
            | UnitKind::Escalation
            | UnitKind::NotCredible
            | UnitKind::Photo => self.chain == Chain::Union,
        };
        match (self.to, side) {
            (To::Union | To::All, Side::Union) => true,
            (To::All, Side::Production) => !hidden,
            (To::All, Side::Observer) => !self.retaliation,
            (To::Union, Side::Production | Side::Observer) => false,
            (To::Reporter(own), side) => own == side,
        }
    }
}

/// Writes an act's words beside the first event that they belong to. An act that changed nothing has none.
fn write_said(tx: &mut Tx, subject: &Subject, events: &[Event], said: &SaidRows) -> Result<(), AppError> {
    let before = subject.report.counted.values().sum::<u32>();
    let Some(place) = events.iter().position(|event| belongs(said.kind, event)) else { return Ok(()) };
    let seq = i32::try_from(before).map_err(AppError::internal)? + i32::try_from(place).map_err(AppError::internal)?;
    let report_id = subject.row.id;
    let unit = &said.sealed.unit;
    let group_id = (*unit.unit.as_bytes()).into();
    let row = UnitRow {
        report_id,
        group_id,
        id: unit.unit,
        kind: said.kind.code().to_owned(),
        addressed: said.to.audience().code().to_owned(),
        ciphertext: unit.ciphertext.clone(),
        key_commit: unit.commit.into(),
        event_seq: seq,
    };
    let reporter = subject.reporter_keys().id().0;
    let own = said.sealed.reporter_envelope.iter().map(|sealed| (reporter, sealed));
    let seats = said.readers.iter().copied().zip(&said.sealed.envelopes);
    let envelopes: Vec<EnvelopeRow> = seats
        .chain(own)
        .map(|(key_id, sealed)| EnvelopeRow { report_id, group_id, key_id: key_id.into(), sealed: sealed.clone() })
        .collect();
    Ok(report_parts::add_sealed(tx, &[SealedRow::of(&[row], envelopes)?])?)
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
