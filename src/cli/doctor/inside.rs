//! What the database shows: the clock, the engine, notices, the ledger, seats.

use crate::{
    app::{
        ledger::{WitnessSeen, witnesses_seen},
        wellbeing::Wellbeing,
    },
    config::Settings,
    domain::{
        policy::Side,
        time::{Seconds, UtcMillis},
    },
    storage::{Conn, Storage, StorageError, people, productions, vitals},
};

use super::finding::Finding;

/// A clock that shows less is wrong: this program is younger. 1 January 2026.
const EARLIEST: UtcMillis = UtcMillis::new(1_767_225_600_000);
/// Clocks that differ by more than this give deadlines that people would dispute. Milliseconds.
pub(super) const CLOCK_OFF: i64 = Seconds(5).millis();
/// Without a heartbeat for so long nobody watches the deadlines. Milliseconds.
const NOBODY_WATCHES: i64 = Seconds(30).millis();
/// A deadline that has not fired for so long is late. Milliseconds.
const LATE: i64 = Seconds(60).millis();
/// A notice that has been tried for so long needs somebody. Milliseconds.
const STUCK_NOTICE: i64 = Seconds::minutes(10).millis();
/// A side with fewer people is one illness away from nobody.
///
/// Source: security.md, "Keys of people, and the roster".
const FEWEST_SEATS: usize = 3;

/// Looks at all of it.
pub(super) fn look(storage: &Storage, settings: &Settings, now: UtcMillis, findings: &mut Vec<Finding>) {
    let named = settings.witnesses.0.clone();
    let read = storage.read_blocking(move |conn| {
        let seen = Wellbeing::of(vitals::vitals(conn, now)?, now);
        let witnesses = witnesses_seen(conn, &named, now)?;
        Ok::<_, StorageError>((seen, vitals::server_time(conn)?, seats(conn)?, witnesses))
    });
    match read {
        Ok((seen, server, seats, witnesses)) => {
            findings.push(clock(&seen, server, now));
            findings.push(engine(&seen));
            findings.push(notices(&seen));
            findings.push(ledger(&seen, settings.ledger_tick_seconds));
            findings.extend(witnesses_of(settings, &witnesses));
            findings.extend(judged(&seats));
        }
        Err(error) => {
            findings.push(Finding::failed(
                "database",
                error.to_string(),
                "it could not be read to its end; run this again",
            ));
        }
    }
}

/// The clock against whatever else knows the time: the year of this program, the database server, the last heartbeat.
fn clock(seen: &Wellbeing, server: Option<UtcMillis>, now: UtcMillis) -> Finding {
    let set_it = "set the clock and keep it set (systemd-timesyncd, chrony): every deadline is read off it";
    if now < EARLIEST {
        return Finding::failed("clock", "this machine's clock stands before 2026", set_it);
    }
    if let Some(off) = server.map(|server| now.since(server)).filter(|off| off.abs() > CLOCK_OFF) {
        let says = format!("this machine and the PostgreSQL server differ by {} s", off.abs() / 1000);
        return Finding::failed("clock", says, set_it);
    }
    match seen.beat_age {
        Some(age) if age < -CLOCK_OFF => Finding::failed(
            "clock",
            format!(
                "the last heartbeat is {} s in the future: a clock was set back, or two machines differ",
                -age / 1000
            ),
            set_it,
        ),
        Some(_) | None => Finding::ok("clock", "nothing that is known here contradicts it"),
    }
}

fn engine(seen: &Wellbeing) -> Finding {
    if let Some(reason) = &seen.held {
        let to_do = "set the clock right, then run: lastlooks engine resume\nuntil then no deadline fires and no silence is recorded";
        return Finding::failed("engine", format!("deadlines are held: {reason}"), to_do);
    }
    let start = "start the service: lastlooks serve (or serve --role worker)";
    match seen.beat_age {
        None => Finding::warning("engine", "nobody has watched the deadlines on this database yet", start),
        Some(age) if age > NOBODY_WATCHES => {
            let says = format!("nobody has watched the deadlines for {}", span(age));
            let waits = format!("{start}\nthe time until then counts as an outage: deadlines move by it");
            if seen.due_lag > LATE {
                Finding::failed("engine", says, waits)
            } else {
                Finding::warning("engine", says, waits)
            }
        }
        Some(_) if seen.due_lag > LATE => Finding::failed(
            "engine",
            format!("something has been due for {} and has not fired", span(seen.due_lag)),
            "look at the log of the service for `deadlines wait` and `a due report`",
        ),
        Some(_) => Finding::ok("engine", "deadlines are watched, and none is late"),
    }
}

