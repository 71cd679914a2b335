//! What is served: static files, as far as the tree goes and not beyond.

use lastlooks::{
    domain::ledger::{Leaf, PublicKind},
    merkle::{Hash, hash},
};
use serde_json::{Value, json};

use super::{all_entries, head, keys, published, root_of, served, ticks};
use crate::{
    rust_2021::{begin, body, files},
    support::{
        app::{TestApp, on_each},
        client::Answer,
    },
};

fn get(set: &TestApp, path: &str) -> Answer {
    set.client().send("GET", path, &[], None)
}

#[test]
fn before_the_first_tick_there_are_keys_and_no_checkpoint() {
    on_each(|set| {
        get(set, "/ledger/checkpoint").refuses(404, "not-found");
        let (log, promise) = keys(set);
        let host = set.client().base_url().trim_start_matches("http://").to_owned();
        assert_eq!(log.name().as_str(), format!("{host}/ledger"));
        assert_eq!(promise.name().as_str(), format!("{host}/ledger/promise"));
        assert_ne!(log.bytes(), promise.bytes());
    });
}

#[test]
fn tiles_hold_the_hashes_of_the_entries_and_of_the_tiles_below() {
    on_each(|set| {
        for _ in 0..5 {
            ticks(set);
        }
        let entries = all_entries(set);
        assert_eq!(entries.len(), 320);
        let leaves: Vec<_> = entries.iter().map(|entry| Hash::of_leaf(entry)).collect();
        let tile = |path: &str| hash::from_bytes(&served(set, path)).unwrap();
        assert_eq!(tile("tile/0/000"), leaves[..256]);
        assert_eq!(tile("tile/0/001.p/64"), leaves[256..]);
        assert_eq!(tile("tile/0/000.p/64"), leaves[..64], "as it was after the first tick");
        assert_eq!(tile("tile/1/000.p/1"), [Hash::of_row(&leaves[..256])]);
        assert_eq!(head(set).root, root_of(&entries));
    });
}

#[test]
fn nothing_beyond_the_tree_and_no_odd_address_is_served() {
    on_each(|set| {
        ticks(set);
        for path in [
            "0/000",
            "0/000.p/65",
            "0/000.p/0",
            "0/000.p/256",
            "0/001.p/1",
            "1/000.p/1",
            "63/000.p/1",
            "64/000.p/1",
            "0/000.p/064",
            "0/x000/000.p/64",
            "0/0.p/64",
            "entries/000",
            "entries/001.p/1",
            "entries/000.p/65",
            "",
            "0",
            "0/",
            "data/000.p/64",
            "0/000.p",
            "0/000.p/64/",
            "0/000.p/64/1",
            "0/%30%30%30.p%2F65",
            "../key",
            "-1/000",
            "0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            get(set, &format!("/ledger/tile/{path}")).refuses(404, "not-found");
        }
        for index in ["64", "-1", "01", "+1", "x", "18446744073709551616", "9223372036854775808", ""] {
            get(set, &format!("/ledger/open/{index}")).refuses(404, "not-found");
        }
        set.client().send("POST", "/ledger/checkpoint", &[], None).refuses(405, "wrong-method");
        assert_eq!(served(set, "tile/0/000.p/64").len(), 64 * 32);
        assert_eq!(served(set, "tile/entries/000.p/64").len(), 64 * 67);
    });
}

#[test]
fn what_never_changes_may_be_kept_for_ever_and_the_head_only_for_a_moment() {
    on_each(|set| {
        ticks(set);
        for path in ["tile/0/000.p/64", "tile/entries/000.p/64"] {
            let answer = get(set, &format!("/ledger/{path}"));
            assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(answer.header("content-type"), "application/octet-stream");
        }
        let answer = get(set, "/ledger/checkpoint");
        assert_eq!(answer.header("cache-control"), "public, max-age=2");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let log = answer.text();
        assert!(get(set, "/ledger/tile/0/001.p/1").header("cache-control").contains("no-store"), "{log}");
    });
}

/// Places and bodies of the public entries.
fn public(set: &TestApp) -> Vec<(usize, Value)> {
    let size = usize::try_from(head(set).size).unwrap();
    let opened = (0..size).map(|index| (index, get(set, &format!("/ledger/open/{index}"))));
    opened.filter(|(_, answer)| answer.status == 200).map(|(index, answer)| (index, answer.json())).collect()
}

#[test]
fn policies_and_rosters_are_public_entries_that_commit_to_their_bodies() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        files(&mut days, &western, 1, body(1));
        ticks(set);
        let (entries, public) = (all_entries(set), public(set));
        for (index, body) in &public {
            let kind = if body["kind"] == "policy" { PublicKind::Policy } else { PublicKind::Roster };
            let bytes = served(set, &format!("open/{index}"));
            assert_eq!(Leaf::public(kind, &bytes).as_bytes().as_slice(), entries[*index]);
        }
        let of = |kind: &str| -> Vec<&Value> {
            public.iter().map(|(_, body)| body).filter(|body| body["kind"] == kind).collect()
        };
        let production = set.wait(set.app().production(western.id)).unwrap();
        let policies = of("policy");
        let latest = policies.iter().find(|body| body["version"] == production.policy.version).unwrap();
        assert_eq!(latest["production"], western.id.to_string());
        assert_eq!(latest["document"]["windows"]["next_setup"]["acknowledge"], json!([900, 900, 1800]));
        assert_eq!(latest["desks"].as_array().unwrap().len(), 9);
        assert_eq!(of("roster").len(), usize::try_from(production.roster_version).unwrap());
        let all = serde_json::to_string(&policies).unwrap() + &serde_json::to_string(&of("roster")).unwrap();
        assert!(!all.contains("@western.test") && !all.contains("David"), "no persons");
    });
}

#[test]
fn an_outage_is_a_public_entry() {
    on_each(|set| {
        let (_, mut days) = begin(set);
        days.work();
        set.advance(lastlooks::domain::time::Seconds::minutes(20));
        let mut engine = crate::workers::started(set);
        crate::workers::turn(set, &mut engine);
        published(&ticks(set));
        let bodies: Vec<_> =
            public(set).into_iter().map(|(_, body)| body).filter(|body| body["kind"] == "outage").collect();
        assert_eq!(bodies, [json!({ "kind": "outage", "from": "2021-10-16T14:00:00Z", "to": "2021-10-16T14:20:00Z" })]);
    });
}

#[test]
fn the_manifest_names_the_log_and_its_keys() {
    on_each(|set| {
        let (western, _) = begin(set);
        let manifest = western.crew().manifest().is(200);
        let (log, promise) = keys(set);
        assert_eq!(manifest["ledger"]["origin"], log.name().as_str());
        assert_eq!(manifest["ledger"]["key"], log.to_string());
        assert_eq!(manifest["ledger"]["promise_key"], promise.to_string());
    });
}
