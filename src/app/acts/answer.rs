//! The close-out as it is sent, and what its fields have to be together.
//!
//! Source: api.md, "Members"; domain.md, "Life of a report".

use serde::Deserialize;
use utoipa::ToSchema;

use super::role_code;
use crate::{
    app::{error::AppError, fields::moment},
    domain::{
        event::AnswerKind,
        lifecycle::{Actor, AnswerGiven},
        time::UtcMillis,
    },
};

/// What sort of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerCode {
    /// Something was, or will be, done.
    Action,
    /// We see no hazard, because …
    Dispute,
    /// Not ours: it belongs to …
    Referral,
}

/// Whether an action is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoneCode {
    /// It is.
    Yes,
    /// It will be, by `done_by`.
    Planned,
}

/// The close-out.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// What sort of answer.
    pub kind: AnswerCode,
    /// What was done; why there is no hazard; whose it is. 1 to 2,000 characters.
    #[schema(min_length = 1, max_length = 2000, example = "Both revolvers are in the locked cart.")]
    pub text: String,
    /// The role that did it; required for an action, else the answerer's own.
    #[serde(default)]
    #[schema(pattern = "^[a-z0-9_]{1,32}$", example = "upm")]
    pub by_role: Option<String>,
    /// Done or planned; required for an action.
    #[serde(default)]
    pub done: Option<DoneCode>,
    /// When a plan will be done, RFC 3339; required with `planned`, else left out.
    #[serde(default)]
    #[schema(format = "date-time", example = "2026-11-21T18:00:00Z")]
    pub done_by: Option<String>,
}

impl std::fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AnswerBody(..)")
    }
}

/// A close-out whose fields fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    kind: AnswerKind,
    by_role: Option<String>,
    planned_by: Option<UtcMillis>,
}

impl AnswerBody {
    /// Checks what the fields have to be together; how far ahead a plan may be depends on the report.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming the field.
    pub(super) fn check(&self) -> Result<Checked, AppError> {
        self.by_role.as_deref().map_or(Ok(()), |role| role_code("by_role", role))?;
        let kind = match self.kind {
            AnswerCode::Action => AnswerKind::Action,
            AnswerCode::Dispute => AnswerKind::Dispute,
            AnswerCode::Referral => AnswerKind::Referral,
        };
        if kind == AnswerKind::Action && self.by_role.is_none() {
            return Err(AppError::invalid("by_role", "is required for an action"));
        }
        if kind == AnswerKind::Action && self.done.is_none() {
            return Err(AppError::invalid("done", "is required for an action"));
        }
        if kind != AnswerKind::Action && self.done == Some(DoneCode::Planned) {
            return Err(AppError::invalid("done", "can be planned for an action only"));
        }
        Ok(Checked { kind, by_role: self.by_role.clone(), planned_by: self.planned_by()? })
    }

    fn planned_by(&self) -> Result<Option<UtcMillis>, AppError> {
        match (self.done, self.done_by.as_deref()) {
            (Some(DoneCode::Planned), None) => Err(AppError::invalid("done_by", "is required for a plan")),
            (Some(DoneCode::Planned), Some(text)) => moment("done_by", text).map(Some),
            (Some(DoneCode::Yes) | None, Some(_)) => Err(AppError::invalid("done_by", "belongs to a plan only")),
            (Some(DoneCode::Yes) | None, None) => Ok(None),
        }
    }
}

impl Checked {
    /// As it is decided upon.
    pub(super) fn given(&self, actor: &Actor, drawn: bool) -> AnswerGiven {
        AnswerGiven {
            kind: self.kind,
            by_role: self.by_role.clone().unwrap_or_else(|| actor.role.clone()),
            planned_by: self.planned_by,
            drawn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(json: &str) -> AnswerBody {
        serde_json::from_str(json).unwrap()
    }

    fn refused(json: &str) -> String {
        match body(json).check() {
            Err(AppError::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_action_names_its_role_and_whether_it_is_done() {
        assert_eq!(refused(r#"{"kind":"action","text":"x","done":"yes"}"#), "by_role");
        assert_eq!(refused(r#"{"kind":"action","text":"x","by_role":"upm"}"#), "done");
        assert_eq!(refused(r#"{"kind":"action","text":"x","by_role":"The Boss","done":"yes"}"#), "by_role");
    }

    #[test]
    fn a_plan_has_a_date_and_nothing_else_has_one() {
        assert_eq!(refused(r#"{"kind":"action","text":"x","by_role":"upm","done":"planned"}"#), "done_by");
        let dated = r#","done_by":"2026-11-21T18:00:00Z"}"#;
        assert_eq!(refused(&format!(r#"{{"kind":"action","text":"x","by_role":"upm","done":"yes"{dated}"#)), "done_by");
        assert_eq!(refused(&format!(r#"{{"kind":"dispute","text":"x","done":"planned"{dated}"#)), "done");
        let planned = body(&format!(r#"{{"kind":"action","text":"x","by_role":"upm","done":"planned"{dated}"#));
        assert_eq!(planned.check().unwrap().planned_by, Some(UtcMillis::new(1_795_284_000_000)));
    }

    #[test]
    fn a_dispute_is_by_the_role_of_whoever_answers_unless_it_names_one() {
        use crate::domain::{ids::MemberId, policy::Side};
        let actor =
            Actor { member: MemberId::new([1; 16]), side: Side::Production, role: "upm".to_owned(), by_link: false };
        let given = body(r#"{"kind":"dispute","text":"x"}"#).check().unwrap().given(&actor, true);
        assert_eq!((given.kind, given.by_role.as_str(), given.drawn), (AnswerKind::Dispute, "upm", true));
    }
}
