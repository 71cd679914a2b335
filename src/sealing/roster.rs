//! A version of a production's roster: who can be sealed to, and which desks there are, in bytes that can be hashed.
//!
//! The threat is a host that seats a false union, or shows one roster to phones and another to desks. Each version
//! names the hash of the one before, and each filing is bound to a version; so two stories cannot both be continued.
//!
//! Source: security.md, "Keys of people, and the roster".

use super::{Hash, cbor::Encoder, kdf, keys::PublicKeys};
use crate::domain::ids::{DeskId, ProductionId};

const VERSION: u64 = 1;

/// A desk as the roster shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeskLine<'a> {
    /// Its id.
    pub desk: DeskId,
    /// Code of its side: `production`, `union`, `observer`.
    pub side: &'a str,
    /// Its level, 1..=9; none for desks told at `exhausted` alone.
    pub level: Option<u8>,
}

/// Somebody who is seated, as the roster shows them: by keys, never by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatLine<'a> {
    /// Their public keys.
    pub keys: PublicKeys,
    /// Code of their side.
    pub side: &'a str,
    /// The desks at which they sit, in any order.
    pub desks: &'a [DeskId],
    /// Codes of their roles, in any order.
    pub roles: &'a [&'a str],
}

/// One version.
#[derive(Debug, Clone, Copy)]
pub struct Roster<'a> {
    /// The production.
    pub production: ProductionId,
    /// Counted from 1.
    pub version: u32,
    /// Hash of the version before; none for the first.
    pub before: Option<Hash>,
    /// Its desks, in any order.
    pub desks: &'a [DeskLine<'a>],
    /// Its seats, in any order.
    pub seats: &'a [SeatLine<'a>],
}

/// A version as stored and served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedRoster {
    /// Canonical CBOR.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes.
    pub hash: Hash,
}

impl Roster<'_> {
    /// Canonical CBOR `[1, production, version, before, [[desk, side, level], …], [[key id, reading key, verify key,
    /// side, [desk, …], [role, …]], …]]`, each list sorted, and its SHA-256.
    pub fn encode(&self) -> EncodedRoster {
        let mut cbor = Encoder::new();
        cbor.array(6).uint(VERSION).bytes(self.production.as_bytes()).uint(self.version.into());
        cbor.bytes_or_null(self.before.as_ref().map(<[u8; 32]>::as_slice));
        self.encode_desks(&mut cbor);
        self.encode_seats(&mut cbor);
        let bytes = cbor.finish();
        let hash = kdf::sha256(&[&bytes]);
        EncodedRoster { bytes, hash }
    }

    fn encode_desks(&self, cbor: &mut Encoder) {
        let mut desks = self.desks.to_vec();
        desks.sort_unstable();
        cbor.array(desks.len());
        for desk in desks {
            cbor.array(3).bytes(desk.desk.as_bytes()).text(desk.side);
            match desk.level {
                Some(level) => cbor.uint(level.into()),
                None => cbor.null(),
            };
        }
    }

    fn encode_seats(&self, cbor: &mut Encoder) {
        let mut seats: Vec<_> = self.seats.iter().map(|seat| (seat.keys.id(), seat)).collect();
        seats.sort_unstable_by_key(|(id, _)| *id);
        cbor.array(seats.len());
        for (id, seat) in seats {
            cbor.array(6).bytes(&id.0).bytes(&seat.keys.reading).bytes(&seat.keys.verify.0).text(seat.side);
            let mut desks = seat.desks.to_vec();
            desks.sort_unstable();
            cbor.array(desks.len());
            for desk in desks {
                cbor.bytes(desk.as_bytes());
            }
            let mut roles = seat.roles.to_vec();
            roles.sort_unstable();
            cbor.array(roles.len());
            for role in roles {
                cbor.text(role);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::keys::MemberSeed;

    const SAFETY: DeskId = DeskId::new([1; 16]);
    const UNION: DeskId = DeskId::new([2; 16]);

    #[test]
    fn the_order_of_lines_does_not_count_and_everything_else_does() {
        let keys = |byte| *MemberSeed::new([byte; 32]).keys().public();
        let desks = [
            DeskLine { desk: SAFETY, side: "production", level: Some(1) },
            DeskLine { desk: UNION, side: "union", level: None },
        ];
        let seats = [
            SeatLine { keys: keys(1), side: "production", desks: &[SAFETY], roles: &["1st_ad", "safety_contact"] },
            SeatLine { keys: keys(2), side: "union", desks: &[UNION], roles: &["steward"] },
        ];
        let roster =
            Roster { production: ProductionId::new([3; 16]), version: 1, before: None, desks: &desks, seats: &seats };
        let encoded = roster.encode();
        assert_eq!(kdf::sha256(&[&encoded.bytes]), encoded.hash);

        let turned_desks = [desks[1], desks[0]];
        let turned_seats = [seats[1], SeatLine { roles: &["safety_contact", "1st_ad"], ..seats[0] }];
        assert_eq!(Roster { desks: &turned_desks, seats: &turned_seats, ..roster }.encode(), encoded);

        let false_union = [seats[0], SeatLine { keys: keys(9), ..seats[1] }];
        let other_level = [DeskLine { level: Some(2), ..desks[0] }, desks[1]];
        for other in [
            Roster { version: 2, ..roster },
            Roster { before: Some([0; 32]), ..roster },
            Roster { production: ProductionId::new([4; 16]), ..roster },
            Roster { seats: &false_union, ..roster },
            Roster { seats: &seats[..1], ..roster },
            Roster { desks: &other_level, ..roster },
        ] {
            assert_ne!(other.encode().hash, encoded.hash);
        }
    }

    #[test]
    fn a_roster_is_canonical_cbor() {
        let roster =
            Roster { production: ProductionId::new([3; 16]), version: 300, before: None, desks: &[], seats: &[] };
        let bytes = roster.encode().bytes;
        let value: ciborium::Value = ciborium::from_reader(bytes.as_slice()).unwrap();
        assert_eq!(crate::sealing::cbor::canonical(&value).unwrap(), bytes);
    }
}
