//! A leased notice becomes a mail, or is dropped where nobody may, or need, be told any more.

use super::{Outgoing, ReaderSeat, SENDER, Senseless};
use crate::{
    app::{
        App, Production, Seat,
        context::stored,
        error::AppError,
        notices::{
            person::PersonBody,
            report::{ReportBody, kind_of},
            words::{facts_for, may_acknowledge_until, reader_of, report_facts},
        },
        record::Subject,
    },
    auth::one_time::OneTime,
    domain::{
        event::Outcome,
        ids::{InvitationId, MemberId, ReportId},
        notice::NoticeKind,
        policy::{Level, Side},
        report::Stage,
        time::{Seconds, UtcMillis},
    },
    notify::{
        Mail,
        facts::{LedgerFacts, NoticeFacts},
        mail::{mailbox, mailbox_of, message_id},
        words::render,
    },
    storage::{
        Bytes, Conn,
        outbox::{self, LinkRow, NoticeRow},
        people, productions,
    },
};

/// The name of the service, where no production has one to show.
const SERVICE: &str = "Last Looks";

/// To whom a mail goes.
struct To<'a> {
    name: &'a str,
    email: &'a str,
    reader: Option<ReaderSeat>,
    step: Option<Seconds>,
}

impl App {
    /// The mail of a leased notice; none if it was dropped.
    ///
    /// A link's hash is on disk when this returns, before any byte of the mail leaves.
    ///
    /// # Errors
    /// [`AppError::Unavailable`]; anything else means that this notice can never be sent.
    pub async fn prepare_notice(&self, row: &NoticeRow, now: UtcMillis) -> Result<Option<Outgoing>, AppError> {
        let kind = kind_of(row)?;
        let made = match (row.report_id, row.invitation_id) {
            (Some(report), _) => self.about_report(kind, row, report, now).await?,
            (None, Some(invitation)) => self.about_invitation(row, invitation, now).await?,
            (None, None) => self.about_person(kind, row, now).await?,
        };
        if made.is_none() {
            let id = row.id;
            self.inner.storage.write(&SENDER, move |tx| outbox::remove(tx, id)).await?;
        }
        Ok(made)
    }

    async fn about_report(
        &self,
        kind: NoticeKind,
        row: &NoticeRow,
        report: ReportId,
        now: UtcMillis,
    ) -> Result<Option<Outgoing>, AppError> {
        let Some(member) = row.member_id else { return Ok(None) };
        let body: ReportBody = stored(&row.body)?;
        let app = self.clone();
        let read = move |conn: &mut Conn| match app.subject_in(conn, report) {
            Err(AppError::NotFound) => Ok(None),
            found => found.map(Some),
        };
        let Some(subject) = self.inner.storage.read(read).await? else { return Ok(None) };
        let Ok(seat) = reader_seat(kind, &subject, member, body.reader_level.map(Level)) else { return Ok(None) };
        let link = match may_acknowledge_until(&subject, seat, now) {
            Some(due_at) => Some(self.draw_link(report, member, (subject.report.cycle, due_at)).await?),
            None => None,
        };
        let facts = NoticeFacts {
            report: Some(report_facts(kind, &subject, &body, seat)),
            link,
            ..facts_for(kind, &subject.production, seat, self.desk_url(), now)
        };
        let to = To { step: Some(Seconds(body.span_seconds)), ..to(seat) };
        self.outgoing(row, facts, &to, &[self.thread(report, member)]).await.map(Some)
    }

    /// A link by which one person may acknowledge one report in one cycle until its deadline.
    async fn draw_link(
        &self,
        report: ReportId,
        member: MemberId,
        (cycle, due_at): (u16, UtcMillis),
    ) -> Result<String, AppError> {
        let token = OneTime::new(self.inner.entropy.bytes());
        let (token_hash, cycle) = (Bytes(token.stored()), i32::from(cycle));
        let row = LinkRow { token_hash, report_id: report, member_id: member, cycle, due_at };
        self.inner.storage.write(report.as_bytes(), move |tx| outbox::add_link(tx, &row)).await?;
        Ok(format!("{}/a/{}", self.inner.settings.public_url, token.text().as_str()))
    }

    async fn about_person(
        &self,
        kind: NoticeKind,
        row: &NoticeRow,
        now: UtcMillis,
    ) -> Result<Option<Outgoing>, AppError> {
        let (Some(id), Some(member)) = (row.production_id, row.member_id) else { return Ok(None) };
        let production = self.production(id).await?;
        let Some(seat) = production.seats_of(member).next() else { return Ok(None) };
        let test = kind == NoticeKind::TestNotice;
        let facts = NoticeFacts {
            person: Some(PersonBody::read(&row.body)?.facts()),
            link: test.then(|| format!("{}#test", self.desk_url())),
            ..facts_for(kind, &production, seat, self.desk_url(), now)
        };
        self.outgoing(row, facts, &to(seat), &[]).await.map(Some)
    }

