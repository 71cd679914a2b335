//! Whether a show is ready for its first shooting day: people at every level, addresses that mail reaches, a test notice
//! that everybody has confirmed.
//!
//! Source: experience.md, "Desks" (readiness).

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App, Production, Seat,
    error::AppError,
    notices::person::{PersonBody, Told, members},
    people::Administrator,
    sessions::SignedIn,
    shown::time,
};
use crate::{
    domain::{
        ids::{EventId, MemberId, ProductionId},
        notice::NoticeKind,
        policy::{Level, PolicyDesk, Side},
        time::{Seconds, UtcMillis},
    },
    storage::{Conn, Tx, outbox, people, test_notices},
};

/// Test notices of one production are so far apart at least.
const BETWEEN_TESTS: Seconds = Seconds::minutes(5);
/// Fewer people on a side, and one lost password too many leaves it blind.
///
/// Source: security.md, "Keys of people, and the roster".
const FEW: usize = 3;

/// How ready a production is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadinessView {
    /// The production.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub production: ProductionId,
    /// Nothing is missing.
    pub ready: bool,
    /// Each level of each side; observers last.
    pub levels: Vec<LevelReadiness>,
    /// When the last test notice went out.
    pub last_test_at: Option<String>,
    /// What a show needs and does not have, as far as the reader may know: of dead addresses those at their own desk and
    /// the desk below are shown, and all to the union side.
    pub missing: Vec<Finding>,
    /// What may go wrong.
    pub warnings: Vec<Finding>,
}

/// A level of one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LevelReadiness {
    /// `production`, `union` or `observer`.
    #[schema(example = "production")]
    pub side: String,
    /// 1..=9; null for observers.
    #[schema(example = 1)]
    pub level: Option<u8>,
    /// Its desks.
    pub desks: Vec<String>,
    /// People who sit there.
    pub people: usize,
    /// Of these, how many were let in to what was open when they came.
    pub let_in: usize,
    /// Of these, how many have confirmed the last test notice.
    pub confirmed: usize,
}

/// Something that is missing, or may go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// `nobody_there`, `dead_address`, `no_test_notice`, `test_not_confirmed`; as a warning `single_person_desk`,
    /// `few_on_side`, `not_let_in`. There may be more.
    #[schema(example = "single_person_desk")]
    pub code: String,
    /// Which side, if it is about one.
    pub side: Option<String>,
    /// Which level, if it is about one.
    pub level: Option<u8>,
    /// Which desk, if it is about one.
    pub desk: Option<String>,
    /// Whom, if it is about somebody.
    pub person: Option<String>,
}

/// A test notice that went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TestSent {
    /// When.
    pub sent_at: String,
    /// To how many people.
    #[schema(example = 15)]
    pub people: usize,
}

/// Where a member confirmed that test notices arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TestConfirmed {
    /// The productions whose last test notice is confirmed by them now.
    #[schema(value_type = Vec<String>)]
    pub productions: Vec<ProductionId>,
}

impl App {
    /// How ready a production is.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for whoever is not seated there and is not the operator.
    pub async fn readiness(&self, who: Administrator, production: ProductionId) -> Result<ReadinessView, AppError> {
        let app = self.clone();
        let read = move |conn: &mut Conn| {
            let production = app.production_in(conn, production)?;
            who.must_read(&production)?;
            let last = test_notices::last(conn, production.id)?;
            let confirmed = test_notices::confirmed(conn, production.id)?;
            let mut dead = Vec::new();
            for seat in first_seats(&production) {
                if app.is_shown_dead(conn, &production, seat, who)? {
                    dead.push(seat.member);
                }
            }
            Ok::<_, AppError>(view(&production, last, &confirmed, &dead))
        };
        self.inner.storage.read(read).await
    }

    /// Sends everybody with a seat a notice that is to be confirmed with a press.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody but the operator and members of either side; [`AppError::SlowDown`] within
    /// five minutes of the last one.
    pub async fn send_test_notice(&self, who: Administrator, production: ProductionId) -> Result<TestSent, AppError> {
        let now = self.inner.clock.now();
        let (app, event) = (self.clone(), EventId::new(self.inner.entropy.bytes()));
        let write = move |tx: &mut Tx| {
            let production = app.production_in(tx, production)?;
            who.must_test(&production)?;
            refuse_too_soon(test_notices::last(tx, production.id)?, now)?;
            test_notices::begin(tx, production.id, now)?;
            let to = members(production.seats.iter());
            let mut rows = Vec::with_capacity(to.len());
            for member in &to {
                let Some(seat) = production.seats_of(*member).next() else { continue };
                let told = Told { event, production: production.id, body: &PersonBody::of(seat), now };
                rows.push(app.person_notice(&told, NoticeKind::TestNotice, *member)?);
            }
            outbox::enqueue(tx, &rows)?;
            Ok::<_, AppError>(TestSent { sent_at: time(now), people: to.len() })
        };
        self.change_people(production.as_bytes(), write).await
    }

