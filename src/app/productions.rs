//! Productions: made by the operator, shown to whoever is seated, set by the production's highest level.
//!
//! Source: api.md, "Operator and desk administration".

mod codes;
mod settings;

use serde::Serialize;
use utoipa::ToSchema;

pub use codes::NewCrewCode;
pub use settings::SettingsChange;

use super::{
    App, Production,
    context::json,
    error::AppError,
    fields,
    ledger::public,
    manifest::NamedView,
    people::Administrator,
    policy::{self, Standing},
    sessions::SignedIn,
};
use crate::{
    auth::crew_code::CrewCode,
    domain::{
        ids::ProductionId,
        policy::{PolicyDocument, Side},
        production::{Named, ProductionSettings},
        time::UtcMillis,
    },
    storage::{
        Bytes, Conn, StorageError, Tx, people,
        productions::{self, CrewCodeRow, ProductionRow},
    },
};

/// Longest name of a production. Characters.
const NAME_MAX: usize = 80;

/// A production that is wanted.
#[derive(Debug, Clone)]
pub struct NewProduction {
    /// Its name, 1..=80 characters.
    pub name: String,
    /// Its short name, unlike any other on this host.
    pub slug: String,
    /// Its time zone.
    pub time_zone: String,
    /// Its policy; what is left out, or all of it, is as shipped.
    pub policy: Option<PolicyDocument>,
}

/// A production that was made.
#[derive(Debug, Clone)]
pub struct ProductionMade {
    /// Its id.
    pub id: ProductionId,
    /// Its short name.
    pub slug: String,
    /// The code for poster and call sheet.
    pub crew_code: String,
    /// The policy: in force, or waiting for a union member because a window is longer than shipped.
    pub policy: Standing,
}

/// A production as whoever is seated sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProductionView {
    /// Its id.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub id: ProductionId,
    /// Its short name.
    #[schema(example = "western")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Western")]
    pub name: String,
    /// The name on screens and in subjects, if another.
    pub shown_as: Option<String>,
    /// People on the crew.
    #[schema(example = 120)]
    pub crew_size: u32,
    /// ISO 3166 code.
    #[schema(example = "US")]
    pub country: String,
    /// BCP 47 tags, the default first.
    #[schema(example = json!(["en", "es"]))]
    pub languages: Vec<String>,
    /// IANA name of its zone.
    #[schema(example = "America/Denver")]
    pub time_zone: String,
    /// A number for people who would rather talk.
    pub hotline: Option<String>,
    /// The emergency number.
    #[schema(example = "911")]
    pub emergency_number: String,
    /// What to do when somebody is in danger now.
    pub emergency_text: String,
    /// Places where a hazard can be.
    pub places: Vec<NamedView>,
    /// Departments.
    pub departments: Vec<NamedView>,
    /// Roles.
    pub roles: Vec<NamedView>,
    /// Policy in force.
    #[schema(example = 1)]
    pub policy_version: i32,
    /// Roster in force, 0 before the first desk.
    #[schema(example = 5)]
    pub roster_version: i32,
    /// Somebody sits at a union desk, so that reports can be filed.
    pub ready: bool,
}

impl From<&Production> for ProductionView {
    fn from(production: &Production) -> Self {
        let settings = production.settings.clone();
        let view = |named: &Named| NamedView { code: named.code.clone(), name: named.name.clone() };
        let named = |list: &[Named]| list.iter().map(view).collect();
        Self {
            id: production.id,
            slug: production.slug.clone(),
            name: production.name.clone(),
            shown_as: settings.shown_as,
            crew_size: settings.crew_size,
            country: settings.country,
            languages: settings.languages,
            time_zone: settings.time_zone,
            hotline: settings.hotline,
            emergency_number: settings.emergency_number,
            emergency_text: settings.emergency_text,
            places: named(&settings.places),
            departments: named(&settings.departments),
            roles: named(&settings.roles),
            policy_version: production.policy.version,
            roster_version: production.roster_version,
            ready: production.has_anybody(Side::Union),
        }
    }
}

impl App {
    /// Makes a production with its crew code and the first version of its policy. A policy with a window that is longer
    /// than shipped waits for a union member; until then the shipped one is in force.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody but the operator; [`AppError::Invalid`] naming the field, or the path in the
    /// policy.
    pub async fn create_production(&self, who: Administrator, new: NewProduction) -> Result<ProductionMade, AppError> {
        let now = self.inner.clock.now();
        who.must_run_the_server()?;
        let policy = new.policy.map_or_else(|| Ok(PolicyDocument::shipped()), PolicyDocument::completed);
        let policy = policy.map_err(|error| policy::refused(&error))?;
        let time_zone = fields::time_zone("time_zone", &new.time_zone)?;
        let row = ProductionRow {
            id: ProductionId::new(self.inner.entropy.bytes()),
            slug: fields::slug("slug", &new.slug)?,
            name: fields::line("name", &new.name, NAME_MAX)?,
            settings: json(&ProductionSettings { time_zone, ..ProductionSettings::default() })?,
            policy_version: 1,
            roster_version: 0,
            revision: 1,
            created_at: now,
        };
        let (id, slug) = (row.id, row.slug.clone());
        let code = CrewCode::draw(&*self.inner.entropy);
        let code_row = self.crew_code_row(id, code);
        let write = move |tx: &mut Tx| insert(tx, &row, &code_row, &policy, now);
        let policy = self.inner.storage.write(id.as_bytes(), write).await?;
        Ok(ProductionMade { id, slug, crew_code: code.text(), policy })
    }