    async fn about_invitation(
        &self,
        row: &NoticeRow,
        invitation: InvitationId,
        now: UtcMillis,
    ) -> Result<Option<Outgoing>, AppError> {
        let Some(drawn) = self.draw_invitation_code(invitation).await? else { return Ok(None) };
        let production = match row.production_id {
            Some(id) => Some(self.production(id).await?),
            None => None,
        };
        let side = self.inner.storage.read(move |conn| side_invited_to(conn, invitation)).await?;
        let person = PersonBody::read(&row.body)?.facts();
        let (name, email) = (person.name.clone().unwrap_or_default(), person.address.clone());
        let facts = NoticeFacts {
            person: Some(person),
            link: Some(drawn.url.to_string()),
            ..self.facts_of_invitation(production.as_deref(), side, now)
        };
        let to = To { name: &name, email: &email, reader: None, step: None };
        self.outgoing(row, facts, &to, &[]).await.map(Some)
    }

    fn facts_of_invitation(&self, production: Option<&Production>, side: Side, now: UtcMillis) -> NoticeFacts {
        NoticeFacts {
            kind: NoticeKind::Invitation,
            shown_as: production.map_or(SERVICE, Production::shown_as).to_owned(),
            reader: reader_of(side),
            reader_roles: Vec::new(),
            now,
            time_zone: production.map_or("UTC", |p| p.settings.time_zone.as_str()).to_owned(),
            report: None,
            person: None,
            outage: None,
            link: None,
            desk_url: self.desk_url(),
            ledger: None,
        }
    }

    fn desk_url(&self) -> String {
        format!("{}/desk", self.inner.settings.public_url)
    }

    async fn outgoing(
        &self,
        row: &NoticeRow,
        facts: NoticeFacts,
        to: &To<'_>,
        threads: &[[u8; 32]],
    ) -> Result<Outgoing, AppError> {
        let from = mailbox(&self.inner.settings.mail_from).map_err(AppError::internal)?;
        let head = self.published_head().await?;
        let ledger = head.map(|head| LedgerFacts { size: head.size, root: head.root.to_string() });
        let facts = NoticeFacts { ledger, ..facts };
        let words = render(&facts).map_err(AppError::internal)?;
        let mail = Mail {
            message_id: message_id(&row.key.0, &from),
            references: threads.iter().map(|thread| message_id(thread, &from)).collect(),
            to: mailbox_of(to.name, to.email).map_err(AppError::internal)?,
            from,
            subject: words.subject,
            plain: words.plain,
            html: words.html,
            date: facts.now,
        };
        Ok(Outgoing { mail, email: to.email.to_owned(), row: row.clone(), reader: to.reader, step: to.step })
    }
}

fn to(seat: &Seat) -> To<'_> {
    let reader = ReaderSeat { id: seat.id, member: seat.member, side: seat.side, level: seat.level };
    To { name: &seat.name, email: &seat.email, reader: Some(reader), step: None }
}

/// The seat that a notice about a report goes to: the one it was meant for, else another one of the member that was
/// told. Whoever was removed, recused or kept out meanwhile gets nothing; and what was withdrawn needs no other words.
fn reader_seat(
    kind: NoticeKind,
    subject: &Subject,
    member: MemberId,
    level: Option<Level>,
) -> Result<&Seat, Senseless> {
    let withdrawn = matches!(subject.report.stage, Stage::Closed { outcome: Outcome::Withdrawn });
    if withdrawn && kind != NoticeKind::Withdrawn {
        return Err(Senseless);
    }
    let told = subject.told_seats(member);
    let is_told = |seat: &&Seat| told.iter().any(|t| t.side == seat.side && t.level == seat.level);
    let seats = || subject.production.places_of(member).filter(is_told);
    seats().find(|seat| seat.level == level).or_else(|| seats().next()).ok_or(Senseless)
}

/// The side of the desk; the operator, who has none, reads as the host's own.
fn side_invited_to(conn: &mut Conn, invitation: InvitationId) -> Result<Side, AppError> {
    let desk = people::invitation(conn, invitation)?.and_then(|row| row.desk_id);
    let desk = desk.map(|id| productions::desk(conn, id)).transpose()?.flatten();
    desk.map_or(Ok(Side::Production), |desk| crate::app::context::side_of(&desk.side))
}
