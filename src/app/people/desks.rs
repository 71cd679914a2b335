//! Desks: added, renamed, moved to another level, ended. Each change makes a version of policy and roster.
//!
//! Source: domain.md, "Levels"; api.md, "Operator and desk administration".

use serde::Serialize;
use utoipa::ToSchema;

use super::{rights::Administrator, seats};
use crate::{
    app::{
        App, Production,
        context::side_of,
        error::AppError,
        fields,
        policy::{self, Standing},
        roster,
    },
    domain::{
        ids::{DeskId, EventId, ProductionId},
        policy::{Level, Policy, PolicyDesk, Side},
        time::UtcMillis,
    },
    storage::{
        Conn, Tx,
        productions::{self, DeskRow},
    },
};

/// Desks of one production at most.
const DESKS_MAX: usize = 60;
/// Longest name of a desk. Characters.
const NAME_MAX: usize = 80;

/// A desk that is wanted.
#[derive(Debug, Clone)]
pub struct NewDesk {
    /// Its name, 1..=80 characters, unlike any other of the production.
    pub name: String,
    /// Its side.
    pub side: Side,
    /// Its level, 1..=9; none for observers, required for the others.
    pub level: Option<u8>,
}

/// What is to change at a desk; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct DeskChange {
    /// Another name.
    pub name: Option<String>,
    /// Another level.
    pub level: Option<u8>,
}

/// A desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeskView {
    /// Its id.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub id: DeskId,
    /// Its production.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub production: ProductionId,
    /// Its name, as everybody sees it.
    #[schema(example = "Shop steward")]
    pub name: String,
    /// `production`, `union` or `observer`.
    #[schema(example = "union")]
    pub side: String,
    /// Its level, 1..=9; null for observers.
    #[schema(example = 1)]
    pub level: Option<u8>,
}

impl DeskView {
    /// Its level.
    pub(in crate::app) fn level(&self) -> Option<Level> {
        self.level.map(Level)
    }
}

impl TryFrom<&DeskRow> for DeskView {
    type Error = AppError;

    fn try_from(row: &DeskRow) -> Result<Self, AppError> {
        let level = row.level.map(u8::try_from).transpose().map_err(AppError::internal)?;
        Ok(Self { id: row.id, production: row.production_id, name: row.name.clone(), side: row.side.clone(), level })
    }
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskChanged {
    /// The desk as it is now.
    pub desk: DeskView,
    /// In force, or waiting for a union member's agreement.
    pub standing: Standing,
}

impl App {
    /// Adds a desk.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody but the operator; [`AppError::Invalid`] for a name that is taken, a level that
    /// is missing, or one that would be the lowest without a union desk.
    pub async fn add_desk(
        &self,
        who: Administrator,
        production: ProductionId,
        desk: NewDesk,
    ) -> Result<DeskView, AppError> {
        let now = self.inner.clock.now();
        who.must_run_the_server()?;
        let row = DeskRow {
            id: DeskId::new(self.inner.entropy.bytes()),
            production_id: production,
            name: fields::line("name", &desk.name, NAME_MAX)?,
            side: desk.side.code().to_owned(),
            level: level(desk.side, desk.level)?,
            ended_at: None,
        };
        let app = self.clone();
        let write = move |tx: &mut Tx| app.insert_desk(tx, &row, now);
        self.inner.storage.write(production.as_bytes(), write).await
    }

    fn insert_desk(&self, tx: &mut Tx, row: &DeskRow, now: UtcMillis) -> Result<DeskView, AppError> {
        let production = self.production_in(tx, row.production_id)?;
        let desks = roster::open_desks(tx, row.production_id)?;
        if desks.len() >= DESKS_MAX {
            return Err(AppError::invalid("name", format!("would be desk {} of {DESKS_MAX}", DESKS_MAX + 1)));
        }
        refuse_taken_name(&desks, row)?;
        productions::add_desk(tx, row)?;
        let wanted = policy_desks(tx, row.production_id)?;
        refuse_lowest_without_union(&production, &wanted)?;
        policy::desks_changed(tx, &production, &wanted, now)?;
        DeskView::try_from(row)
    }

