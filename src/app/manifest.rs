//! What a phone needs before it files: the form, who sees what and by when, whom it is sealed to.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::ToSchema;

use super::{App, context::Production, error::AppError, filing::code_at, ledger::LedgerView, view::LevelView};
use crate::domain::{
    catalogue::Severity,
    policy::{Level, Side, WindowRow},
    production::Named,
};

/// A code and the name that people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamedView {
    /// The code.
    #[schema(example = "stage_2")]
    pub code: String,
    /// The name.
    #[schema(example = "Stage 2")]
    pub name: String,
}

/// A kind of a category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct KindView {
    /// The code.
    #[schema(example = "left_unattended")]
    pub code: String,
    /// The least severity of a report of it.
    pub minimum: Option<String>,
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CategoryView {
    /// The code.
    #[schema(example = "weapons")]
    pub code: String,
    /// The least severity of a report of it.
    #[schema(example = "next_setup")]
    pub minimum: Option<String>,
    /// Its kinds; `other` is the last.
    pub kinds: Vec<KindView>,
    /// Numbers of industry safety bulletins.
    pub bulletins: Vec<String>,
}

/// Windows of one row of the policy. Lengths in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WindowsView {
    /// `immediate`, `next_setup`, `next_call`, `concern` or `retaliation`.
    #[schema(example = "next_setup")]
    pub row: String,
    /// What instants are rounded up to, and how coarsely a filing's moment is kept.
    #[schema(example = 60)]
    pub step_seconds: u32,
    /// Time to acknowledge, by position of the level.
    pub acknowledge_seconds: Vec<u32>,
    /// Time to answer.
    #[schema(example = 3600)]
    pub answer_seconds: u32,
}

/// A seat that a report is sealed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SeatView {
    /// Names the pair of keys, 32 hex digits.
    pub key_id: String,
    /// X25519, base64url.
    pub reading_key: String,
    /// Ed25519, base64url.
    pub verify_key: String,
    /// `production`, `union` or `observer`.
    #[schema(example = "union")]
    pub side: String,
    /// The desk.
    #[schema(example = "Shop steward")]
    pub desk: String,
    /// Roles on the show.
    pub roles: Vec<String>,
}

/// What a phone needs before it files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Manifest {
    /// The production's shown name.
    #[schema(example = "Western")]
    pub production: String,
    /// Who runs this host; null until the host says so.
    pub run_by: Option<String>,
    /// What to do when somebody is in danger now.
    pub emergency_text: String,
    /// The emergency number.
    #[schema(example = "911")]
    pub emergency_number: String,
    /// A number for people who would rather talk.
    pub hotline: Option<String>,
    /// Languages offered, the first is the default.
    pub languages: Vec<String>,
    /// IANA name of the zone that times are shown in.
    #[schema(example = "America/Denver")]
    pub time_zone: String,
    /// ISO 3166 code of the country.
    #[schema(example = "US")]
    pub country: String,
    /// Version of the catalogue.
    pub catalogue_version: u32,
    /// Categories, in the order of the screen.
    pub categories: Vec<CategoryView>,
    /// Severities, the most urgent first.
    pub severities: Vec<String>,
    /// Windows and steps.
    pub windows: Vec<WindowsView>,
    /// Time to contest an answer, seconds.
    pub contest_seconds: u32,
    /// Places where a hazard can be.
    pub places: Vec<NamedView>,
    /// Departments.
    pub departments: Vec<NamedView>,
    /// Roles.
    pub roles: Vec<NamedView>,
    /// Who is told, level by level.
    pub levels: Vec<LevelView>,
    /// Desks told only when nobody answered.
    pub told_at_the_end: Vec<String>,
    /// Fields that only the union side reads.
    pub union_only: Vec<String>,
    /// `door`: the server seals as it accepts.
    #[schema(example = "door")]
    pub seal_mode: String,
    /// Seats that reports are sealed to.
    pub seats: Vec<SeatView>,
    /// Version of the roster.
    pub roster_version: i32,
    /// Version of the policy.
    pub policy_version: i32,
    /// Somebody sits at a union desk, so that reports are taken.
    pub ready: bool,
    /// The code is today's, or was until less than a week ago. If not, it still files: today's is on the call sheet.
    pub code_in_force: bool,
    /// The public ledger, to check promises and bundles against.
    pub ledger: LedgerView,
}

/// Fields of a filing that never reach the production's side.
///
/// Source: security.md, "Sealing" (UNION part).
const UNION_ONLY: [&str; 7] =
    ["departments", "considering_refusal", "subject_role", "raised_before", "raised_with", "was_answered", "narrative"];

