//! The table of problems: every refusal that the API knows, in plain words.
//!
//! The pages at `/problems/<slug>` and `api-spec/problems.md` are made from it.

use actix_web::http::StatusCode;

/// One kind of refusal.
///
/// Source: api.md, "Conventions".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slug {
    /// The request cannot be read.
    Malformed,
    /// No session.
    SignInRequired,
    /// Sealed text needs the session's key.
    UnlockKeyRequired,
    /// The act belongs to the other side.
    NotForYourSide,
    /// Nothing there.
    NotFound,
    /// The address exists, the method does not.
    WrongMethod,
    /// The body did not arrive in time.
    TooSlow,
    /// The receipt belongs to other content.
    OtherContent,
    /// Too late, or before its turn.
    OutOfOrder,
    /// The last one at a level.
    LastAtLevel,
    /// Nobody at a union desk yet.
    ProductionNotReady,
    /// The body is too long.
    TooLarge,
    /// The body is not what it has to be.
    WrongMediaType,
    /// A field cannot be accepted.
    Invalid,
    /// Too many tries.
    SlowDown,
    /// A fault of the service.
    Internal,
    /// Something that is needed is away.
    Unavailable,
}

/// What is said about a kind of refusal.
#[derive(Debug)]
pub struct Entry {
    /// Last part of its address, stable for ever.
    pub code: &'static str,
    /// Status that goes with it.
    pub status: StatusCode,
    /// A few words, the same each time.
    pub title: &'static str,
    /// What it means, for a person.
    pub meaning: &'static str,
    /// What to do next.
    pub next: &'static str,
}

const fn entry(
    code: &'static str,
    status: StatusCode,
    title: &'static str,
    meaning: &'static str,
    next: &'static str,
) -> Entry {
    Entry { code, status, title, meaning, next }
}