    /// Renames a desk or moves it to another level. A move that takes a union desk from its level waits for a union
    /// member's agreement.
    ///
    /// # Errors
    /// [`AppError::NotFound`] outside the asker's scope, and for a level by anybody but the operator;
    /// [`AppError::Invalid`] as with [`App::add_desk`].
    pub async fn change_desk(
        &self,
        who: Administrator,
        desk: DeskId,
        change: DeskChange,
    ) -> Result<DeskChanged, AppError> {
        let now = self.inner.clock.now();
        let (app, production) = (self.clone(), self.production_of(desk).await?);
        let event = EventId::new(self.inner.entropy.bytes());
        let write = move |tx: &mut Tx| app.replace_desk(tx, who, desk, &change, (event, now));
        let changed = self.inner.storage.write(production.as_bytes(), write).await?;
        self.nudge_both();
        Ok(changed)
    }

    fn replace_desk(
        &self,
        tx: &mut Tx,
        who: Administrator,
        desk: DeskId,
        change: &DeskChange,
        (event, now): (EventId, UtcMillis),
    ) -> Result<DeskChanged, AppError> {
        let (production, mut row) = self.desk_in(tx, desk)?;
        let side = side_of(&row.side)?;
        who.must_seat_at(&production, side, DeskView::try_from(&row)?.level())?;
        if change.level.is_some() {
            who.must_run_the_server()?;
        }
        if let Some(name) = &change.name {
            row.name = fields::line("name", name, NAME_MAX)?;
            refuse_taken_name(&roster::open_desks(tx, production.id)?, &row)?;
        }
        let before = policy_desks(tx, production.id)?;
        let moved = DeskRow { level: change.level.map_or(Ok(row.level), |l| level(side, Some(l)))?, ..row.clone() };
        if Some(&moved) == productions::desk(tx, desk)?.as_ref() {
            let standing = Standing::InForce(production.policy.version);
            return Ok(DeskChanged { desk: DeskView::try_from(&row)?, standing });
        }
        let wanted = with(&before, &moved)?;
        refuse_lowest_without_union(&production, &wanted)?;
        // The name is in force at once; only the level may have to wait.
        let waits = side == Side::Union && moved.level != row.level;
        productions::save_desk(tx, if waits { &row } else { &moved })?;
        let standing = if waits {
            policy::propose_desks(tx, &production, &wanted, now)?
        } else {
            policy::desks_changed(tx, &production, &wanted, now)?
        };
        self.tell_if_it_waits(tx, &production, standing, event, now)?;
        if !waits && moved.level != row.level {
            // Whoever sat there is at another level now: the one whose clock runs may be empty.
            self.people_changed(tx, production.id, now)?;
        }
        Ok(DeskChanged { desk: DeskView::try_from(if waits { &row } else { &moved })?, standing })
    }

    /// Ends a desk and its seats. A union desk stays until a union member agrees.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody but the operator; [`AppError::LastAtLevel`] if nobody else of the side sits
    /// at its level; [`AppError::Invalid`] if the lowest level would have no union desk.
    pub async fn end_desk(&self, who: Administrator, desk: DeskId) -> Result<DeskChanged, AppError> {
        let now = self.inner.clock.now();
        who.must_run_the_server()?;
        let (app, production) = (self.clone(), self.production_of(desk).await?);
        let event = EventId::new(self.inner.entropy.bytes());
        let write = move |tx: &mut Tx| {
            let (production, row) = app.desk_in(tx, desk)?;
            refuse_last_at_level(&production, &row)?;
            let mut wanted = policy_desks(tx, production.id)?;
            wanted.retain(|d| d.id != desk);
            refuse_lowest_without_union(&production, &wanted)?;
            let ended = DeskView::try_from(&row)?;
            if side_of(&row.side)? == Side::Union {
                let standing = policy::propose_desks(tx, &production, &wanted, now)?;
                app.tell_if_it_waits(tx, &production, standing, event, now)?;
                return Ok::<_, AppError>(DeskChanged { desk: ended, standing });
            }
            seats::end_desk(&app, tx, &production, row, event, now)?;
            let standing = policy::desks_changed(tx, &production, &wanted, now)?;
            app.people_changed(tx, production.id, now)?;
            Ok(DeskChanged { desk: ended, standing })
        };
        let ended = self.inner.storage.write(production.as_bytes(), write).await?;
        self.nudge_both();
        Ok(ended)
    }

