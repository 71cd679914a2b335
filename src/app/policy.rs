//! Versions of a policy: made by each PUT and each change of a desk, in force at once or once a union member agrees.
//!
//! A newer version replaces one that still waits: agreeing to it would undo what came after it.
//!
//! Source: domain.md, "Windows"; api.md, "Operator and desk administration".

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    App, Production,
    context::{json, policy_of},
    error::AppError,
    ledger::public,
    people::{self as seated, Administrator},
    roster,
    sessions::SignedIn,
};
use crate::{
    domain::{
        ids::{DeskId, EventId, ProductionId},
        policy::{Policy, PolicyDesk, PolicyDocument, PolicyError, Side},
        time::UtcMillis,
    },
    storage::{
        Conn, Tx,
        productions::{self, DeskRow, PolicyRow},
    },
};

/// Whether a version is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// This version is in force.
    InForce(i32),
    /// This version waits for a union member's agreement; the one before stays in force.
    Pending(i32),
}

/// A policy as whoever is seated sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyView {
    /// Version in force.
    #[schema(example = 3)]
    pub version: i32,
    /// Rounding step per row, seconds.
    #[schema(value_type = Object, example = json!({"immediate": 60}))]
    pub steps: Value,
    /// Windows per row, seconds: `acknowledge` by level, `answer`, `written`.
    #[schema(value_type = Object, example = json!({"immediate": {"acknowledge": [300, 900], "answer": 900, "written": 7200}}))]
    pub windows: Value,
    /// Time to contest an answer, seconds.
    #[schema(example = 259_200)]
    pub contest_seconds: u32,
    /// Time for a union verdict per severity, seconds.
    #[schema(value_type = Object, example = json!({"immediate": 14400}))]
    pub verification: Value,
    /// Severities whose exhaustion observers are told of.
    #[schema(example = json!(["immediate", "next_setup", "next_call"]))]
    pub observers: Vec<String>,
    /// When repetition raises the severity, seconds.
    #[schema(value_type = Object, example = json!({"after": 3600, "within": 604_800}))]
    pub repeated: Value,
    /// The desks and their levels.
    pub desks: Vec<PolicyDeskView>,
    /// A version that waits for a union member's agreement.
    pub pending: Option<PendingPolicy>,
}

/// A desk as a policy version names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PolicyDeskView {
    /// The desk.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub id: DeskId,
    /// Its name when the version was made.
    pub name: String,
    /// `production`, `union` or `observer`.
    pub side: String,
    /// Its level; null for observers.
    pub level: Option<u8>,
}

/// A version that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PendingPolicy {
    /// Its version.
    #[schema(example = 4)]
    pub version: i32,
    /// What is longer than in the version in force, as paths of the document; may be empty.
    #[schema(example = json!(["windows.next_setup.answer"]))]
    pub longer: Vec<String>,
    /// What it takes from the union side or from reporters, as paths of the document; may be empty.
    #[schema(example = json!(["contest_seconds"]))]
    pub taken: Vec<String>,
    /// Union desks that would leave their level, by name.
    pub union_desks_lost: Vec<String>,
    /// Its windows, as in the policy itself.
    #[schema(value_type = Object)]
    pub windows: Value,
}

/// Makes a version with these desks, in force at once, and the roster that goes with it. What waits for agreement goes on
/// waiting, for these desks.
pub(super) fn desks_changed(
    tx: &mut Tx,
    production: &Production,
    desks: &[PolicyDesk],
    now: UtcMillis,
) -> Result<Standing, AppError> {
    let (version, waiting) = (next_version(tx, production.id)?, pending(tx, production.id)?);
    add(tx, production.id, version, &production.policy.document, desks, "in_force", now)?;
    enter(tx, production.id, version, now)?;
    if let Some(row) = waiting {
        let wanted = policy_of(&row)?;
        let desks_then = carried_over(&production.policy.desks, &wanted.desks, desks);
        if desks_then != desks || wanted.document != production.policy.document {
            add(tx, production.id, version + 1, &wanted.document, &desks_then, "pending", now)?;
        }
    }
    Ok(Standing::InForce(version))
}

