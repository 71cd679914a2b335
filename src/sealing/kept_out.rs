//! Who is kept out of a report, as tags that only the server's key can read.
//!
//! The set is padded to a multiple of 32 and shuffled: a stolen database shows neither who is on it nor how many. With
//! the server's key a role can be tested, which is why that key lives apart from the database.
//!
//! Source: security.md, "Kept out".

use subtle::{Choice, ConstantTimeEq};

use super::server::{Kept, ServerKey};
use crate::{
    domain::ids::{MemberId, ReportId},
    entropy::Entropy,
};

/// A set holds a multiple of this many tags.
pub const STEP: usize = 32;

/// One tag: the first 16 bytes of HMAC-SHA256(`K_kept`, report id | kind | name).
pub type Tag = [u8; 16];

/// Somebody who is kept out, by role or by account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'a> {
    /// Everybody with this role, now or later.
    Role(&'a str),
    /// This account, whatever roles and seats it has or loses.
    Member(MemberId),
}

/// The tag of a name in a report.
pub fn tag(key: &ServerKey<Kept>, report: ReportId, name: Name<'_>) -> Tag {
    match name {
        Name::Role(role) => short(key, report, b"role", role.as_bytes()),
        Name::Member(member) => short(key, report, b"member", member.as_bytes()),
    }
}