impl App {
    /// The manifest of the production that a crew code belongs to.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for an unknown code; [`AppError::Unavailable`].
    pub async fn manifest(&self, crew_code: &str) -> Result<Manifest, AppError> {
        let now = self.inner.clock.now();
        let mac = self.crew_code_mac(crew_code);
        let app = self.clone();
        let (production, code_in_force) = self
            .inner
            .storage
            .read(move |conn| {
                let code = code_at(conn, &mac, now)?.ok_or(AppError::NotFound)?;
                Ok::<_, AppError>((app.production_in(conn, code.production)?, code.is_in_force))
            })
            .await?;
        self.remember(&production);
        let ledger = self.ledger_view().await?;
        Ok(Manifest { code_in_force, ..manifest(&production, self.inner.settings.run_by.clone(), ledger) })
    }
}

fn manifest(production: &Production, run_by: Option<String>, ledger: LedgerView) -> Manifest {
    let (settings, policy) = (&production.settings, &production.policy);
    Manifest {
        production: production.shown_as().to_owned(),
        run_by,
        ledger,
        emergency_text: settings.emergency_text.clone(),
        emergency_number: settings.emergency_number.clone(),
        hotline: settings.hotline.clone(),
        languages: settings.languages.clone(),
        time_zone: settings.time_zone.clone(),
        country: settings.country.clone(),
        catalogue_version: production.catalogue.version,
        categories: categories(production),
        severities: Severity::ALL.iter().rev().map(|s| s.code().to_owned()).collect(),
        windows: windows(production),
        contest_seconds: policy.document.contest_seconds.0,
        places: named(&settings.places),
        departments: named(&settings.departments),
        roles: roles(production),
        levels: levels(production),
        told_at_the_end: policy.desks.iter().filter(|d| d.side == Side::Observer).map(|d| d.name.clone()).collect(),
        union_only: UNION_ONLY.iter().map(|f| (*f).to_owned()).collect(),
        seal_mode: "door".to_owned(),
        seats: seats(production),
        roster_version: production.roster_version,
        policy_version: policy.version,
        ready: production.has_anybody(Side::Union),
        code_in_force: true,
    }
}

fn categories(production: &Production) -> Vec<CategoryView> {
    let code = |s: Option<Severity>| s.map(|s| s.code().to_owned());
    let of = |category: &crate::domain::catalogue::Category| CategoryView {
        code: category.code.clone(),
        minimum: code(category.minimum),
        kinds: category
            .kinds
            .iter()
            .map(|k| KindView { code: k.code.clone(), minimum: code(k.minimum.max(category.minimum)) })
            .collect(),
        bulletins: category.bulletins.clone(),
    };
    production.catalogue.categories.iter().map(of).collect()
}

fn windows(production: &Production) -> Vec<WindowsView> {
    let of = |row: WindowRow| {
        let windows = production.policy.windows(row);
        WindowsView {
            row: row.code().to_owned(),
            step_seconds: production.policy.step(row).0,
            acknowledge_seconds: windows.acknowledge.iter().map(|w| w.0).collect(),
            answer_seconds: windows.answer.0,
        }
    };
    WindowRow::ALL.into_iter().map(of).collect()
}

fn named(list: &[Named]) -> Vec<NamedView> {
    list.iter().map(|n| NamedView { code: n.code.clone(), name: n.name.clone() }).collect()
}

/// The roles of the settings, and every role that somebody holds: a subject can only be named by a listed one.
fn roles(production: &Production) -> Vec<NamedView> {
    let mut roles = named(&production.settings.roles);
    for code in production.seats.iter().flat_map(|seat| &seat.roles) {
        if !roles.iter().any(|role| role.code == *code) {
            roles.push(NamedView { code: code.clone(), name: crate::notify::role_label(code).into_owned() });
        }
    }
    roles
}

fn levels(production: &Production) -> Vec<LevelView> {
    let desks = &production.policy.desks;
    let mut levels: Vec<Level> = desks.iter().filter_map(|d| d.level).collect();
    levels.sort_unstable();
    levels.dedup();
    let of = |level: Level| LevelView {
        level: level.0,
        desks: desks.iter().filter(|d| d.level == Some(level)).map(|d| d.name.clone()).collect(),
    };
    levels.into_iter().map(of).collect()
}

fn seats(production: &Production) -> Vec<SeatView> {
    let of = |seat: &super::Seat| SeatView {
        key_id: seat.seal_to.id().to_string(),
        reading_key: URL_SAFE_NO_PAD.encode(seat.keys.reading),
        verify_key: URL_SAFE_NO_PAD.encode(seat.keys.verify.0),
        side: seat.side.code().to_owned(),
        desk: seat.desk_name.clone(),
        roles: seat.roles.clone(),
    };
    production.seats.iter().map(of).collect()
}
