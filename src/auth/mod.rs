//! Auth: passwords, access tokens, sessions, codes. Pure but for one thing: stretching a password takes a thread.
//!
//! What a stolen database gives away: keyed hashes of sign-in halves, hashes of 256-bit tokens, seeds under lock. What
//! it does not: a password that was well chosen, a token that still works.
//!
//! Source: security.md, "Accounts", "Keys of people, and the roster".

pub mod common_passwords;
pub mod crew_code;
pub mod one_time;
pub mod password;
pub mod session;
pub mod slow_down;
pub mod stretch;
pub mod token;