    /// The production of a desk, ended or not.
    pub(super) async fn production_of(&self, desk: DeskId) -> Result<ProductionId, AppError> {
        let found = self.inner.storage.read(move |conn| Ok::<_, AppError>(productions::desk(conn, desk)?)).await?;
        found.map(|row| row.production_id).ok_or(AppError::NotFound)
    }

    /// A desk that has not ended, with its production.
    pub(super) fn desk_in(
        &self,
        conn: &mut Conn,
        desk: DeskId,
    ) -> Result<(std::sync::Arc<Production>, DeskRow), AppError> {
        let row = productions::desk(conn, desk)?.filter(|row| row.ended_at.is_none()).ok_or(AppError::NotFound)?;
        Ok((self.production_in(conn, row.production_id)?, row))
    }

    /// The desk of a production with this name, for the command line.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `desk` if there is none.
    pub async fn desk_named(&self, production: ProductionId, name: &str) -> Result<DeskView, AppError> {
        let name = name.trim().to_owned();
        let read = move |conn: &mut Conn| {
            let desks = roster::open_desks(conn, production)?;
            let found = desks.iter().find(|desk| desk.name == name);
            found.map(DeskView::try_from).transpose()
        };
        let found = self.inner.storage.read(read).await?;
        found.ok_or_else(|| {
            AppError::invalid(
                "desk",
                "has to be the name of a desk of this production: see `lastlooks production show`",
            )
        })
    }
}

fn level(side: Side, level: Option<u8>) -> Result<Option<i32>, AppError> {
    match (side, level) {
        (Side::Observer, None) => Ok(None),
        (Side::Observer, Some(_)) => Err(AppError::invalid("level", "cannot be given: observers have none")),
        (Side::Production | Side::Union, None) => Err(AppError::invalid("level", "is required")),
        (Side::Production | Side::Union, Some(level)) if (1..=9).contains(&level) => Ok(Some(i32::from(level))),
        (Side::Production | Side::Union, Some(_)) => Err(AppError::invalid("level", "has to be 1 to 9")),
    }
}

fn refuse_taken_name(desks: &[DeskRow], row: &DeskRow) -> Result<(), AppError> {
    if desks.iter().any(|desk| desk.id != row.id && desk.name == row.name) {
        return Err(AppError::invalid("name", "is the name of another desk of this production"));
    }
    Ok(())
}

/// A policy needs a union desk at its lowest level. While a production is being set up it may lack one; a change must
/// not take it away.
fn refuse_lowest_without_union(production: &Production, wanted: &[PolicyDesk]) -> Result<(), AppError> {
    let after = Policy { desks: wanted.to_vec(), ..Policy::clone(&production.policy) };
    match after.check_desks() {
        Err(error) if production.policy.check_desks().is_ok() => Err(policy::refused(&error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn refuse_last_at_level(production: &Production, row: &DeskRow) -> Result<(), AppError> {
    let (side, level) = (side_of(&row.side)?, DeskView::try_from(row)?.level());
    let seated = |elsewhere: bool| {
        production.seats.iter().any(|s| s.side == side && s.level == level && (s.desk != row.id) == elsewhere)
    };
    if side != Side::Observer && seated(false) && !seated(true) {
        return Err(AppError::LastAtLevel);
    }
    Ok(())
}

/// The desks as a policy version names them, by level.
pub(in crate::app) fn policy_desks(conn: &mut Conn, production: ProductionId) -> Result<Vec<PolicyDesk>, AppError> {
    roster::open_desks(conn, production)?.iter().map(policy_desk).collect()
}

fn policy_desk(row: &DeskRow) -> Result<PolicyDesk, AppError> {
    let level = DeskView::try_from(row)?.level();
    Ok(PolicyDesk { id: row.id, name: row.name.clone(), side: side_of(&row.side)?, level })
}

fn with(desks: &[PolicyDesk], row: &DeskRow) -> Result<Vec<PolicyDesk>, AppError> {
    let changed = policy_desk(row)?;
    Ok(desks.iter().map(|d| if d.id == row.id { changed.clone() } else { d.clone() }).collect())
}
