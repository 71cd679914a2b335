//! An address that does not exist: marked, told to those who can mend it, and judged in every report that waits there.
//!
//! Source: domain.md, "Fairness" and "Notices".

use super::{MOST_TRIES, Outgoing, SENDER, touch_productions_of};
use crate::{
    app::{
        App, Production, Seat,
        bounces::About,
        context::{side_of, stored},
        error::AppError,
        notices::person::{PersonBody, Told, members},
        record::{Decided, is_conflict},
    },
    domain::{
        event::Awaiting,
        ids::{EventId, MemberId, ProductionId},
        lifecycle::{self, Command},
        notice::NoticeKind,
        policy::{Level, Side},
        time::UtcMillis,
    },
    storage::{
        Tx,
        outbox::{self, Bounce, NoticeRow},
        people, productions, reports,
    },
};

/// A desk to which a notice goes, or would.
pub(in crate::app) struct Place {
    pub(in crate::app) side: Side,
    pub(in crate::app) level: Option<Level>,
    pub(in crate::app) desk: crate::domain::ids::DeskId,
}

impl Place {
    /// Where somebody sits.
    pub(in crate::app) const fn of(seat: &Seat) -> Self {
        Self { side: seat.side, level: seat.level, desk: seat.desk }
    }
}

/// To whom it is news that an address is dead.
struct News {
    /// What the notice was about that came back.
    now: About,
    /// What those were about that came back before.
    before: Vec<About>,
}

impl News {
    fn of(app: &App, tx: &mut Tx, sent: &Outgoing) -> Result<Self, AppError> {
        let bounces = outbox::bounces(tx, &sent.email)?;
        let before = bounces.iter().map(|bounce| app.about(tx, bounce.report_id));
        Ok(Self { before: before.collect::<Result<_, _>>()?, now: app.about(tx, sent.row.report_id)? })
    }

    fn is_for(&self, member: MemberId) -> bool {
        self.now.may_be_known_to(member) && !self.before.iter().any(|about| about.may_be_known_to(member))
    }
}

