//! A bundle has one spelling: a value that is written otherwise is refused by all, even where it would mean the same.

use std::collections::BTreeSet;

use super::{
    flips::lived,
    verifiers::{Witnesses, agreed},
};
use crate::support::{TestDatabase, app::TestApp, page::Page};

/// The value of each field of a bundle, lists and objects whole: its name, where it stands, and how it is written.
fn values(bundle: &str) -> Vec<(&str, usize, &str)> {
    let named = bundle.match_indices("\":").map(|(at, _)| {
        let name = bundle[..at].rsplit('"').next().unwrap();
        (name, at + 2, first(&bundle[at + 2..]))
    });
    named.collect()
}

/// The JSON value at the start of a text.
fn first(text: &str) -> &str {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    values.next().unwrap().unwrap();
    &text[..values.byte_offset()]
}

/// Other ways to write a value. A reader who is not strict takes some of them for the same.
fn others(name: &str, value: &str) -> Vec<String> {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match value.as_bytes()[0] {
        b'"' if is_hex(value.trim_matches('"')) => {
            vec![value.to_ascii_uppercase(), value.replacen('"', "\" ", 1), value.replacen('"', "\"00", 1)]
        }
        b'"' => vec!["null".to_owned(), format!("[{value}]")],
        b'[' => {
            // What a loop over a list and a loop over the names of an object find is the same in some languages.
            let strings: Vec<String> = serde_json::from_str(value).unwrap_or_default();
            let names: Vec<String> = strings.iter().map(|name| format!("{}:0", serde_json::json!(name))).collect();
            let mut others = vec![format!("{{{}}}", names.join(",")), "null".to_owned()];
            if name == "keys" {
                // A key that is filled up with zeros makes the same HMAC.
                others.extend([value.to_ascii_uppercase(), value.replacen("\"]", "00\"]", 1)]);
            }
            others
        }
        b'{' => vec![value.replacen('{', "{\"more\":0,", 1), value.replacen('}', ",\"more\":0}", 1), "{}".to_owned()],
        b'n' => ["{}", "[]", "false", "0", "\"\""].map(str::to_owned).to_vec(),
        _ => {
            let as_truth = [("0", "false"), ("1", "true")].into_iter().filter(|(number, _)| *number == value);
            let from_behind =
                (1..=6).map(|n| format!("-{n}")).filter(|_| ["checkpoint", "key", "breach"].contains(&name));
            let again = [format!("{value}.0"), format!("-{value}"), format!("\"{value}\"")];
            again.into_iter().chain(as_truth.map(|(_, truth)| truth.to_owned())).chain(from_behind).collect()
        }
    }
}

#[test]
fn a_value_that_is_written_otherwise_is_refused_by_every_verifier() {
    let set = TestApp::on(TestDatabase::sqlite());
    let witnesses = Witnesses::new();
    let page = Page::open();
    let mut tried = BTreeSet::new();
    for bundle in lived(&set, &witnesses) {
        let bundle = bundle.trim_end_matches(' ');
        for (name, at, value) in values(bundle) {
            // Once for each field and short value; long ones once for each field, since entries have many of them.
            let shown = if value.len() > 2 { &value[..1] } else { value };
            if !tried.insert((name.to_owned(), shown.to_owned())) {
                continue;
            }
            for other in others(name, value).iter().filter(|other| *other != value) {
                let text = [&bundle[..at], other, &bundle[at + value.len()..]].concat();
                let begin = |text: &str| text.chars().take(80).collect::<String>();
                let wanted = format!("{name}: {} instead of {}", begin(other), begin(value));
                println!("{wanted}");
                assert_eq!(agreed(&page, &text, Some(&witnesses)), 1, "{wanted}");
            }
        }
    }
    let fields: BTreeSet<_> = tried.iter().map(|(name, _)| name.as_str()).collect();
    for field in ["keys", "checkpoint", "cycle", "notices", "previous", "moved", "production", "leaves", "note"] {
        assert!(fields.contains(field), "{field} was not tried: {fields:?}");
    }
}