/// What a waiting version does to the desks `before`, done to those that are there `now`.
fn carried_over(before: &[PolicyDesk], waiting: &[PolicyDesk], now: &[PolicyDesk]) -> Vec<PolicyDesk> {
    let find = |desks: &[PolicyDesk], id| desks.iter().find(|desk| desk.id == id).map(|desk| desk.level);
    let after = |desk: &PolicyDesk| match (find(before, desk.id), find(waiting, desk.id)) {
        (Some(_), None) => None,
        (Some(was), Some(level)) if was != level => Some(PolicyDesk { level, ..desk.clone() }),
        _ => Some(desk.clone()),
    };
    now.iter().filter_map(after).collect()
}

/// Makes a version with these desks that waits for a union member; in force at once while nobody of the union is
/// seated, because nobody could agree then.
pub(super) fn propose_desks(
    tx: &mut Tx,
    production: &Production,
    desks: &[PolicyDesk],
    now: UtcMillis,
) -> Result<Standing, AppError> {
    let version = next_version(tx, production.id)?;
    if production.has_anybody(Side::Union) {
        replace_pending(tx, production.id)?;
        add(tx, production.id, version, &production.policy.document, desks, "pending", now)?;
        return Ok(Standing::Pending(version));
    }
    add(tx, production.id, version, &production.policy.document, desks, "in_force", now)?;
    bring_desks_in_line(tx, production, desks, now)?;
    enter(tx, production.id, version, now)?;
    Ok(Standing::InForce(version))
}

/// Adds a version; the caller brings it into force.
pub(super) fn add(
    tx: &mut Tx,
    production: ProductionId,
    version: i32,
    document: &PolicyDocument,
    desks: &[PolicyDesk],
    state: &str,
    now: UtcMillis,
) -> Result<(), AppError> {
    let row = PolicyRow {
        production_id: production,
        version,
        document: json(document)?,
        levels: json(&desks)?,
        state: state.to_owned(),
        agreed_by: None,
        created_at: now,
    };
    Ok(productions::add_policy(tx, &row)?)
}

fn next_version(conn: &mut Conn, production: ProductionId) -> Result<i32, AppError> {
    Ok(productions::policies(conn, production)?.last().map_or(1, |row| row.version + 1))
}

/// Brings a version into force: the one before is replaced, and so is one that waits.
fn enter(tx: &mut Tx, production: ProductionId, version: i32, now: UtcMillis) -> Result<(), AppError> {
    for row in productions::policies(tx, production)? {
        if row.version != version && row.state != "replaced" {
            productions::set_policy_state(tx, production, row.version, "replaced", row.agreed_by)?;
        }
    }
    let mut row = productions::find(tx, production)?.ok_or(AppError::NotFound)?;
    row.policy_version = version;
    public::policy(tx, production, version, now)?;
    roster::next_version(tx, &mut row, now)?;
    Ok(productions::save(tx, &row)?)
}

fn replace_pending(tx: &mut Tx, production: ProductionId) -> Result<(), AppError> {
    if let Some(row) = pending(tx, production)? {
        productions::set_policy_state(tx, production, row.version, "replaced", None)?;
    }
    Ok(())
}

/// The version that waits for a union member's agreement.
pub(super) fn pending(conn: &mut Conn, production: ProductionId) -> Result<Option<PolicyRow>, AppError> {
    Ok(productions::policies(conn, production)?.into_iter().find(|row| row.state == "pending"))
}

