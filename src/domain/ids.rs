//! Ids: 16 random bytes each, told apart by the compiler.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// What an id names. The markers carry no data.
pub mod kind {
    /// One show or picture.
    #[derive(Debug)]
    pub enum Production {}
    /// A group that receives reports together.
    #[derive(Debug)]
    pub enum Desk {}
    /// A person with one account.
    #[derive(Debug)]
    pub enum Member {}
    /// A place at a desk.
    #[derive(Debug)]
    pub enum Seat {}
    /// One anonymous filing.
    #[derive(Debug)]
    pub enum Report {}
    /// What one author said once.
    #[derive(Debug)]
    pub enum Unit {}
    /// One event of a report.
    #[derive(Debug)]
    pub enum Event {}
    /// A letter that lets somebody in.
    #[derive(Debug)]
    pub enum Invitation {}
    /// A signed-in device.
    #[derive(Debug)]
    pub enum Session {}
    /// One mail to one person about one event.
    #[derive(Debug)]
    pub enum Notice {}
}

/// 16 random bytes (version 4 in spirit: never a serial, never a time), shown as 32 lower-case hex digits.
///
/// Source: security.md, "What is stored about a reporter".
pub struct Id<K> {
    bytes: [u8; 16],
    kind: PhantomData<fn() -> K>,
}

/// Names a production.
pub type ProductionId = Id<kind::Production>;
/// Names a desk.
pub type DeskId = Id<kind::Desk>;
/// Names a member.
pub type MemberId = Id<kind::Member>;
/// Names a seat.
pub type SeatId = Id<kind::Seat>;
/// Names a report; the server's own affair, never shown to its reporter.
pub type ReportId = Id<kind::Report>;
/// Names a unit.
pub type UnitId = Id<kind::Unit>;
/// Names an event.
pub type EventId = Id<kind::Event>;
/// Names an invitation.
pub type InvitationId = Id<kind::Invitation>;
/// Names a session.
pub type SessionId = Id<kind::Session>;
/// Names a notice.
pub type NoticeId = Id<kind::Notice>;

/// A text that is not 32 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is 32 lower-case hex digits")]
pub struct InvalidId;

impl<K> Id<K> {
    /// The id with these bytes. Chance comes from the caller.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self { bytes, kind: PhantomData }
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.bytes
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bytes.cmp(&other.bytes)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.bytes))
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> TryFrom<&[u8]> for Id<K> {
    type Error = InvalidId;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
        bytes.try_into().map(Self::new).map_err(|_| InvalidId)
    }
}

impl<K> FromStr for Id<K> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // One spelling per id: upper case would make a second address for the same thing.
        if text.len() != 32 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(InvalidId);
        }
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidId)?;
        Ok(Self::new(bytes))
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_32_lower_case_hex_digits_and_nothing_else() {
        let id: ReportId = "000102030405060708090a0b0c0d0e0f".parse().unwrap();
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0e0f");
        assert!("000102030405060708090A0B0C0D0E0F".parse::<ReportId>().is_err());
        assert!("0001".parse::<ReportId>().is_err());
    }
}