    pub(super) fn crew_code_row(&self, production: ProductionId, code: CrewCode) -> CrewCodeRow {
        CrewCodeRow {
            mac: Bytes(code.stored(&self.inner.keys.crew)),
            production_id: production,
            sealed: code.seal(production, &self.inner.keys.crew_print, &*self.inner.entropy),
            state: "active".to_owned(),
            full_until: None,
            until: None,
        }
    }

    /// The productions that somebody may see, by short name: all for the operator, else those where they sit. A page
    /// of at most `limit`, after `cursor`; with the cursor of the next page.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a cursor of another list.
    pub async fn productions(
        &self,
        who: &SignedIn,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<(Vec<ProductionView>, Option<String>), AppError> {
        let place = [b"productions".as_slice(), who.member.as_bytes()].concat();
        let after = cursor.map(|cursor| self.sort_key(&place, cursor)).transpose()?.unwrap_or_default();
        let (app, who) = (self.clone(), Administrator::from(who));
        let read = move |conn: &mut Conn| {
            let mut rows = visible(conn, who)?;
            rows.retain(|row| row.slug.as_bytes() > after.as_slice());
            let more = rows.len() > limit;
            rows.truncate(limit);
            let views = rows.iter().map(|row| Ok(ProductionView::from(&*app.production_in(conn, row.id)?)));
            Ok::<_, AppError>((views.collect::<Result<Vec<_>, AppError>>()?, more))
        };
        let (views, more) = self.inner.storage.read(read).await?;
        let last = views.last().filter(|_| more);
        let next = last.map(|view| self.cursor(&place, view.slug.as_bytes()));
        Ok((views, next))
    }

    /// All productions of this host by short name, for the command line.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn every_production(&self) -> Result<Vec<ProductionView>, AppError> {
        let app = self.clone();
        let read = move |conn: &mut Conn| {
            let rows = productions::all(conn)?;
            rows.iter().map(|row| Ok(ProductionView::from(&*app.production_in(conn, row.id)?))).collect()
        };
        self.inner.storage.read(read).await
    }

    /// Changes settings.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for whoever may not; [`AppError::Invalid`] naming the field.
    pub async fn change_production(
        &self,
        who: Administrator,
        production: ProductionId,
        change: SettingsChange,
    ) -> Result<ProductionView, AppError> {
        let name = change.name.as_deref().map(|name| fields::line("name", name, NAME_MAX)).transpose()?;
        let app = self.clone();
        let write = move |tx: &mut Tx| {
            let production = app.production_in(tx, production)?;
            who.must_set(&production)?;
            let mut row = productions::find(tx, production.id)?.ok_or(AppError::NotFound)?;
            row.settings = json(&change.applied_to(production.settings.clone())?)?;
            row.name = name.clone().unwrap_or(row.name);
            productions::save(tx, &row)?;
            Ok::<_, AppError>(ProductionView::from(&*app.production_in(tx, production.id)?))
        };
        self.inner.storage.write(production.as_bytes(), write).await
    }

    /// The production with this short name, for the command line.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `production` if there is none.
    pub async fn production_named(&self, slug: &str) -> Result<ProductionId, AppError> {
        let slug = slug.to_owned();
        let read = move |conn: &mut Conn| Ok::<_, AppError>(productions::by_slug(conn, &slug)?);
        let found = self.inner.storage.read(read).await?;
        found.map(|row| row.id).ok_or_else(|| {
            AppError::invalid(
                "production",
                "has to be the short name of a production on this host: see `lastlooks production list`",
            )
        })
    }
}

fn insert(
    tx: &mut Tx,
    row: &ProductionRow,
    code: &CrewCodeRow,
    wanted: &PolicyDocument,
    now: UtcMillis,
) -> Result<Standing, AppError> {
    productions::add(tx, row).map_err(|error| match error {
        StorageError::Duplicate(_) => AppError::invalid("slug", "is the short name of another production on this host"),
        other => other.into(),
    })?;
    productions::add_crew_code(tx, code).map_err(|error| match error {
        // One in a million million: the next draw is another.
        StorageError::Duplicate(_) => AppError::Unavailable { retry_after_seconds: 1 },
        other => other.into(),
    })?;
    let shipped = PolicyDocument::shipped();
    if wanted.longer_than(&shipped).is_empty() {
        policy::add(tx, row.id, 1, wanted, &[], "in_force", now)?;
        public::policy(tx, row.id, 1, now)?;
        return Ok(Standing::InForce(1));
    }
    policy::add(tx, row.id, 1, &shipped, &[], "in_force", now)?;
    public::policy(tx, row.id, 1, now)?;
    policy::add(tx, row.id, 2, wanted, &[], "pending", now)?;
    Ok(Standing::Pending(2))
}

fn visible(conn: &mut Conn, who: Administrator) -> Result<Vec<ProductionRow>, AppError> {
    let mut rows = productions::all(conn)?;
    if who.runs_the_server() {
        return Ok(rows);
    }
    let Some(member) = who.member() else { return Ok(Vec::new()) };
    let seats = people::seats_of_member(conn, member)?;
    rows.retain(|row| seats.iter().any(|seat| seat.production_id == row.id));
    Ok(rows)
}