/// Ends and moves desks as a version that is about to be in force names them.
fn bring_desks_in_line(
    tx: &mut Tx,
    production: &Production,
    wanted: &[PolicyDesk],
    now: UtcMillis,
) -> Result<(), AppError> {
    for desk in roster::open_desks(tx, production.id)? {
        match wanted.iter().find(|w| w.id == desk.id) {
            Some(wanted) => {
                let level = wanted.level.map(|level| i32::from(level.0));
                if level != desk.level {
                    productions::save_desk(tx, &DeskRow { level, ..desk })?;
                }
            }
            // Nobody sits there: a desk with people is ended by `agree`, which tells who goes.
            None => productions::save_desk(tx, &DeskRow { ended_at: Some(now), ..desk })?,
        }
    }
    Ok(())
}

impl App {
    /// The policy in force, and what waits for agreement.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for whoever is not seated there and is not the operator.
    pub async fn policy(&self, who: &SignedIn, production: ProductionId) -> Result<PolicyView, AppError> {
        self.policy_for(who.into(), production).await
    }

    /// As [`App::policy`], for whoever administers.
    ///
    /// # Errors
    /// As [`App::policy`].
    pub async fn policy_for(&self, who: Administrator, production: ProductionId) -> Result<PolicyView, AppError> {
        let app = self.clone();
        let read = move |conn: &mut Conn| {
            let production = app.production_in(conn, production)?;
            who.must_read(&production)?;
            view(&production.policy, pending(conn, production.id)?)
        };
        self.inner.storage.read(read).await
    }

    /// Makes the next version. What is left out of the document is as shipped.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for whoever may not set it; [`AppError::Invalid`] naming the path.
    pub async fn put_policy(
        &self,
        who: Administrator,
        production: ProductionId,
        document: PolicyDocument,
    ) -> Result<(PolicyView, Standing), AppError> {
        let now = self.inner.clock.now();
        let document = document.completed().map_err(|error| refused(&error))?;
        let (app, event) = (self.clone(), EventId::new(self.inner.entropy.bytes()));
        let write = move |tx: &mut Tx| {
            let production = app.production_in(tx, production)?;
            who.must_set(&production)?;
            let standing = put(tx, &production, &document, now)?;
            app.tell_if_it_waits(tx, &production, standing, event, now)?;
            let production = app.production_in(tx, production.id)?;
            Ok::<_, AppError>((view(&production.policy, pending(tx, production.id)?)?, standing))
        };
        let made = self.inner.storage.write(production.as_bytes(), write).await?;
        self.nudge_both();
        Ok(made)
    }

    /// A union member agrees to the version that waits.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody else, the operator among them, and for a version that does not wait.
    pub async fn agree_to_policy(
        &self,
        who: Administrator,
        production: ProductionId,
        version: i32,
    ) -> Result<PolicyView, AppError> {
        let now = self.inner.clock.now();
        let (app, event) = (self.clone(), EventId::new(self.inner.entropy.bytes()));
        let write = move |tx: &mut Tx| {
            let production = app.production_in(tx, production)?;
            let member = who.must_agree(&production)?;
            let row = productions::policy(tx, production.id, version)?.ok_or(AppError::NotFound)?;
            if row.version == production.policy.version {
                // Said again, or by two at once.
                return view(&production.policy, pending(tx, production.id)?);
            }
            if row.state != "pending" {
                let rule = "another version took its place; read the policy, and agree to what waits now".to_owned();
                return Err(AppError::OutOfOrder { state: row.state, rule });
            }
            let wanted = policy_of(&row)?.desks;
            for desk in roster::open_desks(tx, production.id)? {
                if !wanted.iter().any(|w| w.id == desk.id) {
                    seated::end_desk(&app, tx, &production, desk, event, now)?;
                }
            }
            bring_desks_in_line(tx, &production, &wanted, now)?;
            productions::set_policy_state(tx, production.id, version, "in_force", Some(member))?;
            enter(tx, production.id, version, now)?;
            // A union desk that ended or moved may have been all of a level of a `retaliation` report.
            app.people_changed(tx, production.id, now)?;
            view(&app.production_in(tx, production.id)?.policy, None)
        };
        let agreed = self.inner.storage.write(production.as_bytes(), write).await?;
        self.nudge_both();
        Ok(agreed)
    }
}

