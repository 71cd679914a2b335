//! Tags: what did not change is not sent again.

use serde_json::json;

use crate::{
    reports::files,
    support::{app::on_each, people::Person},
};

#[track_caller]
fn tag_of(person: &Person, path: &str) -> String {
    let answer = person.gets(path);
    answer.is(200);
    assert_eq!(answer.header("cache-control"), "private, no-cache", "{path}");
    answer.header("etag").to_owned()
}

#[track_caller]
fn again(person: &Person, path: &str, tag: &str) -> u16 {
    let answer = person.sends_with("GET", path, &[("if-none-match", tag)], None);
    assert_eq!(answer.status == 304, answer.header("etag") == tag, "{path}: {answer:?}");
    assert_eq!(answer.status == 304, answer.body.is_empty(), "{path}: {answer:?}");
    answer.status
}

#[test]
fn whatever_a_member_reads_answers_304_until_it_changes() {
    on_each(|set| {
        let western = set.western();
        let (filed, upm, steward) = (files(&western, 1), western.first_ad(), western.steward());
        let paths = ["/roster", "/policy"].map(|below| western.path(below));
        let mut paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        paths.extend(["/v1/me", "/v1/productions", "/v1/reports", "/v1/statistics", &filed.path]);
        for path in &paths {
            upm.gets(path);
        }
        let tags: Vec<String> = paths.iter().map(|path| tag_of(&upm, path)).collect();
        for (path, tag) in paths.iter().zip(&tags) {
            assert_eq!(again(&upm, path, tag), 304, "{path}");
            assert_eq!(again(&upm, path, "\"00112233445566778899aabbccddeeff\""), 200, "{path}");
        }
        // Another desk, another acknowledgement: each answer that holds one of them has another tag.
        let desk = json!({ "name": "Second unit", "side": "production", "level": 2 });
        western.operator().posts(&western.path("/desks"), desk).is(201);
        upm.sends("POST", &filed.act("acknowledgement"), None).is(200);
        let changed: Vec<&str> = paths
            .iter()
            .zip(&tags)
            .filter(|(path, tag)| again(&upm, path, tag) == 200)
            .map(|(path, _)| *path)
            .collect();
        assert!(changed.iter().any(|path| path.ends_with("/policy")), "{changed:?}");
        assert!(
            ["/v1/reports", "/v1/statistics", &filed.path].iter().all(|path| changed.contains(path)),
            "{changed:?}"
        );
        assert!(!changed.contains(&"/v1/me"), "{changed:?}");
        // A tag is its reader's own: the same empty bytes have another one for somebody else.
        let empty = "/v1/reports?status=withdrawn";
        assert_ne!(tag_of(&upm, empty), tag_of(&steward, empty));
    });
}

#[test]
fn a_message_changes_the_row_of_those_who_may_read_it() {
    on_each(|set| {
        let western = set.western();
        let filed = files(&western, 1);
        let (first_ad, steward) = (western.first_ad(), western.steward());
        first_ad.gets("/v1/reports");
        let before = [&first_ad, &steward].map(|person| tag_of(person, "/v1/reports"));
        let updates = |person: &Person| person.gets("/v1/reports").is(200)["items"][0]["updates"].as_u64().unwrap();
        let counted = [&first_ad, &steward].map(updates);
        filed
            .reporter
            .sends("POST", "/v1/inbox/messages", Some(&json!({ "to": "union", "text": "by the cart" })))
            .is(200);
        assert_eq!(tag_of(&first_ad, "/v1/reports"), before[0]);
        assert_ne!(tag_of(&steward, "/v1/reports"), before[1]);
        assert_eq!([&first_ad, &steward].map(updates), [counted[0], counted[1] + 1]);
        filed
            .reporter
            .sends("POST", "/v1/inbox/messages", Some(&json!({ "to": "all", "text": "still there" })))
            .is(200);
        assert_eq!([&first_ad, &steward].map(updates), [counted[0] + 1, counted[1] + 2]);
    });
}
