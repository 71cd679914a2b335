//! What somebody sees, without what differs in any two worlds by its nature: links and ids that are drawn, roots and hashes over
//! everybody's leaves, the order of what arrived together.

use lastlooks::notify::mail::Mail;
use serde_json::{Value, json};

use crate::support::client::Answer;

/// An answer as bytes, with every header but those that differ at each request.
pub fn seen(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    format!("{} {headers:?}\n{}", answer.status, answer.text())
}

/// A packet: its bundle as any bundle, and without hashes over it and over mails, in which a link and a root stand. What
/// the bundle says comes in the order of its entries, which for mails of one instant is that of their arrival.
pub fn packet(mut answered: Value) -> String {
    answered["proof"] = json!(shape(&answered["proof"]));
    if let Some(findings) = answered["findings"].as_array_mut() {
        findings.sort_by_key(Value::to_string);
    }
    unhash(&mut answered);
    answered.to_string()
}

fn unhash(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name.ends_with("_sha256") {
                    *value = json!("hash");
                }
                unhash(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(unhash),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What an act answers. Its promise is about an entry that follows on earlier ones, and these on ids that are drawn when
/// something fires, whichever report it is of: so a hash of it is only taken for one.
pub fn said(answer: &Answer) -> String {
    let mut body = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    if let Some(note) = body["promise"].as_str() {
        let is_hash = |line: &str, word: &str| !line.starts_with("digest ") && word.len() >= 44 && word.ends_with('=');
        let line = |line: &str| {
            let words = line.split(' ').map(|word| if is_hash(line, word) { "hash" } else { word });
            words.collect::<Vec<_>>().join(" ")
        };
        body["promise"] = json!(note.lines().map(line).collect::<Vec<_>>());
    }
    format!("{} {body}", answer.status)
}

/// A bundle without what hides others by its nature: the places that chance gave in a tick, and hashes over everybody's
/// leaves. What is left is everything that its reader can make sense of.
pub fn shape(bundle: &Value) -> String {
    let length = |value: &Value| value.as_str().map_or_else(|| value.as_array().map_or(0, Vec::len), str::len);
    let rows = |name: &str| bundle[name].as_array().cloned().unwrap_or_default();
    let mut entries: Vec<String> = rows("entries")
        .iter()
        .map(|entry| {
            let (tick, mut opening) = (entry["index"].as_u64().unwrap() / LEAVES, entry["opening"].clone());
            // Over ids that are drawn when something fires, whichever report it is of.
            for hash in ["notices", "previous"] {
                opening[hash] = json!(length(&opening[hash]));
            }
            format!("in tick {tick}, proof of {}: {} {opening}", length(&entry["proof"]), entry["key"])
        })
        .collect();
    entries.sort();
    let runs: Vec<String> = rows("runs")
        .iter()
        .map(|run| format!("{} to {}: {} leaves", run["from"], run["checkpoint"], length(&run["leaves"])))
        .collect();
    let heads: Vec<String> = rows("checkpoints")
        .iter()
        .map(|note| note.as_str().unwrap().lines().take(2).collect::<Vec<_>>().join(" "))
        .collect();
    let consistency: Vec<usize> = rows("consistency").iter().map(length).collect();
    let said = (&bundle["says"], &bundle["log"], &bundle["keys"], &bundle["witnesses"]);
    format!("{said:?}\n{heads:?}\n{consistency:?}\n{entries:#?}\n{runs:?}")
}

/// Leaves of a tick.
///
/// Source: ledger.md, "Entries".
const LEAVES: u64 = 64;

/// What a mail says, but for its link, which is drawn at each sending, and the root over everybody's leaves.
pub fn letter(mail: &Mail) -> String {
    let parts = mail.plain.split("/a/").enumerate();
    let plain: String = parts.map(|(n, part)| if n == 0 { part } else { part.get(43..).unwrap_or_default() }).collect();
    let is_root = |word: &&str| word.trim_end_matches('.').len() == 44 && word.contains('=');
    let plain: Vec<&str> = plain.split(' ').map(|word| if is_root(&word) { "root" } else { word }).collect();
    format!("{} {:?} {:?}\n{}", mail.date.get(), mail.subject, mail.references, plain.join(" "))
}
