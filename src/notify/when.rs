//! Moments in words, in the production's time zone.

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

use crate::domain::time::UtcMillis;

const HOUR_MILLIS: u64 = 3_600_000;

/// Says moments as the people of one production read them.
pub(crate) struct Times {
    zone: TimeZone,
    now: UtcMillis,
}

impl Times {
    /// Times of the zone with this IANA name, for somebody who reads at `now`. An unknown name gives UTC, and says so.
    pub(crate) fn new(zone: &str, now: UtcMillis) -> Self {
        Self { zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC), now }
    }

    /// Whether the moment has passed. An act is in time only before it.
    pub(crate) fn is_over(&self, at: UtcMillis) -> bool {
        self.now >= at
    }

    /// "14:20 MDT"; "Sun 14:20 MDT" if not today; "Sun 22 Nov 14:20 MDT" from a week away. Seconds are cut off, so that nobody is
    /// promised more time than there is, and shown only where they matter: within an hour of now.
    ///
    /// Source: experience.md, "Words on the screen".
    pub(crate) fn say(&self, at: UtcMillis) -> String {
        let moment = self.zoned(at);
        let day = self.day(moment.date());
        let near = at.since(self.now).unsigned_abs() < HOUR_MILLIS;
        let clock = if near && moment.second() != 0 { "%H:%M:%S" } else { "%H:%M" };
        format!("{day}{} {}", moment.strftime(clock), zone_name(&moment))
    }

    fn day(&self, date: Date) -> String {
        let today = self.zoned(self.now).date();
        let days = (date - today).get_days().unsigned_abs();
        match days {
            0 => String::new(),
            1..=6 => date.strftime("%a ").to_string(),
            7.. => date.strftime("%a %-d %b ").to_string(),
        }
    }

    /// Ends of time stand for moments beyond what a calendar holds.
    fn zoned(&self, at: UtcMillis) -> Zoned {
        let end = if at.get() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millisecond(at.get()).unwrap_or(end).to_zoned(self.zone.clone())
    }
}

/// "MDT"; "UTC+03" where a zone has only a number.
fn zone_name(moment: &Zoned) -> String {
    let name = moment.strftime("%Z").to_string();
    if name.starts_with(['+', '-']) { format!("UTC{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Saturday 21 November 2026, 10:00 MST.
    const NOW: UtcMillis = UtcMillis::new(1_795_280_400_000);
    const DAY: i64 = 24 * 3_600_000;

    fn say(zone: &str, millis_from_now: i64) -> String {
        Times::new(zone, NOW).say(NOW.plus_millis(millis_from_now))
    }

    #[test]
    fn today_has_no_weekday_and_every_time_has_its_zone() {
        assert_eq!(say("America/Denver", 20 * 60_000), "10:20 MST");
        assert_eq!(say("Europe/Berlin", 20 * 60_000), "18:20 CET");
        assert_eq!(say("Asia/Riyadh", 20 * 60_000), "20:20 UTC+03");
    }

    #[test]
    fn another_day_has_its_weekday_in_the_production_s_zone() {
        assert_eq!(say("America/Denver", DAY), "Sun 10:00 MST");
        assert_eq!(say("America/Denver", -DAY), "Fri 10:00 MST");
        // Half past eleven at night in Denver is already Sunday in UTC.
        assert_eq!(say("America/Denver", 13 * 3_600_000 + 30 * 60_000), "23:30 MST");
        assert_eq!(say("UTC", 13 * 3_600_000 + 30 * 60_000), "Sun 06:30 UTC");
    }

    #[test]
    fn from_a_week_away_a_weekday_alone_would_mislead() {
        assert_eq!(say("America/Denver", 6 * DAY), "Fri 10:00 MST");
        assert_eq!(say("America/Denver", 7 * DAY), "Sat 28 Nov 10:00 MST");
    }

    #[test]
    fn summer_time_is_that_of_the_moment_not_of_now() {
        assert_eq!(say("America/Denver", -30 * DAY), "Thu 22 Oct 11:00 MDT");
    }

    #[test]
    fn seconds_are_shown_when_they_matter_and_never_rounded_up() {
        assert_eq!(say("America/Denver", 30_000), "10:00:30 MST");
        assert_eq!(say("America/Denver", 4 * 3_600_000 + 59_999), "14:00 MST");
    }

    #[test]
    fn an_unknown_zone_reads_as_utc_and_says_so() {
        assert_eq!(say("America/Nowhere", 0), "17:00 UTC");
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        assert!(!Times::new("UTC", NOW).say(UtcMillis::new(i64::MAX)).is_empty());
        assert!(!Times::new("UTC", NOW).say(UtcMillis::new(i64::MIN)).is_empty());
    }
}