fn notices(seen: &Wellbeing) -> Finding {
    let look = "look at the log of the service for `a mail was not taken` and `a mail server says`, and at the mail check here;\n\
                `lastlooks production show` names people whose address is dead: invite them again with one that works";
    if seen.dead_notices > 0 || seen.dead_addresses > 0 {
        let says = format!(
            "{} were given up; {} that no mail reaches",
            counted(seen.dead_notices, "notice", "notices"),
            counted(seen.dead_addresses, "address", "addresses")
        );
        return Finding::warning("notices", says, look);
    }
    if seen.oldest_notice_age > STUCK_NOTICE {
        let says = format!("{} wait, one for {}", seen.waiting_notices, span(seen.oldest_notice_age));
        return Finding::failed("notices", says, look);
    }
    Finding::ok("notices", format!("{} wait, none was given up", seen.waiting_notices))
}

fn ledger(seen: &Wellbeing, tick_seconds: u32) -> Finding {
    let waiting = counted(seen.ledger_pending, "entry", "entries");
    let says = format!("{} in their places, {waiting} to come", counted(seen.ledger_size, "entry", "entries"));
    if seen.ledger_pending > 0 && seen.ledger_pending_age > 2 * Seconds(tick_seconds).millis() {
        let says = format!("{says}, the oldest for {}", span(seen.ledger_pending_age));
        return Finding::warning("ledger", says, "entries get their places every tick while `lastlooks serve` runs");
    }
    if seen.ledger_checkpoint.is_some_and(|checkpoint| checkpoint > seen.ledger_size) {
        return Finding::failed(
            "ledger",
            format!("{says}; a checkpoint of more was signed"),
            "rows of the ledger are missing: restore the newest copy, or see: lastlooks ledger reopen --help",
        );
    }
    Finding::ok("ledger", says)
}

fn witnesses_of(settings: &Settings, seen: &[WitnessSeen]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    if !settings.witnesses.has_both_sides() {
        findings.push(Finding::warning(
            "witnesses",
            "the ledger has no witness of each side, so whoever holds this host's key could make its proofs",
            "name a union's and a production's in LASTLOOKS_WITNESSES; see: lastlooks witness --help",
        ));
    }
    findings.extend(seen.iter().map(|seen| witness(seen, settings.ledger_tick_seconds)));
    findings
}

fn witness(seen: &WitnessSeen, tick_seconds: u32) -> Finding {
    let WitnessSeen { name, side, cosigned_at, waits_millis } = seen;
    let side = side.code();
    if *waits_millis <= 2 * Seconds(tick_seconds).millis() {
        return Finding::ok("witnesses", format!("{name} ({side}) cosigns"));
    }
    let waits = span(*waits_millis);
    let says = match cosigned_at {
        None => format!("{name} ({side}) has never cosigned this ledger; a head waits for {waits}"),
        Some(_) => format!("{name} ({side}) is silent; a head has waited for {waits}"),
    };
    let to_do = "look at the log of the service for `a witness does not cosign`; ask whoever runs it whether it runs, and follows \
                 this log (the first line of /ledger/key)";
    Finding::warning("witnesses", says, to_do)
}

/// Who sits on a side of a production.
struct SeatsOf {
    production: String,
    side: Side,
    people: usize,
}

fn seats(conn: &mut Conn) -> Result<Vec<SeatsOf>, StorageError> {
    let mut found = Vec::new();
    for production in productions::all(conn)? {
        let desks = productions::desks(conn, production.id)?;
        let seated = people::seats_of_production(conn, production.id)?;
        for side in [Side::Union, Side::Production] {
            let here: Vec<_> =
                desks.iter().filter(|desk| desk.ended_at.is_none() && desk.side == side.code()).collect();
            let mut members: Vec<_> = seated
                .iter()
                .filter(|(seat, _)| seat.removed_at.is_none() && here.iter().any(|desk| desk.id == seat.desk_id))
                .map(|(seat, _)| seat.member_id)
                .collect();
            members.sort_unstable();
            members.dedup();
            found.push(SeatsOf { production: production.slug.clone(), side, people: members.len() });
        }
    }
    Ok(found)
}

fn judged(sides: &[SeatsOf]) -> Vec<Finding> {
    if sides.is_empty() {
        let make = "lastlooks production create --help";
        return vec![Finding::warning("seats", "there is no production on this host yet", make)];
    }
    let few: Vec<Finding> = sides.iter().filter(|seats| seats.people < FEWEST_SEATS).map(too_few).collect();
    if few.is_empty() { vec![Finding::ok("seats", "every side has three people or more")] } else { few }
}

