//! What a filing makes, decided before anything is sealed or written.

use crate::{
    app::{
        App,
        context::Production,
        form::{Delay, FilingBody},
        handle,
        record::tags_of,
    },
    domain::{
        catalogue::{Chain, Severity},
        event::Event,
        ids::ReportId,
        lifecycle::{self, Filing, People},
        time::{Seconds, UtcMillis},
    },
    sealing::kept_out::{self, Name},
};

/// The longest random delay.
const LONGEST_DELAY_MILLIS: u32 = 2 * 3_600_000;

/// A filing that is decided but not sealed yet.
pub(super) struct Draft {
    /// Its id.
    pub(super) id: ReportId,
    /// What it is about.
    pub(super) category: String,
    /// It is about somebody's role.
    pub(super) names_subject: bool,
    /// The delay that was asked for was dropped.
    pub(super) delay_dropped: bool,
    /// Its two random words.
    pub(super) handle: String,
    /// Severity after raising.
    pub(super) severity: Severity,
    /// Whose clock it starts.
    pub(super) chain: Chain,
    /// Who is kept out.
    pub(super) tags: Vec<kept_out::Tag>,
    /// The seats, as it sees them.
    pub(super) people: People,
    /// What happened at its birth.
    pub(super) events: Vec<Event>,
    /// The hour in which it is counted: never anything finer.
    pub(super) hour: UtcMillis,
    /// Its crew code is no longer in full force.
    pub(super) by_old_code: bool,
}

impl App {
    /// Decides what the filing makes, before anything is sealed or written.
    pub(super) fn draft(
        &self,
        production: &Production,
        body: &FilingBody,
        chain: Chain,
        severity: Severity,
        now: UtcMillis,
    ) -> Draft {
        let id = ReportId::new(self.inner.entropy.bytes());
        let tags = self.kept_out_at_filing(production, id, body.subject_role.as_deref());
        let packed: Vec<u8> = tags.concat();
        let tags = tags_of(&packed);
        let people = self.people_of(production, id, &tags);
        let retaliation = chain == Chain::Union;
        let delay = match body.delay {
            Delay::None => 0,
            Delay::UpTo2h => i64::from(self.inner.entropy.below(LONGEST_DELAY_MILLIS)),
        };
        let filing = Filing { retaliation, severity, delay_millis: delay };
        let (_, events) = lifecycle::file(&filing, &production.policy, &people, now);
        let at_once = severity >= Severity::NextSetup && !retaliation;
        Draft {
            id,
            category: body.category.clone(),
            names_subject: body.subject_role.is_some(),
            delay_dropped: at_once && body.delay == Delay::UpTo2h,
            handle: handle::draw(&*self.inner.entropy),
            severity,
            chain,
            tags,
            people,
            events,
            hour: now.up(Seconds::hours(1)),
            by_old_code: false,
        }
    }

    /// The subject's role, and every member who holds it now.
    fn kept_out_at_filing(&self, production: &Production, id: ReportId, role: Option<&str>) -> Vec<kept_out::Tag> {
        let mut names = Vec::new();
        if let Some(role) = role {
            names.push(Name::Role(role));
            let holders = production.seats.iter().filter(|s| s.roles.iter().any(|r| r == role));
            names.extend(holders.map(|s| Name::Member(s.member)));
        }
        kept_out::fill(&self.inner.keys.kept, id, &names, &*self.inner.entropy)
    }
}