impl Slug {
    /// All of them, by status.
    pub const ALL: [Self; 17] = [
        Self::Malformed,
        Self::SignInRequired,
        Self::UnlockKeyRequired,
        Self::NotForYourSide,
        Self::NotFound,
        Self::WrongMethod,
        Self::TooSlow,
        Self::OtherContent,
        Self::OutOfOrder,
        Self::LastAtLevel,
        Self::ProductionNotReady,
        Self::TooLarge,
        Self::WrongMediaType,
        Self::Invalid,
        Self::SlowDown,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The kind with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slug| slug.entry().code == code)
    }

    /// What is said about it.
    pub const fn entry(self) -> Entry {
        match self {
            Self::Malformed => entry(
                "malformed",
                StatusCode::BAD_REQUEST,
                "this cannot be read",
                "The body of the request is not JSON, or it ended before its end. Nothing was stored.",
                "Send one JSON object in UTF-8. If a program sent it, its maker can check it against /docs.",
            ),
            Self::SignInRequired => entry(
                "sign-in-required",
                StatusCode::UNAUTHORIZED,
                "sign in first",
                "This needs a session, and there is none, or it is over. Sessions end after an hour without use and after twelve hours in any case.",
                "Sign in again, or refresh the session, and send the same request with the new access token.",
            ),
            Self::UnlockKeyRequired => entry(
                "unlock-key-required",
                StatusCode::UNAUTHORIZED,
                "the key of this session is needed",
                "What you want to read or write is sealed to people. The header Unlock-Key, given once at sign-in, is missing or belongs to another session.",
                "Send the unlock key of this session. If the device has lost it, sign in again.",
            ),
            Self::NotForYourSide => entry(
                "not-for-your-side",
                StatusCode::FORBIDDEN,
                "the other side does this",
                "You may see this report, but this act belongs to the other side: the production answers, the union checks.",
                "Leave it to the other side, or write to the reporter.",
            ),
            Self::NotFound => entry(
                "not-found",
                StatusCode::NOT_FOUND,
                "there is nothing here for you",
                "Either it does not exist, or it is not for you to know. The service answers both the same way, so that nobody can find out by asking.",
                "Check the address. For a receipt, check the twelve words. For a crew code, look at today's call sheet: codes change. An invitation works once, for two weeks, and a later one to the same desk takes its place: ask for another.",
            ),
            Self::WrongMethod => entry(
                "wrong-method",
                StatusCode::METHOD_NOT_ALLOWED,
                "not in this way",
                "The address exists, but not with this method.",
                "Use one of the methods in the header Allow.",
            ),
            Self::TooSlow => entry(
                "too-slow",
                StatusCode::REQUEST_TIMEOUT,
                "the connection was too slow",
                "The request did not arrive in time, so the connection was closed. Nothing was stored.",
                "Send it again, the same receipt with it, where the signal is better. It cannot be filed twice.",
            ),
            Self::OtherContent => entry(
                "other-content",
                StatusCode::CONFLICT,
                "this receipt is taken",
                "A report with this receipt was filed before, and it says something else. The earlier one stands as it was.",
                "To add something, write a message with the receipt. To file another report, make a new receipt.",
            ),
            Self::OutOfOrder => entry(
                "out-of-order",
                StatusCode::CONFLICT,
                "not now",
                "The report, or a version of a policy, is in a state in which this is not possible: it is too late for it, or something else comes first. The state is named in the answer.",
                "Read it again; it shows what is possible now.",
            ),
            Self::LastAtLevel => entry(
                "last-at-level",
                StatusCode::CONFLICT,
                "somebody has to stay",
                "This would leave a step of the ladder with nobody, and a report would wait there for no one.",
                "Invite somebody else to that step first, and let them in.",
            ),
            Self::ProductionNotReady => entry(
                "production-not-ready",
                StatusCode::CONFLICT,
                "nobody could read it yet",
                "Nobody sits at a union desk of this production yet, so a report filed now could be read by nobody whom it is meant for. Nothing was stored.",
                "Tell someone in person, or call the hotline on the call sheet. The host has to seat the union before the first day.",
            ),
            Self::TooLarge => entry(
                "too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "this is too long",
                "The body is longer than 96 KiB, so it was not read. Nothing was stored.",
                "Say it shorter, or send the rest as a message afterwards.",
            ),
            Self::WrongMediaType => entry(
                "wrong-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not in this form",
                "The body is not what this address takes.",
                "Send JSON with the header Content-Type: application/json, not compressed.",
            ),
            Self::Invalid => entry(
                "invalid",
                StatusCode::UNPROCESSABLE_ENTITY,
                "one field cannot be accepted",
                "A field is unknown, missing, of the wrong type, out of its range, or holds invisible control or direction characters. The answer names the field and never repeats what it held. Nothing was stored.",
                "Correct the field that is named, and send the request again.",
            ),
            Self::SlowDown => entry(
                "slow-down",
                StatusCode::TOO_MANY_REQUESTS,
                "a moment, please",
                "There were too many tries in a short time. Nobody is locked out.",
                "Wait as many seconds as the header Retry-After says, then try again.",
            ),
            Self::Internal => entry(
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "a fault of the service",
                "Something went wrong on the host. It has been logged there, without what you sent.",
                "Try again, with the same receipt or the same Idempotency-Key: nothing is done twice. If it stays, tell who runs this host.",
            ),
            Self::Unavailable => entry(
                "unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "not available right now",
                "Something that the service needs is away or has too much to do. Nothing was stored.",
                "Keep what you wanted to send, and try again after as many seconds as the header Retry-After says.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_codes_and_statuses_are_those_of_the_api() {
        let listed: Vec<_> = Slug::ALL.iter().map(|slug| (slug.entry().code, slug.entry().status.as_u16())).collect();
        let of_the_api = [
            ("malformed", 400),
            ("sign-in-required", 401),
            ("unlock-key-required", 401),
            ("not-for-your-side", 403),
            ("not-found", 404),
            ("wrong-method", 405),
            ("too-slow", 408),
            ("other-content", 409),
            ("out-of-order", 409),
            ("last-at-level", 409),
            ("production-not-ready", 409),
            ("too-large", 413),
            ("wrong-media-type", 415),
            ("invalid", 422),
            ("slow-down", 429),
            ("internal", 500),
            ("unavailable", 503),
        ];
        assert_eq!(listed, of_the_api);
    }

    #[test]
    fn no_two_kinds_share_a_code_or_a_title() {
        let codes: HashSet<_> = Slug::ALL.iter().map(|slug| slug.entry().code).collect();
        let titles: HashSet<_> = Slug::ALL.iter().map(|slug| slug.entry().title).collect();
        assert_eq!((codes.len(), titles.len()), (Slug::ALL.len(), Slug::ALL.len()));
        assert!(Slug::ALL.iter().all(|slug| Slug::of_code(slug.entry().code) == Some(*slug)));
    }
}
