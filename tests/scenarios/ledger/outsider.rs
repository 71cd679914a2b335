//! What an outsider sees of the log does not depend on which report or which level something happened to.
//!
//! Source: ledger.md, "Entries".

use std::collections::BTreeSet;

use lastlooks::domain::ledger::{Leaf, PublicKind};
use proptest::test_runner::{Config, TestRunner};

use super::{all_entries, head, ticks};
use crate::{
    rust_2021::{begin, body, text},
    support::{TestDatabase, app::TestApp, people::Person},
};

/// What happens in one world: which reports are filed in the first and second quarter of an hour, and who has them in hand.
#[derive(Debug, Clone)]
struct World {
    first: usize,
    second: usize,
    /// Whether each is taken in hand by level 1 (else by level 2, where that was told).
    by_first_level: [bool; 2],
    /// No receipt is used twice: the same one would make the same tags.
    receipts: u8,
}

/// What an outsider sees: after each tick the size, and which public entries came; and every byte that is not chance's.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    ticks: Vec<(u64, Vec<&'static str>)>,
    versions: BTreeSet<u8>,
}

const PUBLIC: [PublicKind; 4] = [PublicKind::Policy, PublicKind::Roster, PublicKind::Outage, PublicKind::Link];

/// What stands where a tag stands in a public entry.
fn tag_of(kind: PublicKind) -> Vec<u8> {
    Leaf::public(kind, b"").tag().to_vec()
}

fn acknowledges(person: &Person) {
    for item in person.gets("/v1/reports?limit=100").is(200)["items"].as_array().unwrap() {
        if item["awaiting"] == "acknowledgement" {
            let path = format!("/v1/reports/{}/acknowledgement", text(&item["id"]));
            person.sends("POST", &path, None).is(200);
        }
    }
}

/// Lives through a world: what an outsider sees, and all bytes that should be chance's.
fn lives(world: &World) -> (Seen, Vec<[u8; 32]>) {
    let set = TestApp::on(TestDatabase::sqlite());
    let (western, mut days) = begin(&set);
    let mut ticks_seen = Vec::new();
    let mut look = |before: usize| {
        ticks(&set);
        let entries = all_entries(&set);
        let kinds =
            |entry: &Vec<u8>| PUBLIC.into_iter().find(|kind| tag_of(*kind) == entry[1..33]).map(PublicKind::code);
        let mut public: Vec<_> = entries[before..].iter().filter_map(kinds).collect();
        public.sort_unstable();
        ticks_seen.push((head(&set).size, public));
        entries.len()
    };
    let mut size = look(0);
    for (n, (number, by_first)) in [world.first, world.second].into_iter().zip(world.by_first_level).enumerate() {
        western.crew().files(&hex::encode([world.receipts + u8::try_from(n).unwrap(); 16]), body(number));
        days.work();
        size = look(size);
        acknowledges(&if by_first { western.first_ad() } else { western.upm() });
        size = look(size);
    }
    drop(days);
    let entries = all_entries(&set);
    let is_public = |entry: &&Vec<u8>| PUBLIC.iter().any(|kind| tag_of(*kind) == entry[1..33]);
    let halves = entries.iter().filter(|entry| !is_public(entry)).flat_map(|entry| {
        let leaf = Leaf::try_from(entry.as_slice()).unwrap();
        [leaf.tag().try_into().unwrap(), leaf.commitment().try_into().unwrap()]
    });
    let versions = entries.iter().map(|entry| entry[0]).collect();
    (Seen { ticks: ticks_seen, versions }, halves.collect())
}

#[test]
fn an_outsiders_view_is_the_same_but_for_random_bytes_when_reports_or_levels_are_swapped() {
    let mut runner = TestRunner::new(Config { cases: 3, failure_persistence: None, ..Config::default() });
    // Reports of all sorts; those to be told at once are told to one level or to two.
    let strategy = (1usize..=7, 1usize..=7, proptest::bool::ANY, proptest::bool::ANY);
    let held = runner.run(&strategy, |(first, second, one, two)| {
        let world = World { first, second, by_first_level: [one, two], receipts: 1 };
        let swapped = World { first: second, second: first, by_first_level: [!two, !one], receipts: 101 };
        let ((seen, bytes), (seen_swapped, bytes_swapped)) = (lives(&world), lives(&swapped));
        proptest::prop_assert_eq!(seen, seen_swapped, "{:?}", &world);
        // Nothing links two entries of a log, or of both: every tag and commitment stands once.
        let distinct: BTreeSet<_> = bytes.iter().chain(&bytes_swapped).collect();
        proptest::prop_assert_eq!(distinct.len(), bytes.len() + bytes_swapped.len());
        // And they look like chance: about half of all bits are set, at every one of the 256 places.
        for at in 0..256 {
            let ones = bytes.iter().filter(|half| half[at / 8] >> (at % 8) & 1 == 1).count();
            let all = bytes.len();
            // Within six times the spread that tosses of a coin have.
            proptest::prop_assert!((2 * ones).abs_diff(all).pow(2) < 36 * all, "bit {}: {} of {}", at, ones, all);
        }
        Ok(())
    });
    held.unwrap();
}
