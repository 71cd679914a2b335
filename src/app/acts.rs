//! What members do about a report.
//!
//! Every act is the same few steps: the report as this member sees it, the words sealed to whom they are for, one
//! decision with its words in one write, and the report as it is then. What may be done, and by whom, is the domain's.
//!
//! Source: api.md, "Members"; domain.md, "Life of a report".

mod answer;

pub use answer::{AnswerBody, AnswerCode, DoneCode};

use super::{
    App,
    error::AppError,
    form,
    record::{Subject, is_conflict},
    said::{Saying, To},
    sight::{Reader, Sight},
    view::ReportView,
};
use crate::{
    domain::{
        ids::ReportId,
        lifecycle::{Actor, Command},
        policy::Side,
        production::is_code,
        time::UtcMillis,
    },
    sealing::kind::UnitKind,
};

/// Longest text of an act, characters.
pub const TEXT_CHARS: usize = 2000;
/// How often an act is sealed anew because the roster or the report changed under it.
const MOST_TRIES: usize = 5;

/// Who acts on which report, and under which name of the act, so that the same one sent again does nothing new.
#[derive(Debug, Clone, Copy)]
pub struct Doing<'k> {
    /// Who.
    pub reader: Reader<'k>,
    /// On which report.
    pub report: ReportId,
    /// The caller's name for this act.
    pub key: Option<[u8; 16]>,
}

/// The words of an act, before it is known whom they are sealed to.
#[derive(Clone, Copy)]
struct Words<'t> {
    kind: UnitKind,
    text: &'t str,
}

impl App {
    /// "I have it": stops the clock to acknowledge.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::NotForYourSide`]; [`AppError::OutOfOrder`] once it is closed;
    /// [`AppError::Unavailable`].
    pub async fn acknowledge(&self, doing: Doing<'_>) -> Result<ReportView, AppError> {
        let view = self.act(doing, None, Command::Acknowledge).await?;
        self.with_promise(doing, view).await
    }

    /// Takes the report over from whoever has it.
    ///
    /// # Errors
    /// As [`App::acknowledge`].
    pub async fn take_over(&self, doing: Doing<'_>) -> Result<ReportView, AppError> {
        self.act(doing, None, Command::TakeOver).await
    }

    /// The close-out: what was done, why there is no hazard, or whose it is. One in ten of those that need no check is
    /// drawn for one.
    ///
    /// # Errors
    /// As [`App::acknowledge`]; [`AppError::Invalid`]; [`AppError::UnlockKeyRequired`].
    pub async fn answer(&self, doing: Doing<'_>, body: &AnswerBody) -> Result<ReportView, AppError> {
        let checked = body.check()?;
        let drawn = self.inner.entropy.below(10) == 0;
        let words = words(UnitKind::Answer, "text", &body.text)?;
        let view = self
            .act(doing, Some(words), |actor| {
                let given = checked.given(&actor, drawn);
                Command::Answer(actor, given)
            })
            .await?;
        self.with_promise(doing, view).await
    }

    /// Work is stopped; `may_restart_role` is the role that may restart it.
    ///
    /// # Errors
    /// As [`App::answer`].
    pub async fn stop_work(
        &self,
        doing: Doing<'_>,
        what: &str,
        may_restart_role: &str,
    ) -> Result<ReportView, AppError> {
        role_code("may_restart_role", may_restart_role)?;
        let words = words(UnitKind::StopWork, "what", what)?;
        self.act(doing, Some(words), |actor| Command::StopWork(actor, may_restart_role.to_owned())).await
    }

    /// Work goes on.
    ///
    /// # Errors
    /// As [`App::answer`].
    pub async fn resume(&self, doing: Doing<'_>, what_changed: &str) -> Result<ReportView, AppError> {
        let words = words(UnitKind::Resumption, "what_changed", what_changed)?;
        self.act(doing, Some(words), Command::Resume).await
    }

    /// The union's check of an answer. A rejection says why.
    ///
    /// # Errors
    /// As [`App::answer`].
    pub async fn verify(&self, doing: Doing<'_>, verified: bool, note: Option<&str>) -> Result<ReportView, AppError> {
        let note = note.filter(|note| !verified || !note.trim().is_empty());
        let note = note.or(if verified { None } else { Some("") });
        let words = note.map(|note| words(UnitKind::Verification, "note", note)).transpose()?;
        self.act(doing, words, |actor| Command::Verify(actor, verified)).await
    }

    /// Has one level more told now.
    ///
    /// # Errors
    /// As [`App::answer`].
    pub async fn escalate(&self, doing: Doing<'_>, reason: &str) -> Result<ReportView, AppError> {
        let words = words(UnitKind::Escalation, "reason", reason)?;
        self.act(doing, Some(words), Command::Escalate).await
    }