/// The set at filing: the names, filled up to the next multiple of 32 (32 for nobody), shuffled. Names given twice
/// count once.
pub fn fill(key: &ServerKey<Kept>, report: ReportId, names: &[Name<'_>], entropy: &dyn Entropy) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::with_capacity(STEP);
    for name in names {
        let tag = tag(key, report, *name);
        if !contains(&tags, &tag) {
            tags.push(tag);
        }
    }
    let free = tags.len().max(1).next_multiple_of(STEP) - tags.len();
    tags.extend(filling(key, report, 0..free));
    shuffle(&mut tags, entropy);
    tags
}

/// The set with more names. Nobody who is on it is ever overwritten: the key tells filling from names, and where no
/// filling is left the set grows by 32. Shuffled anew, so that the places do not show what changed.
pub fn grow(
    key: &ServerKey<Kept>,
    report: ReportId,
    tags: &[Tag],
    names: &[Name<'_>],
    entropy: &dyn Entropy,
) -> Vec<Tag> {
    let mut tags = tags.to_vec();
    for name in names {
        let tag = tag(key, report, *name);
        if contains(&tags, &tag) {
            continue;
        }
        let place = free_place(key, report, &mut tags);
        tags[place] = tag;
    }
    shuffle(&mut tags, entropy);
    tags
}

/// Whether a name is on the set. Every tag is looked at, whichever matches.
pub fn is_kept_out(key: &ServerKey<Kept>, report: ReportId, tags: &[Tag], name: Name<'_>) -> bool {
    contains(tags, &tag(key, report, name))
}

fn contains(tags: &[Tag], wanted: &Tag) -> bool {
    // As one number each: a filing compares a thousand tags, and byte by byte that shows.
    let wanted = u128::from_le_bytes(*wanted);
    let differs = |tag: &Tag| u128::from_le_bytes(*tag) ^ wanted;
    tags.iter().fold(Choice::from(0), |found, tag| found | is_zero(differs(tag))).into()
}

fn is_zero(number: u128) -> Choice {
    let halves = number.to_le_bytes();
    let (halves, _) = halves.as_chunks::<8>();
    halves.iter().fold(Choice::from(1), |zero, half| zero & u64::from_le_bytes(*half).ct_eq(&0))
}

fn free_place(key: &ServerKey<Kept>, report: ReportId, tags: &mut Vec<Tag>) -> usize {
    let fillers = filling(key, report, 0..tags.len());
    if let Some(place) = tags.iter().position(|tag| fillers.contains(tag)) {
        return place;
    }
    let place = tags.len();
    tags.extend(filling(key, report, place..place + STEP));
    place
}

fn filling(key: &ServerKey<Kept>, report: ReportId, numbers: std::ops::Range<usize>) -> Vec<Tag> {
    numbers.map(|i| short(key, report, b"none", &(i as u64).to_be_bytes())).collect()
}

fn short(key: &ServerKey<Kept>, report: ReportId, kind: &[u8], name: &[u8]) -> Tag {
    let mut tag = [0; 16];
    tag.copy_from_slice(&key.mac(&[report.as_bytes(), kind, name])[..16]);
    tag
}

/// Sorts by chance drawn for each, all of it at once: every order is equally likely, up to one in 2^100.
fn shuffle(tags: &mut Vec<Tag>, entropy: &dyn Entropy) {
    let mut chance = vec![0; tags.len() * size_of::<u128>()];
    entropy.fill(&mut chance);
    let (chance, _) = chance.as_chunks::<{ size_of::<u128>() }>();
    let mut drawn: Vec<([u8; 16], Tag)> = chance.iter().copied().zip(tags.drain(..)).collect();
    drawn.sort_unstable_by_key(|(chance, _)| *chance);
    tags.extend(drawn.into_iter().map(|(_, tag)| tag));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{entropy::SystemEntropy, sealing::server::RootSecret};

    const REPORT: ReportId = ReportId::new([1; 16]);
    const ANA: Name<'_> = Name::Member(MemberId::new([2; 16]));
    const ARMORER: Name<'_> = Name::Role("armorer");

    fn key() -> ServerKey<Kept> {
        RootSecret::new([9; 32]).key()
    }

    fn ids(count: u8) -> Vec<MemberId> {
        (0..count).map(|n| MemberId::new([n; 16])).collect()
    }

    #[test]
    fn whoever_was_named_is_kept_out_and_nobody_else() {
        let tags = fill(&key(), REPORT, &[ARMORER, ANA], &SystemEntropy);
        assert!(is_kept_out(&key(), REPORT, &tags, ARMORER));
        assert!(is_kept_out(&key(), REPORT, &tags, ANA));
        assert!(!is_kept_out(&key(), REPORT, &tags, Name::Role("upm")));
        assert!(!is_kept_out(&key(), ReportId::new([7; 16]), &tags, ANA));
        assert!(!is_kept_out(&RootSecret::new([8; 32]).key(), REPORT, &tags, ANA));
    }

    #[test]
    fn a_set_of_nobody_looks_like_any_other() {
        let nobody = fill(&key(), REPORT, &[], &SystemEntropy);
        let somebody = fill(&key(), REPORT, &[ANA, ANA], &SystemEntropy);
        for tags in [&nobody, &somebody] {
            assert_eq!(tags.len(), STEP);
            assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), STEP);
        }
        assert_eq!(somebody.iter().filter(|tag| !nobody.contains(tag)).count(), 1);
    }

    #[test]
    fn a_growing_set_overwrites_no_name_and_grows_by_32() {
        let ids = ids(70);
        let mut tags = fill(&key(), REPORT, &[ARMORER], &SystemEntropy);
        for (n, id) in ids.iter().enumerate() {
            tags = grow(&key(), REPORT, &tags, &[Name::Member(*id)], &SystemEntropy);
            assert_eq!(tags.len(), (n + 2).next_multiple_of(STEP));
        }
        assert!(is_kept_out(&key(), REPORT, &tags, ARMORER));
        assert!(ids.iter().all(|id| is_kept_out(&key(), REPORT, &tags, Name::Member(*id))));
    }

    #[test]
    fn more_than_32_at_filing_take_the_next_multiple() {
        let ids = ids(33);
        let names: Vec<_> = ids.iter().map(|id| Name::Member(*id)).collect();
        let tags = fill(&key(), REPORT, &names, &SystemEntropy);
        assert_eq!(tags.len(), 64);
        assert!(names.iter().all(|name| is_kept_out(&key(), REPORT, &tags, *name)));
    }

    #[test]
    fn the_places_do_not_tell_names_from_filling() {
        let ana = tag(&key(), REPORT, ANA);
        let places: BTreeSet<_> =
            (0..300).map(|_| fill(&key(), REPORT, &[ANA], &SystemEntropy).iter().position(|tag| *tag == ana)).collect();
        assert!(places.len() > 20, "{places:?}");
    }
}