fn too_few(seats: &SeatsOf) -> Finding {
    let SeatsOf { production, side, people } = seats;
    let says = format!("{production}: {} on the {} side", counted_people(*people), side.code());
    let invite = format!("lastlooks member invite --production {production} --help");
    match (side, people) {
        (Side::Union, 0) => {
            Finding::failed("seats", says, format!("until somebody sits there, reports are refused\n{invite}"))
        }
        (_, 0) => Finding::failed(
            "seats",
            says,
            format!("until somebody sits there, every report is exhausted at once\n{invite}"),
        ),
        (_, _) => Finding::warning(
            "seats",
            says,
            format!("with fewer than three, a lost password or an illness may leave nobody who can read\n{invite}"),
        ),
    }
}

fn counted_people(people: usize) -> String {
    match people {
        0 => "nobody".to_owned(),
        1 => "one person".to_owned(),
        more => format!("{more} people"),
    }
}

fn counted(number: i64, one: &str, more: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {more}") }
}

/// Milliseconds in words, rounded down.
fn span(millis: i64) -> String {
    match millis / 1000 {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::finding::State, *};
    use crate::evidence::quorum::WitnessSide;

    const NOW: UtcMillis = UtcMillis::new(1_795_280_400_000);

    fn well() -> Wellbeing {
        Wellbeing {
            at: NOW,
            held: None,
            beat_age: Some(4_000),
            due_lag: 0,
            waiting_notices: 0,
            oldest_notice_age: 0,
            dead_notices: 0,
            dead_addresses: 0,
            ledger_pending: 0,
            ledger_pending_age: 0,
            ledger_size: 64,
            ledger_checkpoint: Some(64),
        }
    }

    #[test]
    fn a_clock_is_held_against_everything_that_knows_the_time() {
        assert_eq!(clock(&well(), Some(NOW.plus_millis(4_000)), NOW).state, State::Ok);
        assert_eq!(clock(&well(), Some(NOW.plus_millis(9_000)), NOW).state, State::Failed);
        assert_eq!(clock(&well(), None, UtcMillis::new(0)).state, State::Failed);
        assert_eq!(clock(&Wellbeing { beat_age: Some(-60_000), ..well() }, None, NOW).state, State::Failed);
    }

    #[test]
    fn nobody_watching_fails_once_something_is_late() {
        assert_eq!(engine(&well()).state, State::Ok);
        let silent = Wellbeing { beat_age: Some(600_000), ..well() };
        assert_eq!(engine(&silent).state, State::Warning);
        assert_eq!(engine(&Wellbeing { due_lag: 61_000, ..silent }).state, State::Failed);
        assert_eq!(engine(&Wellbeing { due_lag: 61_000, ..well() }).state, State::Failed);
    }

    #[test]
    fn entries_that_wait_longer_than_two_ticks_are_said() {
        let waiting = |seconds: i64| Wellbeing { ledger_pending: 3, ledger_pending_age: seconds * 1000, ..well() };
        assert_eq!(ledger(&waiting(1_799), 900).state, State::Ok);
        assert_eq!(ledger(&waiting(1_801), 900).state, State::Warning);
        assert_eq!(ledger(&Wellbeing { ledger_checkpoint: Some(128), ..well() }, 900).state, State::Failed);
    }

    #[test]
    fn a_witness_for_which_a_head_waits_longer_than_two_ticks_is_named() {
        let seen = |seconds: i64| {
            let (name, side) = ("guild.example/w".to_owned(), WitnessSide::Union);
            witness(&WitnessSeen { name, side, cosigned_at: Some(NOW), waits_millis: seconds * 1000 }, 900)
        };
        assert_eq!(seen(1_799).state, State::Ok);
        assert_eq!(seen(1_801).state, State::Warning);
        assert!(seen(1_801).says.contains("guild.example/w (union) is silent"));
    }

    #[test]
    fn a_side_with_fewer_than_three_people_is_warned_of_and_one_with_nobody_fails() {
        let side = |people| SeatsOf { production: "western".into(), side: Side::Union, people };
        assert_eq!(judged(&[side(3)])[0].state, State::Ok);
        assert_eq!(judged(&[side(2)])[0].state, State::Warning);
        assert_eq!(judged(&[side(0)])[0].state, State::Failed);
    }
}