    /// Shares a summary of a `retaliation` report with both sides: the production's chain begins.
    ///
    /// # Errors
    /// As [`App::answer`].
    pub async fn summarise(&self, doing: Doing<'_>, text: &str) -> Result<ReportView, AppError> {
        let words = words(UnitKind::Summary, "text", text)?;
        self.act(doing, Some(words), Command::Summarise).await
    }

    /// Writes to the reporter; the writer's own side reads it too.
    ///
    /// # Errors
    /// As [`App::answer`].
    pub async fn write_to_reporter(&self, doing: Doing<'_>, text: &str) -> Result<ReportView, AppError> {
        let words = words(UnitKind::Message, "text", text)?;
        self.act(doing, Some(words), Command::Write).await
    }

    /// Finds the report not credible; it takes effect with a second union member.
    ///
    /// # Errors
    /// As [`App::answer`].
    pub async fn find_not_credible(&self, doing: Doing<'_>, reason: &str) -> Result<ReportView, AppError> {
        let words = words(UnitKind::NotCredible, "reason", reason)?;
        self.act(doing, Some(words), Command::NotCredible).await
    }

    /// Takes the member off the report: to them it does not exist any more. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::LastAtLevel`]; [`AppError::Unavailable`].
    pub async fn recuse(&self, doing: Doing<'_>) -> Result<(), AppError> {
        let now = self.inner.clock.now();
        let _under_way = self.act_under_way(doing.report);
        let member = doing.reader.member;
        for _ in 0..MOST_TRIES {
            let subject = self.subject(doing.report).await?;
            if subject.report.recused.contains(&member) && !subject.keeps_out(member) {
                return Ok(());
            }
            let sight = subject.sight(member).ok_or(AppError::NotFound)?;
            let command = Command::Recuse(subject.actor(&sight));
            match self.decide(doing.report, command, now, |_, _, _| Ok(())).await {
                Err(error) if is_conflict(&error) => {}
                answer => return answer.map(|_| ()),
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    async fn act(
        &self,
        doing: Doing<'_>,
        words: Option<Words<'_>>,
        command: impl Fn(Actor) -> Command,
    ) -> Result<ReportView, AppError> {
        let now = self.inner.clock.now();
        if words.is_some() && doing.reader.keys.is_none() {
            return Err(AppError::UnlockKeyRequired);
        }
        let _under_way = self.act_under_way(doing.report);
        for _ in 0..MOST_TRIES {
            match self.act_as_member(doing, words, &command, now).await {
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(error),
                Ok(()) => return self.report_at(doing.reader, doing.report, now).await,
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    async fn act_as_member(
        &self,
        doing: Doing<'_>,
        words: Option<Words<'_>>,
        command: impl Fn(Actor) -> Command,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let subject = self.subject(doing.report).await?;
        let sight = subject.sight(doing.reader.member).ok_or(AppError::NotFound)?;
        let sealed = match (words, doing.reader.keys) {
            (Some(words), Some(keys)) => Some(self.seal_said(&subject, keys, words.from(&sight))?),
            (Some(_), None) => return Err(AppError::UnlockKeyRequired),
            (None, _) => None,
        };
        let command = command(subject.actor(&sight));
        self.decide_said(&subject, command, sealed, doing.key, now).await.map(|_| ())
    }

    /// A report as the database has it now.
    pub(super) async fn subject(&self, id: ReportId) -> Result<Subject, AppError> {
        let app = self.clone();
        self.inner.storage.read(move |conn| app.subject_in(conn, id)).await
    }
}

impl<'t> Words<'t> {
    /// As they are said by a member with this sight.
    fn from(self, sight: &Sight) -> Saying<'t> {
        Saying { kind: self.kind, to: addressed(self.kind, sight.side()), text: self.text }
    }
}

/// To whom an act's words go, besides the reporter.
fn addressed(kind: UnitKind, side: Side) -> To {
    match kind {
        UnitKind::Message => To::Reporter(side),
        UnitKind::NotCredible => To::Union,
        UnitKind::Answer
        | UnitKind::Completion
        | UnitKind::Verification
        | UnitKind::StopWork
        | UnitKind::Resumption
        | UnitKind::Escalation
        | UnitKind::Summary
        | UnitKind::Shared
        | UnitKind::Union
        | UnitKind::Own
        | UnitKind::Safety
        | UnitKind::Worse
        | UnitKind::Photo => To::All,
    }
}

/// A text of an act: 1 to 2,000 characters, not only spaces.
fn words<'t>(kind: UnitKind, field: &str, text: &'t str) -> Result<Words<'t>, AppError> {
    form::text(field, text, TEXT_CHARS)?;
    if text.trim().is_empty() {
        return Err(AppError::invalid(field, "must not be empty"));
    }
    Ok(Words { kind, text })
}

fn role_code(field: &str, code: &str) -> Result<(), AppError> {
    if is_code(code) {
        return Ok(());
    }
    Err(AppError::invalid(field, "must be 1 to 32 lower-case letters, digits or underscores"))
}