fn put(tx: &mut Tx, production: &Production, document: &PolicyDocument, now: UtcMillis) -> Result<Standing, AppError> {
    let version = next_version(tx, production.id)?;
    let desks = seated::policy_desks(tx, production.id)?;
    let before = &production.policy.document;
    if document.longer_than(before).is_empty() && document.takes_from(before).is_empty() {
        add(tx, production.id, version, document, &desks, "in_force", now)?;
        enter(tx, production.id, version, now)?;
        return Ok(Standing::InForce(version));
    }
    replace_pending(tx, production.id)?;
    add(tx, production.id, version, document, &desks, "pending", now)?;
    Ok(Standing::Pending(version))
}

/// A refusal that names the path and not the number that stood there.
pub(super) fn refused(error: &PolicyError) -> AppError {
    match error {
        PolicyError::WindowOutOfRange { path, .. } => AppError::invalid(path, "has to be 10 to 2592000 seconds"),
        PolicyError::WindowCount { path } => AppError::invalid(path, "has to hold one to nine windows"),
        PolicyError::WrittenElsewhere { path } => AppError::invalid(path, "has an effect for `immediate` only"),
        PolicyError::AcknowledgeLongerThanAnswer { path, .. } => {
            AppError::invalid(path, "cannot be longer than the window to answer")
        }
        PolicyError::StepOutOfRange { path, .. } => AppError::invalid(path, "has to be 1 to 86400 seconds"),
        PolicyError::RepeatedEmpty { .. } => AppError::invalid("repeated.after", "has to be less than `within`"),
        PolicyError::NoLevel | PolicyError::DeskLevel { .. } | PolicyError::NoUnionDesk { .. } => {
            AppError::invalid("level", "would leave the lowest level without a union desk; add that desk first")
        }
    }
}

fn view(policy: &Policy, pending: Option<PolicyRow>) -> Result<PolicyView, AppError> {
    let document = &policy.document;
    let value = |v: Result<Value, serde_json::Error>| v.map_err(AppError::internal);
    Ok(PolicyView {
        version: policy.version,
        steps: value(serde_json::to_value(&document.steps))?,
        windows: value(serde_json::to_value(&document.windows))?,
        contest_seconds: document.contest_seconds.0,
        verification: value(serde_json::to_value(&document.verification))?,
        observers: document.observers.iter().map(|severity| severity.code().to_owned()).collect(),
        repeated: value(serde_json::to_value(document.repeated))?,
        desks: policy.desks.iter().map(desk_view).collect(),
        pending: pending.map(|row| pending_view(policy, &row)).transpose()?,
    })
}

fn desk_view(desk: &PolicyDesk) -> PolicyDeskView {
    PolicyDeskView {
        id: desk.id,
        name: desk.name.clone(),
        side: desk.side.code().to_owned(),
        level: desk.level.map(|level| level.0),
    }
}

fn pending_view(in_force: &Policy, row: &PolicyRow) -> Result<PendingPolicy, AppError> {
    let wanted = policy_of(row)?;
    let stays = |desk: &&PolicyDesk| wanted.desks.iter().any(|w| w.id == desk.id && w.level == desk.level);
    let union = in_force.desks.iter().filter(|desk| desk.side == Side::Union);
    Ok(PendingPolicy {
        version: row.version,
        longer: wanted.document.longer_than(&in_force.document),
        taken: wanted.document.takes_from(&in_force.document),
        union_desks_lost: union.filter(|desk| !stays(desk)).map(|desk| desk.name.clone()).collect(),
        windows: serde_json::to_value(&wanted.document.windows).map_err(AppError::internal)?,
    })
}
