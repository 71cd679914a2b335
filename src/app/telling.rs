//! Puts on record that a member was sent a report in a list, or opened it.
//!
//! Source: domain.md, "Fairness".

use super::{
    App,
    error::AppError,
    record::{Subject, is_conflict},
};
use crate::domain::{
    event::Telling,
    ids::{MemberId, ReportId},
    lifecycle::{self, Command},
    time::UtcMillis,
};

/// How often it is tried when somebody else acts on the same reports.
const MOST_TRIES: usize = 5;

/// Whether this telling would be the first of its way at a level of the member.
pub(super) fn is_news(subject: &Subject, member: MemberId, how: Telling, now: UtcMillis) -> bool {
    let told = Command::Told { member, how, at: now };
    lifecycle::decide(&subject.report, &told, &subject.policy, &subject.people, now)
        .is_ok_and(|events| !events.is_empty())
}

impl App {
    /// Records a telling of several reports in one write.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub(super) async fn tell(
        &self,
        member: MemberId,
        mut ids: Vec<ReportId>,
        how: Telling,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        // One order for everybody, so that two of them do not wait for each other.
        ids.sort_unstable();
        for _ in 0..MOST_TRIES {
            match self.tell_once(member, ids.clone(), how, now).await {
                Err(error) if is_conflict(&error) => {}
                answer => return answer,
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    async fn tell_once(
        &self,
        member: MemberId,
        ids: Vec<ReportId>,
        how: Telling,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let app = self.clone();
        // One report goes to the writer that its acts go to.
        let key = if let [id] = ids.as_slice() { *id.as_bytes() } else { *member.as_bytes() };
        let command = Command::Told { member, how, at: now };
        self.inner
            .storage
            .write(&key, move |tx| {
                for id in &ids {
                    let subject = match app.subject_to_decide(tx, *id, now) {
                        Err(AppError::NotFound) => continue,
                        found => found?,
                    };
                    let told = lifecycle::decide(&subject.report, &command, &subject.policy, &subject.people, now)?;
                    app.record(tx, subject, told)?;
                }
                Ok::<_, AppError>(())
            })
            .await
    }
}