    /// The test notices that went out to a member have arrived. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn confirm_test_notice(&self, who: &SignedIn) -> Result<TestConfirmed, AppError> {
        let (now, member) = (self.inner.clock.now(), who.member);
        let write = move |tx: &mut Tx| {
            let mut ids: Vec<ProductionId> =
                people::seats_of_member(tx, member)?.into_iter().map(|seat| seat.production_id).collect();
            ids.sort_unstable();
            ids.dedup();
            let mut productions = Vec::new();
            for id in ids {
                if test_notices::last(tx, id)?.is_none() {
                    continue;
                }
                if !test_notices::confirmed(tx, id)?.contains(&member) {
                    test_notices::confirm(tx, id, member, now)?;
                }
                productions.push(id);
            }
            Ok::<_, AppError>(TestConfirmed { productions })
        };
        self.change_people(who.member.as_bytes(), write).await
    }
}

fn refuse_too_soon(last: Option<UtcMillis>, now: UtcMillis) -> Result<(), AppError> {
    let left = last.map_or(0, |last| last.plus(BETWEEN_TESTS).since(now));
    if left <= 0 {
        return Ok(());
    }
    let seconds = u32::try_from((left + 999) / 1000).unwrap_or(BETWEEN_TESTS.0);
    Err(AppError::SlowDown { retry_after_seconds: seconds.min(BETWEEN_TESTS.0) })
}

fn view(production: &Production, last: Option<UtcMillis>, confirmed: &[MemberId], dead: &[MemberId]) -> ReadinessView {
    let places = places(production);
    let mut missing = Vec::new();
    if last.is_none() {
        missing.push(Finding::of("no_test_notice"));
    }
    for (side, level) in &places {
        if *side != Side::Observer && people_at(production, *side, *level).is_empty() {
            missing.push(Finding::of("nobody_there").at(*side, *level));
        }
    }
    for seat in first_seats(production) {
        if dead.contains(&seat.member) {
            missing.push(Finding::of("dead_address").about(seat));
        }
        if last.is_some() && !confirmed.contains(&seat.member) {
            missing.push(Finding::of("test_not_confirmed").about(seat));
        }
    }
    let levels = places.into_iter().map(|(side, level)| level_view(production, side, level, confirmed)).collect();
    ReadinessView {
        production: production.id,
        ready: missing.is_empty(),
        levels,
        last_test_at: last.map(time),
        missing,
        warnings: warnings(production),
    }
}

fn warnings(production: &Production) -> Vec<Finding> {
    let mut found = Vec::new();
    for side in [Side::Production, Side::Union] {
        if members(production.seats.iter().filter(|seat| seat.side == side)).len() < FEW {
            found.push(Finding { side: Some(side.code().to_owned()), ..Finding::of("few_on_side") });
        }
    }
    for desk in production.policy.desks.iter().filter(|desk| desk.side != Side::Observer) {
        let there = production.seats.iter().filter(|seat| seat.desk == desk.id).count();
        if there == 1 {
            let name = Some(desk.name.clone());
            found.push(Finding { desk: name, ..Finding::of("single_person_desk").at(desk.side, desk.level) });
        }
    }
    let outside = first_seats(production).into_iter().filter(|seat| !production.is_let_in(seat));
    found.extend(outside.map(|seat| Finding::of("not_let_in").about(seat)));
    found
}

/// Where a place stands in the lists: by level, production before union, observers last.
fn rank(side: Side, level: Option<Level>) -> (bool, Option<Level>, bool) {
    (side == Side::Observer, level, side == Side::Union)
}

/// Sides and levels that have a desk.
fn places(production: &Production) -> Vec<(Side, Option<Level>)> {
    let of = |desk: &PolicyDesk| (desk.side, desk.level);
    let mut places: Vec<(Side, Option<Level>)> = production.policy.desks.iter().map(of).collect();
    places.sort_unstable_by_key(|(side, level)| rank(*side, *level));
    places.dedup();
    places
}

fn people_at(production: &Production, side: Side, level: Option<Level>) -> Vec<MemberId> {
    members(production.seats.iter().filter(|seat| seat.side == side && seat.level == level))
}

/// One seat for each person, by place, desk and name: what is missing is said in the same order each time.
fn first_seats(production: &Production) -> Vec<&Seat> {
    let is_first = |seat: &&Seat| production.seats_of(seat.member).next().is_some_and(|first| first.id == seat.id);
    let mut seats: Vec<&Seat> = production.seats.iter().filter(is_first).collect();
    seats.sort_by_key(|seat| (rank(seat.side, seat.level), &seat.desk_name, &seat.name));
    seats
}

fn level_view(production: &Production, side: Side, level: Option<Level>, confirmed: &[MemberId]) -> LevelReadiness {
    let people = people_at(production, side, level);
    let desks = production.policy.desks.iter().filter(|desk| desk.side == side && desk.level == level);
    let let_in = |member: &&MemberId| production.seats_of(**member).any(|seat| production.is_let_in(seat));
    LevelReadiness {
        side: side.code().to_owned(),
        level: level.map(|level| level.0),
        desks: desks.map(|desk| desk.name.clone()).collect(),
        people: people.len(),
        let_in: people.iter().filter(let_in).count(),
        confirmed: people.iter().filter(|member| confirmed.contains(member)).count(),
    }
}

impl Finding {
    fn of(code: &str) -> Self {
        Self { code: code.to_owned(), side: None, level: None, desk: None, person: None }
    }

    fn at(self, side: Side, level: Option<Level>) -> Self {
        Self { side: Some(side.code().to_owned()), level: level.map(|level| level.0), ..self }
    }

    fn about(self, seat: &Seat) -> Self {
        let desk = Some(seat.desk_name.clone());
        Self { desk, person: Some(seat.name.clone()), ..self.at(seat.side, seat.level) }
    }
}
