//! Sessions: how long they last, and what a refresh token does.
//!
//! A stolen refresh token is found out because both the thief and its owner use it: the second use ends the session.
//! The one exception is a phone that lost the answer to its last refresh and asks again.
//!
//! Source: security.md, "Accounts", "Keys of people, and the roster".

use crate::domain::time::{Seconds, UtcMillis};

/// A session ends this long after signing in, whatever happens.
pub const ABSOLUTE: Seconds = Seconds::hours(12);
/// A session ends after this long without a request.
pub const IDLE: Seconds = Seconds::minutes(60);
/// For this long the last refresh token may be used again, if the one that replaced it was not.
pub const GRACE: Seconds = Seconds(60);

/// When a session ends if nobody ends it before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// [`ABSOLUTE`] after signing in.
    pub absolute_end: UtcMillis,
    /// [`IDLE`] after the last request.
    pub idle_end: UtcMillis,
}

impl Life {
    /// The life of a session that starts now.
    pub const fn starting(now: UtcMillis) -> Self {
        Self { absolute_end: now.plus(ABSOLUTE), idle_end: now.plus(IDLE) }
    }

    /// Whether it is over.
    pub fn is_over(&self, now: UtcMillis) -> bool {
        now >= self.absolute_end || now >= self.idle_end
    }

    /// The life after a request.
    #[must_use]
    pub const fn used(self, now: UtcMillis) -> Self {
        Self { absolute_end: self.absolute_end, idle_end: now.plus(IDLE) }
    }
}

/// Which of a session's refresh tokens was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The one in force.
    Current,
    /// The one before it.
    Last {
        /// When it was replaced.
        replaced_at: UtcMillis,
        /// Whether what replaced it was used: as a refresh token, or its access token in a request.
        successor_used: bool,
    },
    /// Any one before that.
    Older,
}

/// What to do with a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// Give a new token; the presented one becomes the last.
    Rotate,
    /// Give another new token in place of the successor that was never used; the presented one stays the last, with
    /// the time at which it was first replaced, so that asking again does not lengthen the grace.
    Again,
    /// Somebody else has used it: end the session.
    EndFamily,
    /// The session is over; delete it.
    Over,
}

/// What to do with a refresh token of a session, from what is stored about both.
pub fn refresh(life: &Life, presented: Presented, now: UtcMillis) -> Refresh {
    if life.is_over(now) {
        return Refresh::Over;
    }
    match presented {
        Presented::Current => Refresh::Rotate,
        Presented::Last { replaced_at, successor_used } => {
            if !successor_used && now <= replaced_at.plus(GRACE) {
                Refresh::Again
            } else {
                Refresh::EndFamily
            }
        }
        Presented::Older => Refresh::EndFamily,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis::new(1_800_000_000_000);

    fn alive() -> Life {
        Life::starting(NOW)
    }

    fn last(ago_millis: i64, successor_used: bool) -> Presented {
        Presented::Last { replaced_at: NOW.plus_millis(-ago_millis), successor_used }
    }

    #[test]
    fn the_current_token_is_rotated() {
        assert_eq!(refresh(&alive(), Presented::Current, NOW), Refresh::Rotate);
    }

    #[test]
    fn the_last_token_is_good_once_more_for_60_seconds_while_its_successor_is_unused() {
        assert_eq!(refresh(&alive(), last(0, false), NOW), Refresh::Again);
        assert_eq!(refresh(&alive(), last(60_000, false), NOW), Refresh::Again);
        assert_eq!(refresh(&alive(), last(60_001, false), NOW), Refresh::EndFamily);
    }

    #[test]
    fn the_last_token_ends_the_family_once_its_successor_was_used() {
        assert_eq!(refresh(&alive(), last(1, true), NOW), Refresh::EndFamily);
    }

    #[test]
    fn an_older_token_ends_the_family_at_any_time() {
        assert_eq!(refresh(&alive(), Presented::Older, NOW), Refresh::EndFamily);
    }

    #[test]
    fn a_session_ends_after_an_hour_without_a_request_and_after_12_hours_in_any_case() {
        assert!(!alive().is_over(NOW.plus_millis(IDLE.millis() - 1)));
        assert!(alive().is_over(NOW.plus(IDLE)));
        let late = NOW.plus_millis(ABSOLUTE.millis() - 1);
        assert!(!alive().used(late).is_over(late));
        assert!(alive().used(late).is_over(NOW.plus(ABSOLUTE)));
        for presented in [Presented::Current, last(0, false), Presented::Older] {
            assert_eq!(refresh(&alive(), presented, NOW.plus(IDLE)), Refresh::Over);
        }
    }
}