impl App {
    /// A mail server said that the recipient does not exist: the address is marked, its desk, the desk above and the union
    /// side are told, and levels that nobody can be told at are passed on. The notice is given up and shown.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]: the notice is sent again once its lease is over.
    pub async fn address_is_dead(&self, sent: &Outgoing, reply: &str, now: UtcMillis) -> Result<(), AppError> {
        let (at, event) = (sent.coarse(now), EventId::new(self.inner.entropy.bytes()));
        let key = sent.row.production_id.map_or(SENDER, |id| *id.as_bytes());
        for _ in 0..MOST_TRIES {
            let (app, sent, reply) = (self.clone(), sent.clone(), reply.to_owned());
            let work = move |tx: &mut Tx| app.mark_dead(tx, &sent, &reply, event, (at, now));
            match self.inner.storage.write(&key, work).await {
                Err(error) if is_conflict(&error) => {}
                Err(error) => return Err(error),
                Ok(decided) => {
                    self.nudge_for(&decided);
                    self.inner.nudges.sender.notify_one();
                    return Ok(());
                }
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    fn mark_dead(
        &self,
        tx: &mut Tx,
        sent: &Outgoing,
        reply: &str,
        event: EventId,
        (at, now): (UtcMillis, UtcMillis),
    ) -> Result<Vec<Decided>, AppError> {
        let news = News::of(self, tx, sent)?;
        outbox::mark_dead(tx, &sent.email, Bounce { report_id: sent.row.report_id, since: at }, reply)?;
        outbox::give_back(tx, sent.row.id, sent.row.attempts.saturating_add(1), None)?;
        let mut decided = Vec::new();
        for id in touch_productions_of(tx, sent.reader.map(|reader| reader.member))? {
            let production = self.production_in(tx, id)?;
            outbox::enqueue(tx, &self.notices_of_dead_seats(&production, sent, &news, event, at)?)?;
            decided.extend(self.people_changed(tx, id, now)?);
        }
        if sent.reader.is_none() {
            let notices = self.notices_of_dead_invitation(tx, sent, &news, event, at)?;
            outbox::enqueue(tx, &notices)?;
        }
        Ok(decided)
    }

    /// Looks at every report whose clock runs: its level may have nobody left, or nobody who can be told. What follows
    /// keeps the span alone: a mail bounces moments after a filing.
    pub(in crate::app) fn people_changed(
        &self,
        tx: &mut Tx,
        id: ProductionId,
        now: UtcMillis,
    ) -> Result<Vec<Decided>, AppError> {
        let clocks = [Awaiting::Acknowledgement.code(), Awaiting::Answer.code()];
        let mut decided = Vec::new();
        for row in reports::open_of(tx, id)? {
            if !row.awaiting.as_deref().is_some_and(|awaiting| clocks.contains(&awaiting)) {
                continue;
            }
            let subject = self.subject_to_decide(tx, row.id, now)?;
            let command = Command::PeopleChanged;
            let events = lifecycle::decide(&subject.report, &command, &subject.policy, &subject.people, now)?;
            decided.push(self.record(tx, subject, events)?);
        }
        Ok(decided)
    }

    fn notices_of_dead_seats(
        &self,
        production: &Production,
        sent: &Outgoing,
        news: &News,
        event: EventId,
        at: UtcMillis,
    ) -> Result<Vec<NoticeRow>, AppError> {
        let Some(dead) = sent.reader else { return Ok(Vec::new()) };
        let Some(theirs) = production.seats_of(dead.member).next() else { return Ok(Vec::new()) };
        let body = PersonBody::of(theirs);
        let places: Vec<Place> = production.seats_of(dead.member).map(Place::of).collect();
        self.dead_address_notices(
            (production, &places),
            Some(theirs),
            news,
            &Told { event, production: production.id, body: &body, now: at },
        )
    }

    fn notices_of_dead_invitation(
        &self,
        tx: &mut Tx,
        sent: &Outgoing,
        news: &News,
        event: EventId,
        at: UtcMillis,
    ) -> Result<Vec<NoticeRow>, AppError> {
        let invitation = sent.row.invitation_id.map(|id| people::invitation(tx, id)).transpose()?.flatten();
        let desk = invitation.and_then(|row| row.desk_id).map(|id| productions::desk(tx, id)).transpose()?.flatten();
        let Some(desk) = desk else { return Ok(Vec::new()) };
        let production = self.production_in(tx, desk.production_id)?;
        let level = desk.level.and_then(|level| u8::try_from(level).ok()).map(Level);
        let place = Place { side: side_of(&desk.side)?, level, desk: desk.id };
        let body: PersonBody = stored(&sent.row.body)?;
        self.dead_address_notices(
            (&production, &[place]),
            None,
            news,
            &Told { event, production: production.id, body: &body, now: at },
        )
    }

    /// To the desk, the desk above it and the union side, but not to the dead address itself, and to nobody to whom it is
    /// no news.
    fn dead_address_notices(
        &self,
        (production, places): (&Production, &[Place]),
        dead: Option<&Seat>,
        news: &News,
        told: &Told<'_>,
    ) -> Result<Vec<NoticeRow>, AppError> {
        let others = production.seats.iter().filter(|seat| dead.is_none_or(|dead| dead.member != seat.member));
        let told_seats = others.filter(|seat| hears_of(production, places, seat));
        let to = members(told_seats).into_iter().filter(|member| news.is_for(*member));
        to.map(|member| self.person_notice(told, NoticeKind::AddressDead, member)).collect()
    }
}

/// Whether a seat hears of notices that do not reach these places: the desk itself, the desk above, the union side.
///
/// Source: domain.md, "Fairness".
pub(in crate::app) fn hears_of(production: &Production, places: &[Place], seat: &Seat) -> bool {
    let is_near = |place: &Place| seat.desk == place.desk || is_above(production, place, seat);
    seat.side == Side::Union || places.iter().any(is_near)
}

/// The seat is at the next level above at which somebody of that side sits.
fn is_above(production: &Production, place: &Place, seat: &Seat) -> bool {
    let same_side = production.seats.iter().filter(|s| s.side == place.side);
    let above = same_side.filter_map(|s| s.level).filter(|level| Some(*level) > place.level).min();
    place.level.is_some() && seat.side == place.side && above.is_some() && seat.level == above
}
