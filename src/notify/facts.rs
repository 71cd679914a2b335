//! What a notice is told about the world: plain data, without a word of a report, a category or an id.

use crate::domain::{notice::NoticeKind, time::UtcMillis};

/// Everything that the words of one mail to one person are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeFacts {
    /// What it is about.
    pub kind: NoticeKind,
    /// The production's shown name: "Western". For the operator's own invitation the name of the service.
    pub shown_as: String,
    /// Which side the reader sits on.
    pub reader: Reader,
    /// The reader's role codes there, for the footer. May be empty.
    pub reader_roles: Vec<String>,
    /// When the mail is rendered: decides what is today, and what is late.
    pub now: UtcMillis,
    /// IANA name of the production's zone: "America/Denver". Unknown names read as UTC.
    pub time_zone: String,
    /// The report, where the kind is about one.
    pub report: Option<ReportFacts>,
    /// The person, where the kind is about one.
    pub person: Option<PersonFacts>,
    /// The outage, for its digest.
    pub outage: Option<OutageFacts>,
    /// A page with one button, for this person alone: reply page, invitation, test. None where nothing is to be pressed.
    pub link: Option<String>,
    /// Where the reader signs in: the desk's address, without any id.
    pub desk_url: String,
    /// The ledger's last published head, for the footer; none before the first.
    pub ledger: Option<LedgerFacts>,
}

/// A published head of the ledger. It is public, and the same in every mail between two ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFacts {
    /// How many entries.
    pub size: u64,
    /// The hash over all of them, base64.
    pub root: String,
}

/// Which side the reader sits on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The employer's side.
    Production,
    /// The side that is not the employer's.
    Union,
    /// Told only, owes nothing.
    Observer,
}

/// What a mail may say of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFacts {
    /// Severity, in the words of the screens.
    pub how_soon: HowSoon,
    /// The two random words: "Copper Lantern".
    pub handle: String,
    /// Whose steps [`ReportFacts::steps`] are.
    pub chain: Chain,
    /// What is awaited next, if anything.
    pub due: Option<Due>,
    /// The deadline that was missed before this: of an answer that came late, or of a check that was passed on.
    pub was_due: Option<UtcMillis>,
    /// The level that a breach is of. None for every other kind.
    pub level: Option<u8>,
    /// Role code of whoever acted (stopped work, resumed, answered), where the reader may know it.
    pub by_role: Option<String>,
    /// The steps from the lowest up. May be empty, as before delivery.
    pub steps: Vec<Step>,
}

/// How soon somebody could be hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowSoon {
    /// `immediate`
    RightNow,
    /// `next_setup`
    BeforeNextSetup,
    /// `next_call`
    BeforeNextCall,
    /// `concern`
    NotSoon,
}

/// Whose steps a report climbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// On set, office, company.
    Production,
    /// The union's levels: `retaliation` until it is shared.
    Union,
}

/// An act that is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Which act.
    pub act: Act,
    /// Whose act, as the reader sees it.
    pub who: Who,
    /// By when: in time is before this instant.
    pub at: UtcMillis,
}

/// An act with a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// "I have it".
    Reply,
    /// The answer.
    Answer,
    /// What was promised.
    Completion,
    /// The union check.
    Check,
}

/// Whose turn it is, as the reader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The reader's own desk.
    You,
    /// The production, or others of it.
    Production,
    /// The union side, or others of it.
    Union,
}

/// One step of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The level, 1..=9.
    pub level: u8,
    /// The level below, where the two are asked together and shown as one step.
    pub with: Option<u8>,
    /// How it stands.
    pub state: StepState,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Told in time, and the act did not come.
    Missed {
        /// The act that was awaited.
        act: Act,
        /// Its deadline.
        was_due: UtcMillis,
    },
    /// No notice reached it in time: accuses nobody.
    NotTold {
        /// The deadline that passed meanwhile.
        was_due: UtcMillis,
    },
    /// Its address was known dead for a day: counts as silence.
    Unreachable {
        /// The deadline that passed.
        was_due: UtcMillis,
    },
    /// Its clock runs.
    Running {
        /// "I have it" is due by then; None once somebody has it.
        reply_by: Option<UtcMillis>,
        /// The answer is due by then.
        answer_by: UtcMillis,
    },
    /// It promised, and the promise is running.
    Promised {
        /// By when.
        done_by: UtcMillis,
    },
    /// It answered.
    Answered {
        /// When.
        at: UtcMillis,
        /// Its own deadline had passed.
        late: bool,
    },
    /// Told early: may act, owes nothing yet.
    AskedEarly,
    /// Not reached yet.
    Later {
        /// When its turn would come, where that is known.
        from: Option<UtcMillis>,
    },
    /// Skipped, as nobody there can be reached. Left out of any mail but the union side's: who is missing there may be the subject.
    NobodyThere,
}

/// What a mail may say of a person with, or about to have, a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// Their name; None until they gave one.
    pub name: Option<String>,
    /// Their mail address.
    pub address: String,
    /// Their desk's name; None for the operator.
    pub desk: Option<String>,
    /// Their role codes at it.
    pub roles: Vec<String>,
    /// What happened to their seat.
    pub change: SeatChange,
    /// When an invitation ends.
    pub expires: Option<UtcMillis>,
}

/// What happened to a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its roles are others.
    RolesChanged,
    /// Its person has a new key.
    NewKey,
}

/// The time during which nothing ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutageFacts {
    /// Its beginning.
    pub from: UtcMillis,
    /// Its end.
    pub to: UtcMillis,
    /// What waits for the reader now, nearest deadline first.
    pub reports: Vec<ReportFacts>,
}
